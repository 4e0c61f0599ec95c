"""``gearbox-lite serve``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gearbox_lite.errors import UserError, shorten, show_warning
from gearbox_lite.ini.settings import DEFAULT_INI, Overrides, ServeSettings, find_ini, load


@click.command(name="serve")
@click.argument("arguments", nargs=-1, metavar="[INI] [NAME=VALUE]...")
@click.option("-c", "--config", metavar="INI", help="The ini, the same as the argument INI.")
@click.option("--host", help="Address to listen on, instead of the ini's.")
@click.option("--port", help="Port to listen on, instead of the ini's.")
@click.option("-n", "--app-name", default="main", show_default=True, help="Which [app:...] or [pipeline:...].")
@click.option("--server-name", default="main", show_default=True, help="Which [server:...].")
@click.option("--allow-remote-debug", is_flag=True, help="Let other machines reach the debug page, which runs code.")
def command(
    *,
    arguments: tuple[str, ...],
    config: str | None,
    host: str | None,
    port: str | None,
    app_name: str,
    server_name: str,
    allow_remote_debug: bool,
) -> None:
    """Serve the application of a PasteDeploy ini.

    INI is development.ini where it is left out. NAME=VALUE sets a variable that the ini uses as %(NAME)s.
    """
    name, variables = split_arguments(arguments, config)
    overrides = Overrides(app_name, server_name, host, port, variables)
    serve(Path(name or DEFAULT_INI), overrides, allow_remote_debug=allow_remote_debug)


def split_arguments(arguments: tuple[str, ...], config: str | None) -> tuple[str | None, dict[str, str]]:
    """Tell the ini from the variables. Raises UserError for two inis."""
    names = [config] if config else []
    variables = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and name:
            variables[name] = value
        else:
            names.append(argument)
    if len(names) > 1:
        raise UserError(f"{' and '.join(names)}: one ini at a time", remedy="variables are written NAME=VALUE")
    return (names[0] if names else None), variables


def serve(name: Path, overrides: Overrides | None = None, *, allow_remote_debug: bool = False) -> None:
    """Serve an ini until SIGINT or SIGTERM. Raises UserError for whatever keeps it from starting."""
    ini = find_ini(str(name), Path.cwd())
    sys.path.insert(0, str(ini.parent))  # the project runs in place, without being installed
    settings = load(ini, overrides or Overrides())
    from gearbox_lite.server import run  # noqa: PLC0415 (waitress and PasteDeploy, once the ini is known to be right)

    run.run(settings, lambda urls: _banner(settings, urls), show_warning, allow_remote_debug=allow_remote_debug)


def _banner(settings: ServeSettings, urls: list[str]) -> None:
    """Say where the application answers; the line is out before the first request can come."""
    click.echo(f"Serving at {' and '.join(urls)}")
    click.echo(f"  ini      {shorten(settings.ini)}")
    if settings.session is not None:
        store, key = settings.session
        click.echo(f"  session  type {store}, cookie {key}")
    click.echo("  stop     Ctrl-C")
    sys.stdout.flush()
