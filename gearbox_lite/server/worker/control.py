"""A worker's end of the channel: it carries out the supervisor's commands, and tells it that the worker answers."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from gearbox_lite.server.http.drain import SendConnection
from gearbox_lite.server.worker.control_channel import ControlChannel, wait_for
from gearbox_lite.server.worker.protocol import (
    Beat,
    Begin,
    Drain,
    Failed,
    HandedOver,
    HandOver,
    Leave,
    Leaving,
    Message,
    Peer,
    ProtocolError,
)

SLOWEST_BEAT = 10.0
"""Seconds between two beats at most; otherwise a quarter of the time after which they are missed."""
SEND_PATIENCE = 5.0
"""Seconds for which a worker waits for the supervisor to take a connection."""


class Serving(Protocol):
    """A server with its application, ready to run."""

    @property
    def drain_deadline(self) -> float:
        """When the time to finish what has begun is over, on time.monotonic's clock; 0 before ``drain``."""

    def run(self) -> None:
        """Serve until told to end."""

    def drain(self, send_connection: SendConnection | None = None) -> None:
        """Finish what has begun, then return from ``run``."""

    def adopt(self, connection: socket.socket, peer: Any) -> None:
        """Serve a connection of another process."""

    def call(self, action: Callable[[], None]) -> None:
        """Run something in the thread that serves connections, if there is one of its own."""


class Control(threading.Thread):
    """Hears the supervisor from the worker's start to its end, and ends the process at once when that one has ended."""

    def __init__(self, channel: ControlChannel, timeout: float) -> None:
        """``timeout`` is the time in seconds after which a worker without a beat is replaced, 0 for never."""
        super().__init__(daemon=True, name="supervisor")
        self._channel = channel
        self._interval = min(SLOWEST_BEAT, timeout / 4) if timeout else None
        self._is_draining = False
        self.server: Serving | None = None
        self.begun = threading.Event()
        self.may_leave = threading.Event()

    def run(self) -> None:
        """Carry out commands."""
        try:
            while not self.may_leave.is_set():
                if not wait_for(self._channel.socket, self._interval):
                    self._beat()
                    continue
                for message, descriptor in self._channel.receive():
                    self._carry_out(message, descriptor)
                if self._channel.closed:
                    break
        except (OSError, ValueError, ProtocolError):
            pass
        if not self.may_leave.is_set():
            os._exit(1)

    def _beat(self) -> None:
        """Tell that the worker answers: by itself while it loads, by the thread that serves connections afterwards.

        A request may take as long as it likes, also in a debugger.
        """
        if self._is_draining or self._channel.is_full:
            return
        if self.server is None or not self.begun.is_set():
            self._channel.send(Beat())
        else:
            self.server.call(lambda: self._channel.send(Beat()))

    def _carry_out(self, message: Message, descriptor: int | None) -> None:
        if isinstance(message, Begin):
            self.begun.set()
        elif self.server is None or not self.begun.is_set():
            os._exit(1)
        elif isinstance(message, HandedOver) and descriptor is not None:
            self.server.adopt(socket.socket(fileno=descriptor), message.peer)
        elif isinstance(message, Leave):
            self.may_leave.set()
        elif isinstance(message, Drain):
            self._is_draining = True
            self.server.drain()
        elif isinstance(message, HandOver):
            self._is_draining = True
            self.server.drain(self._send_connection)

    def _send_connection(self, connection: socket.socket, peer: Peer) -> None:
        self.send(HandedOver(peer), connection.fileno())

    def send(self, message: Message, descriptor: int | None = None) -> None:
        """Send something that must arrive."""
        self._channel.send(message, descriptor)
        self._channel.flush(SEND_PATIENCE)

    def leave(self) -> None:
        """Drain because another process than the supervisor says so, and tell it; safe in a signal handler."""
        self._is_draining = True
        if self.server is not None:
            self.server.drain()
        threading.Thread(target=self.send, args=(Leaving(),), daemon=True).start()

    def fail(self, reason: str) -> None:
        """Tell why the worker ends."""
        self.send(Failed(reason))
