"""A client's socket that keeps to the deadline of the operation that uses it, not to a timeout for each read."""

from __future__ import annotations

import socket
from time import monotonic
from typing import Any

from gearbox_lite.sessions.stores.breaker import MAX_ANSWER_BYTES, SLICE, CircuitBreaker, Operation


class TimedSocket:
    """Wraps a socket, plain or TLS, for redis-py and pymemcache. Other attributes are the socket's own.

    A driver's timeout applies to each read, so a server that drips single bytes could hold a thread forever. Here the
    socket waits for ``SLICE`` seconds at most, and then the operation checks its deadline and the circuit breaker,
    which another thread may have opened. Outside an operation it waits for one ``SLICE``.
    """

    def __init__(self, wrapped: socket.socket, breaker: CircuitBreaker) -> None:
        self._socket = wrapped
        self._recv, self._send = wrapped.recv, wrapped.send
        self._breaker = breaker
        self._per_thread = breaker.per_thread
        self._blocking = True
        wrapped.settimeout(SLICE)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def gettimeout(self) -> float:
        """Return 0 if the socket is non-blocking."""
        return SLICE if self._blocking else 0

    def settimeout(self, seconds: float | None) -> None:
        """Set only whether a call may wait at all; the operation decides for how long."""
        blocking = seconds != 0
        if blocking is not self._blocking:
            self._blocking = blocking
            self._socket.settimeout(SLICE if blocking else 0)

    def connect(self, address: tuple[str, int] | str) -> None:
        """Connect within the operation's deadline."""
        operation = self._breaker.current()
        self._socket.settimeout(operation.remaining() if operation else SLICE)
        try:
            self._socket.connect(address)
        except TimeoutError:
            if operation:
                operation.expire()
            raise
        finally:
            self._socket.settimeout(SLICE)

    def recv(self, size: int) -> bytes:
        """Return received bytes; none if the connection was closed. Raises TimeoutError after the deadline."""
        while True:
            try:
                data = self._recv(size)
            except TimeoutError:
                self._keep_waiting()
                continue
            operation: Operation = self._per_thread.operation
            # As ``receive`` does, but without a call, since most answers are short and quick.
            operation.received += len(data)
            if operation.received > MAX_ANSWER_BYTES or monotonic() - operation.started > SLICE:
                operation.check_received()
            return data

    def recv_into(self, buffer: bytearray | memoryview, *arguments: int) -> int:
        """Receive into a buffer, as ``recv``."""
        while True:
            try:
                size = self._socket.recv_into(buffer, *arguments)
            except TimeoutError:
                self._keep_waiting()
                continue
            self._per_thread.operation.receive(size)
            return size

    def sendall(self, data: bytes) -> None:
        """Send everything. Raises TimeoutError after the deadline."""
        left: bytes | memoryview = data
        while True:
            try:
                sent = self._send(left)
            except TimeoutError:
                self._keep_waiting()
                continue
            if sent == len(left):
                return
            left = memoryview(left)[sent:]

    def _keep_waiting(self) -> None:
        operation: Operation | None = self._breaker.current()
        if operation is None:
            raise TimeoutError("no answer")
        operation.check()
