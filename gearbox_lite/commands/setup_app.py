"""``gearbox-lite setup-app``."""

from __future__ import annotations

import click

from gearbox_lite.commands.support.ini_parameters import ini_parameters, read_ini
from gearbox_lite.errors import short_path
from gearbox_lite.output import show


@click.command(name="setup-app")
@ini_parameters("-c", "--config")
def command(*, arguments: tuple[str, ...], ini: str | None, app_name: str) -> None:
    """Run the websetup of a project.

    INI defaults to development.ini; NAME=VALUE sets a variable that the ini uses as %(NAME)s. The command calls the
    function setup_app(command, conf, vars) of the module websetup in the application's package, for example to create a
    database. It succeeds without doing anything if the project has no such module.
    """
    settings = read_ini(arguments, ini, app_name)
    from gearbox_lite.application import load, logs
    from gearbox_lite.database.unavailable import explaining_outage
    from gearbox_lite.turbogears import websetup

    logs.configure_logging(settings)
    failed = "the websetup failed"
    with load.explaining(settings, failed), explaining_outage(settings, failed):
        found = websetup.find_websetup(settings)
        if found is None:
            show(f"{short_path(settings.ini)}: its project has no websetup, so there is nothing to set up.")
            return
        show(f"Running {found.name}")
        found.run()
