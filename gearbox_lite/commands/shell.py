"""``gearbox-lite shell``."""

from __future__ import annotations

import linecache
import sys
import traceback
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import click

from gearbox_lite.commands.support.ini_parameters import ini_parameters, read_ini
from gearbox_lite.errors import FAILURE, UserError, short_path
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.output import printable, show, show_report

RAISE_EXCEPTIONS = {"trace_errors.enable": "false", "errorpage.handle_exceptions": "false"}
"""Global settings with which TurboGears 2.5 raises exceptions instead of logging them and showing an error page."""


@click.command(name="shell")
@ini_parameters("--config")
@click.option("-c", "code", metavar="CODE", help="Run this code and exit.")
@click.pass_context
def command(
    context: click.Context, *, arguments: tuple[str, ...], ini: str | None, app_name: str, code: str | None
) -> None:
    """Run Python with the application loaded.

    INI defaults to development.ini; NAME=VALUE sets a variable that the ini uses as %(NAME)s. app is a WebTest client
    that keeps cookies: app.get("/"). config is TurboGears' configuration. With a database, db is its session, and the
    classes of the models are available too. Exceptions of the application are raised, not shown as an error page. The
    shell is IPython or ptpython if one of them is installed, else Python's own. Code given by -c, or on standard input
    that is not a terminal, runs as a script.
    """
    if code is not None and code.endswith(".ini"):
        raise UserError(f"-c {code}: this is an ini, and -c takes code", remedy=f"write --config {code}")
    settings = read_ini(arguments, ini, app_name)
    namespace = _load_namespace(settings)
    if code is None and sys.stdin.isatty():
        _interact(namespace, settings)
        return
    source, origin = (code, "<string>") if code is not None else (sys.stdin.read(), "<stdin>")
    if not _run_code(source, origin, namespace, whole=context.obj["verbose"]):
        context.exit(FAILURE)


def _load_namespace(settings: AppSettings) -> dict[str, Any]:
    """Load the application and return the names that the shell starts with."""
    from webtest import TestApp

    from gearbox_lite.application import load, logs
    from gearbox_lite.turbogears import loaded

    logs.configure_logging(settings)
    loaded.disable_backlash()  # else it would answer with its debug page
    application = load.load_application(replace(settings, variables={**RAISE_EXCEPTIONS, **settings.variables}))
    # Over plain HTTP a client would not send back the secure cookies of a production ini.
    app = TestApp(application, extra_environ={"wsgi.url_scheme": "https", "HTTP_HOST": "localhost"})
    config = loaded.loaded_config()
    names = {} if config is None else {"config": config}
    return {"__name__": "__main__", "app": app, **names, **_database_names(settings)}


def _database_names(settings: AppSettings) -> dict[str, Any]:
    """Return the names for a project with a database: its session ``db``, and the classes of its models."""
    if "gearbox_lite.database.url" not in sys.modules:
        return {}
    from gearbox_lite.database.project import database_of, loaded_module, model_classes

    database = database_of(settings)
    module = loaded_module(database) if database is not None else None
    if database is None or module is None or not hasattr(module, "db"):
        return {}
    return {**model_classes(database), "db": module.db}


def _run_code(source: str, origin: str, namespace: dict[str, Any], *, whole: bool) -> bool:
    """Run code and return whether it succeeded; show an exception with the user's own frames, or all with ``whole``."""
    from gearbox_lite.application.tracebacks import users_frames, users_traceback

    linecache.cache[origin] = (len(source), None, source.splitlines(keepends=True), origin)  # for the traceback
    try:
        exec(compile(source, origin, "exec"), namespace)  # noqa: S102 (running it is the command's purpose)
    except Exception as error:  # noqa: BLE001 (the user's code may raise anything)
        shown = users_traceback(error, users_frames(error, origin))
        show_report("".join(traceback.format_exception(error)) if whole else shown)
        return False
    return True


def _interact(namespace: dict[str, Any], settings: AppSettings) -> None:
    """Run IPython, ptpython or Python's own shell, whichever is installed first, until the user exits."""
    lines = [f"{short_path(settings.ini)} is loaded.", '  app     WebTest client, keeps cookies: app.get("/")']
    if "config" in namespace:
        lines.append("  config  TurboGears' configuration")
    if "db" in namespace:
        classes = sorted(name for name, value in namespace.items() if isinstance(value, type))
        lines.append(f"  db      SQLAlchemy's session, for the models {', '.join(classes)}; db.commit() stores changes")
    banner = "\n".join(map(printable, lines))
    if find_spec("IPython"):
        from IPython import start_ipython
        from traitlets.config import Config

        start_ipython([], user_ns=namespace, config=Config(TerminalInteractiveShell={"banner1": f"{banner}\n"}))
    elif find_spec("ptpython"):
        from ptpython.repl import embed

        show(*lines)
        embed(globals=namespace)
    else:
        _interact_without_ipython(namespace, banner)


def _interact_without_ipython(namespace: dict[str, Any], banner: str) -> None:
    """Run Python's own shell, with tab completion if Python has readline."""
    import code

    if find_spec("readline"):
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(namespace).complete)
        readline.parse_and_bind("tab: complete")
    code.interact(banner, local=namespace, exitmsg="")
