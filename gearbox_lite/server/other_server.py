"""Any other PasteDeploy server in a worker of its own; it binds its socket itself, and ends as it does."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from gearbox_lite.server.busy import Busy
from gearbox_lite.server.ending import end_process
from gearbox_lite.server.load import WSGIApplication
from gearbox_lite.server.signals import interrupting_on_signals
from gearbox_lite.server.waitress_server import HandOver


class OtherServer:
    """A server that PasteDeploy has loaded, with the application that it is to serve."""

    def __init__(
        self, server: Callable[[WSGIApplication], None], application: WSGIApplication, drain_timeout: float
    ) -> None:
        self._server = server
        self._application = Busy(application)
        self._drain_timeout = drain_timeout
        self.drain_deadline = 0.0
        """When the time to finish is over, on time.monotonic's clock, once it has been told to end."""

    def run(self) -> None:
        """Serve until the server ends; if that is a failure, end the process with its exit code.

        Raises UserError if the server fails without one.
        """
        code: object = 0
        process = os.getpid()
        try:
            with interrupting_on_signals(self._application.is_busy, clean=lambda: None):
                self._server(self._application)
        except KeyboardInterrupt:
            pass
        except SystemExit as error:
            code = error.code
        if os.getpid() != process:  # a worker that the server has forked, as gunicorn does, and that ends here
            end_process(code if isinstance(code, int) else int(bool(code)))
        if code:
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)

    def end(self, hand_over: HandOver | None = None) -> None:  # noqa: ARG002 (it has no connections to give)
        """End the server as a process manager would."""
        self.drain_deadline = time.monotonic() + self._drain_timeout
        os.kill(os.getpid(), signal.SIGTERM)

    def call(self, action: Callable[[], None]) -> None:
        """Run something at once: the thread that serves may be busy with a request for as long as that takes."""
        action()

    def adopt(self, connection: socket.socket, peer: Any) -> None:  # noqa: ARG002
        """Close the connection, which this server cannot take."""
        connection.close()
