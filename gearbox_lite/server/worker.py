"""One worker process: load the application, serve it on the supervisor's sockets, drain when told to."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from itertools import islice
from multiprocessing import reduction
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any, Protocol

from gearbox_lite.errors import UserError
from gearbox_lite.server import checks, error_page, fresh, load, logs
from gearbox_lite.server.error_page import Failure
from gearbox_lite.server.messages import Plan, Ready, send_connection
from gearbox_lite.server.other_server import OtherServer
from gearbox_lite.server.waitress_server import HandOver, Server


class Serving(Protocol):
    """A server with its application, ready to run."""

    def run(self) -> None:
        """Serve until told to end."""

    def end(self, hand_over: HandOver | None = None) -> None:
        """Finish what has begun, then return from ``run``."""

    def adopt(self, connection: socket.socket, peer: Any) -> None:
        """Go on with a connection of another process."""


def main(channel: Connection, sockets: list[socket.socket], plan: Plan) -> None:
    """Run one worker to its end. It serves the error page where the application does not load."""
    for name in ("SIGINT", "SIGHUP"):  # sent to all processes of a terminal; the supervisor says what to do
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)  # not SIG_IGN, which programs it runs would inherit
    if str(plan.settings.ini.parent) not in sys.path:
        sys.path.insert(0, str(plan.settings.ini.parent))
    server, ready = _load(plan, sockets)
    if isinstance(server, Server):
        signal.signal(signal.SIGTERM, lambda *_: server.end())
    channel.send(ready)
    try:
        begins = channel.recv()[0] == "begin"  # until this word the supervisor may end this process at any time
    except (EOFError, OSError):
        begins = False
    if server is None or not begins:
        os._exit(1)
    obeying = threading.Thread(target=_obey, args=(channel, server), daemon=True, name="supervisor")
    obeying.start()
    try:
        server.run()
    except UserError as error:
        channel.send(("failed", error.message))
        os._exit(error.code)
    with suppress(OSError):
        channel.send(("drained", None))
    obeying.join()  # until the supervisor says that no connection is on its way here any more
    atexit._run_exitfuncs()  # noqa: SLF001 (multiprocessing leaves the application's own out before Python 3.13)
    sys.stderr.flush()
    os._exit(0)  # threads that are still busy after the drain are cut


def _load(plan: Plan, sockets: list[socket.socket]) -> tuple[Serving | None, Ready]:
    settings = plan.settings
    if settings.serve.reload:
        fresh.install()
    before = len(sys.modules)
    application, failure, warnings = _load_application(plan)
    modules = _imported_after(before)
    files, installed = _own_modules(modules), _installed_modules(modules)
    server: Serving | None = None
    if settings.is_waitress:
        server = Server(application, sockets, plan.options, settings.serve)
    else:
        try:
            server = OtherServer(load.load_server(settings), application)
        except UserError as error:
            failure = Failure.of(error)
    return server, Ready(failure, warnings, files, installed, can_serve=server is not None)


def _load_application(plan: Plan) -> tuple[load.WSGIApplication, Failure | None, list[str]]:
    failure = plan.failure
    if failure is None:
        try:
            findings = checks.find(plan.settings)
            checks.raise_errors(findings)
            logs.configure(plan.settings)
            application = load.load_application(plan.settings)
            return application, None, [str(item) for item in [*findings, *checks.unreachable(plan.settings)]]
        except UserError as error:
            failure = Failure.of(error)
        except SystemExit as error:
            failure = Failure(f"{plan.settings.ini.name}: the application ended Python while it loaded: {error}")
    return error_page.application(failure, debug=plan.settings.debug is not None), failure, []


def _imported_after(count: int) -> dict[str, ModuleType]:
    """Return the modules that have been imported since there were so many.

    Those before are not even looked at: that would write to memory that this process shares with the fork server.
    """
    return dict(islice(reversed(sys.modules.items()), max(0, len(sys.modules) - count)))


def _own_modules(modules: dict[str, ModuleType]) -> list[str]:
    """Return the files of the modules that are neither Python's nor installed."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    files = [getattr(module, "__file__", None) or "" for module in modules.values()]
    return [
        file
        for file in files
        if file.endswith(".py") and not fresh.is_installed(file) and not file.startswith(ours + os.sep)
    ]


def _installed_modules(modules: dict[str, ModuleType]) -> list[str]:
    """Return the installed ones of these modules, none where threads run that no fork would keep."""
    if threading.active_count() > 1:
        return []
    return [name for name, module in modules.items() if fresh.is_installed(getattr(module, "__file__", None) or "")]


def _obey(channel: Connection, server: Serving) -> None:
    """Do what the supervisor says; end at once where it has gone."""
    try:
        while True:
            order, peer = channel.recv()
            if order == "connection":
                server.adopt(socket.socket(fileno=reduction.recv_handle(channel)), peer)
            elif order == "leave":
                return
            elif order == "drain":
                server.end()
            else:
                server.end(lambda connection, address: send_connection(channel, connection, address))
    except (EOFError, OSError):
        os._exit(1)
