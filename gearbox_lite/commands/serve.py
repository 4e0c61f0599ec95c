"""``gearbox-lite serve``."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

import click

from gearbox_lite.application.user_code import make_importable
from gearbox_lite.commands.support.ini_parameters import INI_PATH, split_arguments
from gearbox_lite.commands.support.option_groups import GroupedCommand
from gearbox_lite.commands.support.root_warning import warn_as_root
from gearbox_lite.commands.support.streams import open_closed_streams
from gearbox_lite.errors import UserError
from gearbox_lite.ini.discover import DEFAULT_INI, find_ini
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import ServeSettings, read_server_settings
from gearbox_lite.output import ignore_closed_pipes

OPTION_GROUPS = {
    "Address": ("host", "port"),
    "Development": ("reload", "live_reload", "watch", "ignore", "open_browser", "allow_remote_debug"),
    "Processes": ("workers", "worker_timeout", "drain_timeout", "pid_file"),
    "Log": ("access_log",),
    "Ini": ("config", "app_name", "server_name"),
}
"""The headings of the help, each with its options."""


@click.command(name="serve", cls=GroupedCommand, groups=OPTION_GROUPS)
@click.argument("arguments", nargs=-1, metavar="[INI] [NAME=VALUE]...", type=INI_PATH)
@click.option("-c", "--config", metavar="INI", type=INI_PATH, help="The ini; the same as the argument INI.")
@click.option("--host", metavar="ADDRESS", help="Address to listen on; overrides the ini.")
@click.option("--port", metavar="PORT", help="Port to listen on; overrides the ini.")
@click.option(
    "-n", "--app-name", metavar="NAME", default="main", help="Section [app:...] or [pipeline:...] (default: main)."
)
@click.option("--server-name", metavar="NAME", default="main", help="Section [server:...] (default: main).")
@click.option(
    "--allow-remote-debug", is_flag=True, help="Let other machines reach the debug page, which reveals code and data."
)
@click.option("--reload/--no-reload", default=None, help="Reload the application when its files change.")
@click.option(
    "--live-reload/--no-live-reload", default=None, help="Reload pages in the browser too (needs reload and debug)."
)
@click.option("--watch", metavar="GLOB", multiple=True, help="Also reload when files that match GLOB change.")
@click.option("--ignore", metavar="GLOB", multiple=True, help="Do not reload when files that match GLOB change.")
@click.option("--workers", metavar="N", help="Number of worker processes.")
@click.option(
    "--drain-timeout", metavar="SECONDS", help="Time that running requests get to finish in a graceful shutdown."
)
@click.option(
    "--worker-timeout", metavar="SECONDS", help="Replace a worker that does not respond for this long; 0: never."
)
@click.option("--access-log/--no-access-log", default=None, help="Log each request.")
@click.option(
    "-b",
    "--open",
    "--browser",
    "open_browser",
    is_flag=True,
    default=None,
    help="Open the browser once the server runs.",
)
@click.option("--pid-file", metavar="FILE", help="Write the process id to FILE once the application is ready.")
def command(
    *,
    arguments: tuple[str, ...],
    config: str | None,
    host: str | None,
    port: str | None,
    app_name: str,
    server_name: str,
    allow_remote_debug: bool,
    pid_file: str | None,
    watch: tuple[str, ...],
    ignore: tuple[str, ...],
    **options: object,
) -> None:
    """Serve the application of a PasteDeploy ini.

    INI defaults to development.ini; NAME=VALUE sets a variable that the ini uses as %(NAME)s.
    """
    name, variables = split_arguments(arguments, config)
    given = {**options, "watch": " ".join(watch) or None, "ignore": " ".join(ignore) or None}
    serve_options = {key: str(value) for key, value in given.items() if value is not None}
    overrides = Overrides(app_name, server_name, host, port, variables, serve_options, allow_remote_debug)
    serve(Path(name or DEFAULT_INI), overrides, pid_file=Path(pid_file) if pid_file else None)


def serve(name: Path, overrides: Overrides | None = None, *, pid_file: Path | None = None) -> None:
    """Serve an ini until SIGINT or SIGTERM. Raises UserError if it cannot start."""
    open_closed_streams()
    ignore_closed_pipes()
    ini = find_ini(str(name), Path.cwd())
    make_importable(ini.parent)
    from gearbox_lite.server import log_routing
    from gearbox_lite.server.run import run
    from gearbox_lite.server.terminal import Terminal

    is_running = False

    def on_announced(settings: ServeSettings, urls: list[str]) -> None:
        nonlocal is_running
        is_running = True
        warn_as_root(terminal.warn)
        if given.serve.get("live_reload") == "True" and not settings.has_live_reload:
            terminal.warn("--live-reload has no effect: it needs --reload, debug = true in the ini, and waitress")
        if settings.serve.open_browser:
            _open_browser(urls)

    log_routing.use_console()
    terminal = Terminal(on_announced)
    verbose = click.get_current_context().obj["verbose"]
    given = replace(overrides or Overrides(), verbose=verbose)
    try:
        run(lambda: read_server_settings(ini, given), terminal, pid_file=pid_file)
    except UserError as error:
        _suggest_command(error, name)
        if log_routing.is_console() or not is_running:
            raise  # one plain line for whoever starts the server, whatever the log's format is
        terminal.fail(error.message, _cause_of(error) if verbose else error.report)
        sys.exit(error.code)


def _suggest_command(error: UserError, ini: Path) -> None:
    """If the port is in use, make the whole command with a free one the remedy."""
    from gearbox_lite.server.listen.port_owner import PortInUseError

    if isinstance(error, PortInUseError):
        from gearbox_lite.commands.support.shell_words import with_port

        context = click.get_current_context()
        typed = context.obj["arguments"]
        arguments = typed if context.info_name == "serve" else ["serve", str(ini)]  # quickstart --serve
        error.suggest(with_port(arguments, error.free_port))


def _cause_of(error: UserError) -> str:
    import traceback

    from gearbox_lite.masking import masked

    return masked("".join(traceback.format_exception(error)))


def _open_browser(urls: list[str]) -> None:
    pages = [url for url in urls if url.startswith("http")]
    if pages:
        import webbrowser

        # In a thread, since some browsers, such as those that run in the terminal, return only when they are closed.
        threading.Thread(target=webbrowser.open, args=pages[:1], daemon=True).start()
