"""``gearbox-lite setup-app``."""

from __future__ import annotations

import click

from gearbox_lite.commands.application import ini_parameters, read_ini
from gearbox_lite.errors import shorten
from gearbox_lite.output import show


@click.command(name="setup-app")
@ini_parameters("-c", "--config")
def command(*, arguments: tuple[str, ...], ini: str | None, app_name: str) -> None:
    """Run the websetup of a project.

    INI is development.ini where it is left out; NAME=VALUE sets a variable that it uses as %(NAME)s. What runs is the
    function setup_app(command, conf, vars) of the module websetup in the application's package. A project without one
    has nothing to set up, which is no error.
    """
    settings = read_ini(arguments, ini, app_name)
    from gearbox_lite.application import load, logs
    from gearbox_lite.turbogears import websetup

    logs.configure(settings)
    with load.explaining(settings, "the websetup failed"):
        found = websetup.find(settings)
        if found is None:
            show(f"{shorten(settings.ini)}: its project has no websetup, so there is nothing to set up.")
            return
        show(f"Running {found.name}")
        found.run()
