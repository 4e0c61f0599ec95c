"""One worker process: load the application, serve it on the supervisor's sockets, drain when told to."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any, Protocol

from gearbox_lite.errors import UserError
from gearbox_lite.server import checks, debugging, error_page, fresh, load, logs, tracebacks
from gearbox_lite.server.error_page import Failure
from gearbox_lite.server.fork_server import flush
from gearbox_lite.server.installed import is_installed, is_users
from gearbox_lite.server.messages import Plan, Ready, send, send_connection
from gearbox_lite.server.other_server import OtherServer
from gearbox_lite.server.waitress_server import HandOver, Server


@dataclass(frozen=True)
class _Loaded:
    application: load.WSGIApplication
    guard: debugging.Guard
    failure: Failure | None = None
    warnings: Sequence[str] = ()
    looked_for: Sequence[str] = ()


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
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the fork server ignores it
    if str(plan.settings.ini.parent) not in sys.path:
        sys.path.insert(0, str(plan.settings.ini.parent))
    word = threading.Thread(target=_await_word, args=(channel,), daemon=True, name="supervisor")
    word.start()
    server, ready = _load(plan, sockets)
    if isinstance(server, Server):
        signal.signal(signal.SIGTERM, lambda *_: _leave(channel, server))
    send(channel, "ready", ready)
    word.join()
    if server is None:
        os._exit(1)
    obeying = threading.Thread(target=_obey, args=(channel, server), daemon=True, name="supervisor")
    obeying.start()
    try:
        server.run()
    except UserError as error:
        send(channel, "failed", error.message)
        os._exit(error.code)
    send(channel, "drained")
    obeying.join()  # until the supervisor says that no connection is on its way here any more
    atexit._run_exitfuncs()  # noqa: SLF001 (multiprocessing leaves the application's own out before Python 3.13)
    flush()
    os._exit(0)  # threads that are still busy after the drain are cut


def _load(plan: Plan, sockets: list[socket.socket]) -> tuple[Serving | None, Ready]:
    settings = plan.settings
    if settings.serve.reload:
        fresh.install()
    before = len(sys.modules)
    loaded = _load_application(plan, sockets)
    modules = _imported_after(before)
    failure, files, installed = loaded.failure, _own_files(modules, loaded.looked_for), _installed(modules)
    server: Serving | None = None
    if settings.is_waitress:
        server = Server(loaded.application, sockets, plan.options, settings.serve, loaded.guard)
    else:
        try:
            server = OtherServer(load.load_server(settings), loaded.guard(loaded.application))
        except UserError as error:
            failure = Failure.of(error)
    return server, Ready(failure, list(loaded.warnings), files, installed, can_serve=server is not None)


def _load_application(plan: Plan, sockets: list[socket.socket]) -> _Loaded:
    failure, looked_for = plan.failure, []
    if failure is None:
        try:
            findings = checks.find(plan.settings)
            checks.raise_errors(findings)
            logs.configure(plan.settings)
            application = load.load_application(plan.settings)
            tracebacks.shorten_logged(verbose=plan.settings.verbose)
            protection = debugging.protect(plan.settings, application, sockets)
            warnings = [str(item) for item in [*findings, *checks.unreachable(plan.settings)]]
            return _Loaded(application, protection.guard, warnings=[*warnings, *protection.warnings])
        except UserError as error:
            failure, looked_for = Failure.of(error), load.looked_for(error)
        except BaseException as error:  # noqa: BLE001 (SystemExit, and whatever else code may raise to end Python)
            failure = Failure(f"{plan.settings.ini.name}: the application ended Python while it loaded: {error!r}")
            looked_for = load.looked_for(error)
    shows_reason = debugging.shows_reasons(plan.settings, sockets)
    page = error_page.application(failure, debug=shows_reason)
    guard = debugging.guard(plan.settings, sockets) if shows_reason else debugging.unguarded
    return _Loaded(page, guard, failure, looked_for=looked_for)


def _imported_after(count: int) -> dict[str, str]:
    """Return the modules that have been imported since there were so many, and their files.

    Those before are not even looked at: that would write to memory that this process shares with the fork server.
    """
    modules = islice(reversed(sys.modules.items()), max(0, len(sys.modules) - count))
    return {name: _file_of(module) for name, module in modules}


def _file_of(module: object) -> str:
    try:
        file = getattr(module, "__file__", None)
    except Exception:  # noqa: BLE001 (modules that load themselves lazily may raise anything)
        return ""
    return file if isinstance(file, str) else ""


def _own_files(modules: Mapping[str, str], looked_for: Sequence[str]) -> list[str]:
    """Return the files of the user's modules and others that were looked for, and what links among them point to."""
    files = {*looked_for, *(file for file in modules.values() if file.endswith(".py") and is_users(file))}
    return sorted(files | {os.path.realpath(file) for file in files})


def _installed(modules: Mapping[str, str]) -> list[str]:
    """Return the names of installed modules, none where threads run that no fork would keep."""
    if threading.active_count() > 2:  # this one, and the one that awaits the supervisor's word
        return []
    return [name for name, file in modules.items() if is_installed(file)]


def _leave(channel: Connection, server: Server) -> None:
    """Drain because somebody else than the supervisor says so, and tell that, in a thread: this is a signal handler."""
    server.end()
    threading.Thread(target=send, args=(channel, "leaving")).start()


def _await_word(channel: Connection) -> None:
    """Wait until the supervisor says to begin; end the process at once where it says otherwise, or has gone."""
    with suppress(EOFError, OSError):
        if channel.recv()[0] == "begin":
            return
    os._exit(1)


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
