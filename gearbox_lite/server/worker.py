"""One process: load the application, run waitress on given sockets, drain."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from paste.deploy import loadapp
from paste.deploy.loadwsgi import SERVER, loadcontext
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from gearbox_lite.errors import FAILURE, Setting, UserError
from gearbox_lite.ini.settings import ServeSettings

DRAIN_SECONDS = 10.0
"""How long requests may go on after a signal to end."""

WSGIApplication = Callable[..., Any]


def load_application(settings: ServeSettings) -> WSGIApplication:
    """Load the ini's application with PasteDeploy.

    Raises UserError where that fails: with the traceback cut to the user's own frames where the fault is in their
    code, and with the ini's file and line where the ini names something that cannot be imported.
    """
    try:
        application: WSGIApplication = loadapp(
            f"config:{settings.ini}", name=settings.app_name, global_conf=dict(settings.variables)
        )
        _import_controllers()
    except UserError:
        raise
    except Exception as error:
        raise _explain(error, settings) from error
    return application


def _import_controllers() -> None:
    """Import what TurboGears would import at the first request, so that a mistake in it shows at the start.

    The name is set by tg.configurator.components.paths, TurboGears 2.5.
    """
    turbogears = sys.modules.get("tg")
    if turbogears is not None and turbogears.config.get("tg.root_controller") is None:
        name = turbogears.config.get("application_root_module")
        if name:
            import_module(name)


def _explain(error: Exception, settings: ServeSettings) -> UserError:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename, settings.ini)]
    if isinstance(error, SyntaxError) and error.filename and _is_users(error.filename, settings.ini):
        at_fault = f"{Path(error.filename).name} line {error.lineno}"
    elif frames:
        at_fault = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}"
    else:
        return _explain_setting(error, settings)
    lines = ["Traceback of your code (most recent call last):\n"] if frames else []
    report = "".join([*lines, *traceback.format_list(frames), *traceback.format_exception_only(error)])
    return UserError(
        f"{settings.ini.name}: the application does not load: {type(error).__name__} in {at_fault}",
        remedy="mend it and start again",
        report=report,
        code=FAILURE,
    )


def _is_users(filename: str, ini: Path) -> bool:
    """Whether a frame's file is the user's: below the ini's folder, or at least outside what is installed."""
    path = Path(filename)
    if not path.is_file():
        return False
    installed = ("site-packages" in path.parts) or ("dist-packages" in path.parts)
    library = path.is_relative_to(Path(contextlib.__file__).parent) or path.is_relative_to(Path(__file__).parents[1])
    return not installed and (path.is_relative_to(ini.parent) or not library)


def _explain_setting(error: Exception, settings: ServeSettings) -> UserError:
    """Explain a failure that never reached the user's code: a factory that cannot be imported, a bad setting."""
    factories = [section.factory for section in settings.app.walk() if section.factory is not None]
    for factory in factories:
        module, _, attribute = factory.value.partition(":")
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            package = error.name.partition(".")[0]
            return UserError(
                f"{factory}: there is no module {error.name}",
                at=factory.at,
                remedy=f"{package}/ must be in {settings.ini.parent}, or be installed there: pip install -e .",
            )
        if isinstance(error, AttributeError) and attribute and getattr(error, "name", "") == attribute:
            return UserError(f"{factory}: module {module} has no {attribute}", at=factory.at, remedy="correct the name")
    return _generic(error, factories[-1] if factories else None, "application")


def _generic(error: Exception, factory: Setting | None, what: str) -> UserError:
    return UserError(
        f"{factory}: the {what} does not load: {type(error).__name__}: {error}",
        at=factory.at if factory else None,
        remedy="gearbox-lite -v shows the whole traceback",
    )


class Server:
    """waitress on sockets that are already bound, ended by SIGINT or SIGTERM after a drain."""

    def __init__(self, application: WSGIApplication, sockets: list[socket.socket], options: Mapping[str, str]) -> None:
        """``options`` are waitress' settings without those that say where to listen."""
        self._map: dict[int, Any] = {}
        server = create_server(application, map=self._map, sockets=sockets, **options)
        self._adj = server.adj
        self._dispatcher = server.task_dispatcher
        self._wake = next(item for item in self._map.values() if isinstance(item, BaseWSGIServer)).pull_trigger
        self._ending = False

    def run(self) -> None:
        """Serve until told to end, then finish the requests that run, for at most DRAIN_SECONDS."""
        while not self._ending:
            self._turn(self._adj.asyncore_loop_timeout)
        for listener in [item for item in self._map.values() if isinstance(item, BaseWSGIServer)]:
            wasyncore.dispatcher.close(listener)  # its trigger stays open for the requests that still run
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._close_idle() and time.monotonic() < deadline:
            self._turn(0.1)
        self._dispatcher.set_thread_count(0)

    def end(self) -> None:
        """Ask ``run`` to drain and return; safe in a signal handler."""
        self._ending = True
        self._wake()

    def _turn(self, timeout: float) -> None:
        wasyncore.loop(timeout, use_poll=self._adj.asyncore_use_poll, map=self._map, count=1)

    def _close_idle(self) -> bool:
        """Close the connections on which no request runs, arrives or is being answered; say whether others remain."""
        channels = [item for item in self._map.values() if isinstance(item, HTTPChannel)]
        for channel in channels:
            if not (channel.requests or channel.request or channel.total_outbufs_len):
                channel.handle_close()
        return any(channel.connected for channel in channels)


def run_other(settings: ServeSettings, application: WSGIApplication) -> None:
    """Run any other PasteDeploy server, which binds its own socket. Raises UserError where it does not load."""
    try:
        context = loadcontext(
            SERVER,
            f"config:{settings.ini}",
            name=settings.server_name,
            global_conf=dict(settings.variables),
        )
        context.local_conf.update(
            {name: item.value for name, item in settings.server.options.items() if name in ("host", "port")}
        )
        serve = context.create()
    except Exception as error:
        raise _generic(error, settings.server.factory, "server") from error
    serve(application)


@contextlib.contextmanager
def ending_on_signals(end: Callable[[], None]) -> Iterator[None]:
    """Call ``end`` on the first SIGINT or SIGTERM; a second one ends the process at once."""

    def handle(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        end()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def interrupting_on_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGINT or SIGTERM, for servers that run a loop of their own.

    wsgiref swallows an exception that meets it inside a request, so it is raised again until it gets through.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def end() -> None:
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, interrupt)
            signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
        raise KeyboardInterrupt

    try:
        with ending_on_signals(end):
            yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
