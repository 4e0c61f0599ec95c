"""``gearbox-lite routes``."""

from __future__ import annotations

from dataclasses import astuple

import click

from gearbox_lite.commands.support.ini_parameters import ini_parameters, read_ini
from gearbox_lite.commands.support.tables import table
from gearbox_lite.errors import UserError, short_path
from gearbox_lite.output import show

ROUTES_HEADER = ("URL", "HTTP", "CONTROLLER", "METHOD", "ANSWER")


@click.command(name="routes")
@ini_parameters("-c", "--config")
def command(*, arguments: tuple[str, ...], ini: str | None, app_name: str) -> None:
    """List the URLs of a TurboGears application.

    INI defaults to development.ini; NAME=VALUE sets a variable that the ini uses as %(NAME)s. In a URL, {name} is an
    argument and * stands for any rest. URLs that a controller's _lookup finds at run time cannot be listed.
    """
    settings = read_ini(arguments, ini, app_name)
    from gearbox_lite.application import load
    from gearbox_lite.turbogears import loaded, routes

    load.load_application(settings)
    config = loaded.loaded_config()
    with load.explaining(settings, "its URLs cannot be listed"):
        root = None if config is None else routes.find_root_controller(config)
        if root is None:
            factory = settings.app.innermost.factory
            raise UserError(
                f"{factory or short_path(settings.ini)}: not a TurboGears application, so its URLs cannot be listed",
                at=factory.at if factory else None,
                remedy="choose another application of the ini with --app-name",
            )
        found = routes.list_routes(root, config.get("default_renderer"))
    show(*table([ROUTES_HEADER, *map(astuple, found)]))
