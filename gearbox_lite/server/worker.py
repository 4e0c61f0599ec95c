"""One worker process: load the application, serve it on the supervisor's sockets, drain when told to."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

from gearbox_lite.errors import UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server import checks, error_page, load, logs
from gearbox_lite.server.error_page import Failure
from gearbox_lite.server.waitress_server import Server


@dataclass(frozen=True)
class Plan:
    """What a worker is to serve: an ini that has been read, or why it could not be."""

    settings: ServeSettings
    options: dict[str, str]
    failure: Failure | None
    debug: bool


@dataclass(frozen=True)
class Ready:
    """A worker's report: why its application did not load, if so, what is doubtful, and the modules to watch."""

    failure: Failure | None
    warnings: list[str]
    modules: list[str]


def main(channel: Connection, sockets: list[socket.socket], plan: Plan) -> None:
    """Run one worker to its end. It serves the error page where the application does not load."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the supervisor, which drains
    settings = plan.settings
    if str(settings.ini.parent) not in sys.path:
        sys.path.insert(0, str(settings.ini.parent))
    application, ready = _load(plan)
    serve = settings.serve
    server = Server(application, sockets, plan.options, drain_timeout=serve.drain_timeout, access_log=serve.access_log)
    signal.signal(signal.SIGTERM, lambda *_: server.end())
    channel.send(ready)
    try:
        channel.recv()  # the supervisor's word to begin; until then it may end this process at any time
    except EOFError:
        os._exit(1)
    obeying = threading.Thread(target=_obey, args=(channel, server), daemon=True, name="supervisor")
    obeying.start()
    server.run()
    with suppress(OSError):
        channel.send(("drained", None))
    obeying.join()  # until the supervisor says that no connection is on its way here any more
    sys.stderr.flush()
    os._exit(0)  # threads that are still busy after the drain are cut


def _load(plan: Plan) -> tuple[load.WSGIApplication, Ready]:
    warnings: list[str] = []
    failure = plan.failure
    if failure is None:
        try:
            findings = checks.find(plan.settings)
            checks.raise_errors(findings)
            logs.configure(plan.settings)
            application = load.load_application(plan.settings)
            warnings = [str(finding) for finding in [*findings, *checks.unreachable(plan.settings)]]
        except UserError as error:
            failure = Failure(error.message, error.report)
        except SystemExit as error:
            failure = Failure(f"{plan.settings.ini.name}: the application ended Python while it loaded: {error}")
    if failure is not None:
        application = error_page.application(failure, debug=plan.debug)
    return application, Ready(failure, warnings, _own_modules())


def _own_modules() -> list[str]:
    """Return the files of the modules that are neither Python's nor installed."""
    library = os.path.dirname(os.__file__)  # noqa: PTH120
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return [
        file
        for file in files
        if file
        and file.endswith(".py")
        and "-packages" not in file
        and not file.startswith((library + os.sep, ours + os.sep))
    ]


def _obey(channel: Connection, server: Server) -> None:
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


_sending = threading.Lock()


def send_connection(channel: Connection, connection: socket.socket | int, peer: Any) -> None:
    """Send an open connection to the process at the channel's other end; drop it where that has gone."""
    with suppress(OSError), _sending:
        channel.send(("connection", peer))
        handle = connection if isinstance(connection, int) else connection.fileno()
        reduction.send_handle(channel, handle, 0)
