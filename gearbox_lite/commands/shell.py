"""``gearbox-lite shell``."""

from __future__ import annotations

import linecache
import sys
import traceback
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import click

from gearbox_lite.commands.application import ini_parameters, read_ini
from gearbox_lite.errors import FAILURE, shorten
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.output import printable, show, show_report

RAISING = {"trace_errors.enable": "false", "errorpage.handle_exceptions": "false"}
"""Global settings with which TurboGears 2.5 lets exceptions through, where it would log them and show a page."""


@click.command(name="shell")
@ini_parameters("--config")
@click.option("-c", "code", metavar="CODE", help="Run this code and exit.")
@click.pass_context
def command(
    context: click.Context, *, arguments: tuple[str, ...], ini: str | None, app_name: str, code: str | None
) -> None:
    """Run Python with the application loaded.

    INI is development.ini where it is left out; NAME=VALUE sets a variable that it uses as %(NAME)s. app is a WebTest
    client that keeps cookies: app.get("/"). config is TurboGears' configuration. An exception of the application is
    raised, not shown as a page. The shell is IPython or ptpython where one is installed. Code from -c, or from
    standard input where that is no terminal, is run like a script.
    """
    settings = read_ini(arguments, ini, app_name)
    names = _load(settings)
    if code is None and sys.stdin.isatty():
        _interact(names, settings)
        return
    source, origin = (code, "<string>") if code is not None else (sys.stdin.read(), "<stdin>")
    if not _run(source, origin, names, whole=context.obj["verbose"]):
        context.exit(FAILURE)


def _load(settings: AppSettings) -> dict[str, Any]:
    """Load the application and return the names that the code knows."""
    import backlash
    from webtest import TestApp

    from gearbox_lite.application import load, logs
    from gearbox_lite.turbogears import loaded

    logs.configure(settings)
    backlash.DebuggedApplication = lambda application, **_: application  # a page is no use here, the exception is
    application = load.load_application(replace(settings, variables={**RAISING, **settings.variables}))
    # Over plain HTTP a client would not send back the secure cookies of a production ini.
    app = TestApp(application, extra_environ={"wsgi.url_scheme": "https", "HTTP_HOST": "localhost"})
    config = loaded.config()
    return {"__name__": "__main__", "app": app, **({} if config is None else {"config": config})}


def _run(source: str, origin: str, names: dict[str, Any], *, whole: bool) -> bool:
    """Run code; show an exception with the user's own frames, or the whole of it, and return whether there was none."""
    from gearbox_lite.application.load import users_frames, users_traceback

    linecache.cache[origin] = (len(source), None, source.splitlines(keepends=True), origin)  # for the traceback
    try:
        exec(compile(source, origin, "exec"), names)  # noqa: S102 (it is what the user asks for)
    except Exception as error:  # noqa: BLE001 (whatever the user's code raises)
        shown = users_traceback(error, users_frames(error, origin))
        show_report("".join(traceback.format_exception(error)) if whole else shown)
        return False
    return True


def _interact(names: dict[str, Any], settings: AppSettings) -> None:
    """Run the best shell that is installed until the user leaves it."""
    lines = [f"{shorten(settings.ini)} is loaded.", '  app     WebTest client, keeps cookies: app.get("/")']
    if "config" in names:
        lines.append("  config  TurboGears' configuration")
    banner = "\n".join(map(printable, lines))
    if find_spec("IPython"):
        from IPython import start_ipython
        from traitlets.config import Config

        start_ipython([], user_ns=names, config=Config(TerminalInteractiveShell={"banner1": f"{banner}\n"}))
    elif find_spec("ptpython"):
        from ptpython.repl import embed

        show(*lines)
        embed(globals=names)
    else:
        _interact_plainly(names, banner)


def _interact_plainly(names: dict[str, Any], banner: str) -> None:
    """Run Python's own shell, with completion where Python has readline."""
    import code

    if find_spec("readline"):
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
    code.interact(banner, local=names, exitmsg="")
