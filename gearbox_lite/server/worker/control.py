"""A worker's end of the control channel: it carries out the supervisor's commands, and sends heartbeats.

Three threads of a worker meet here, in this order:

1. The main thread starts this one (``Control``) before it loads the application, which may take long: heartbeats are
   sent from the start, and the worker exits at once if the supervisor does.
2. It sets ``server`` before it sends ``Ready``. The supervisor sends nothing but ``Begin`` before that, so no command
   ever meets a worker without a server; ``Begin`` wakes the main thread, which then runs the server.
3. While it serves, the main thread (or the server's leader) sends the heartbeats: this one would still run if that
   one hung. A request that takes long, in another thread, does not hold them up.
4. After ``Drain`` the server's main thread hands over its idle connections and returns; the main thread sends
   ``Drained`` after the last one, and exits only after ``Exit``, since a connection may be on its way until then.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from gearbox_lite.loggers import SERVER_LOG
from gearbox_lite.server.http.drain import SendConnection
from gearbox_lite.server.worker.control_channel import ControlChannel, wait_for
from gearbox_lite.server.worker.protocol import (
    Begin,
    Connection,
    Drain,
    EventStream,
    Exit,
    Heartbeat,
    Message,
    Peer,
    ProtocolError,
    ServerFailed,
    Terminating,
)

MAX_HEARTBEAT_INTERVAL = 10.0
"""Seconds between two heartbeats at most; otherwise a quarter of ``worker_timeout``."""
SEND_TIMEOUT = 5.0
"""Seconds for which a worker waits for the supervisor to read a message that must arrive."""


class WorkerServer(Protocol):
    """A server with its application, ready to run."""

    @property
    def drain_deadline(self) -> float:
        """When the drain timeout is over, on time.monotonic's clock; 0 before ``drain``."""

    def run(self) -> None:
        """Serve until ``drain`` is called and the drain is over."""

    def drain(self, send_connection: SendConnection | None = None) -> None:
        """Begin the drain: finish the requests that run, then return from ``run``."""

    def adopt(self, connection: socket.socket, peer: Any) -> None:
        """Serve a connection that another process has accepted."""

    def call(self, action: Callable[[], None]) -> None:
        """Run an action in the thread that leads, if the server has one."""


class Control(threading.Thread):
    """Reads commands as long as the worker lives, and exits the process at once if the supervisor has exited."""

    def __init__(self, channel: ControlChannel, timeout: float) -> None:
        """``timeout``: seconds without a heartbeat after which the worker is replaced, 0 for never."""
        super().__init__(daemon=True, name="supervisor")
        self._channel = channel
        self._interval = min(MAX_HEARTBEAT_INTERVAL, timeout / 4) if timeout else None
        self._is_draining = False
        self.server: WorkerServer | None = None
        self.has_begun = threading.Event()
        self.may_exit = threading.Event()

    def run(self) -> None:
        """Receive commands and carry them out.

        A worker without this thread could be neither reloaded nor shut down, so it exits whatever ends the thread.
        """
        try:
            while not self.may_exit.is_set():
                if not wait_for(self._channel.socket, self._interval):
                    self._send_heartbeat()
                    continue
                for message, descriptor in self._channel.receive():
                    self._handle_message(message, descriptor)
                if self._channel.closed:
                    break
        except (OSError, ValueError, ProtocolError):
            pass  # the supervisor has exited, or another process writes to its channel
        except Exception:
            logging.getLogger(SERVER_LOG).exception("the worker has lost its supervisor and exits")
        if not self.may_exit.is_set():
            os._exit(1)

    def _send_heartbeat(self) -> None:
        """Tell that the worker answers: from this thread while it loads, from the thread that leads while it serves.

        A request may take as long as it likes, also in a debugger.
        """
        if self._is_draining or self._channel.is_full:
            return
        if self.server is None or not self.has_begun.is_set():
            self._channel.send(Heartbeat())
        else:
            self.server.call(lambda: self._channel.send(Heartbeat()))

    def _handle_message(self, message: Message, descriptor: int | None) -> None:
        if isinstance(message, Begin):
            self.has_begun.set()
        elif self.server is None or not self.has_begun.is_set():  # there is nothing to drain
            os._exit(1)
        elif isinstance(message, Connection) and descriptor is not None:
            self.server.adopt(socket.socket(fileno=descriptor), message.peer)
        elif isinstance(message, Drain):
            self._is_draining = True
            self.server.drain(self._send_connection if message.hands_over else None)
        elif isinstance(message, Exit):
            self.may_exit.set()

    def _send_connection(self, connection: socket.socket, peer: Peer) -> None:
        """Hand a keep-alive connection over to the supervisor, for another worker."""
        self.send(Connection(peer), connection.fileno())

    def send_stream(self, connection: socket.socket, page: str) -> None:
        """Hand a connection that asks for live reload's events over to the supervisor."""
        self.send(EventStream(page), connection.fileno())

    def send(self, message: Message, descriptor: int | None = None) -> None:
        """Send a message that must arrive."""
        self._channel.send(message, descriptor)
        self._channel.flush(SEND_TIMEOUT)

    def handle_sigterm(self) -> None:
        """Drain since another process has sent SIGTERM, and report that; safe in a signal handler.

        The report is sent by another thread: the signal may have interrupted this one while it held the lock of
        the channel.
        """
        self._is_draining = True
        if self.server is not None:
            self.server.drain()
        threading.Thread(target=self.send, args=(Terminating(),), daemon=True).start()

    def report_server_failure(self, reason: str) -> None:
        """Report why the worker exits."""
        self.send(ServerFailed(reason))
