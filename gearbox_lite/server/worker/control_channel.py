"""One end of the channel between the supervisor and a worker: messages, and open connections with them.

On the wire, a message is its length in four bytes, and JSON. No end ever waits for the other one, except in ``flush``
with a timeout: a process may be stopped, and a child process of the application may have the channel open and write
half a message. What cannot be sent is kept and sent later, in the order in which it was written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from gearbox_lite.server import descriptors
from gearbox_lite.server.worker.protocol import WITH_DESCRIPTOR, Message, ProtocolError, decode_message, encode_message

_LENGTH = struct.Struct("!I")
MAX_MESSAGE_SIZE = 1 << 22
"""Bytes; a worker's report with 10,000 files takes about 1 MiB."""
_READ_AT_ONCE = 1 << 16
_MAX_DESCRIPTORS = 250
"""In one read; Linux passes at most 253 at once."""
_FULL = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS, getattr(errno, "ETOOMANYREFS", errno.EAGAIN)}
_NO_SIGNAL = getattr(socket, "MSG_NOSIGNAL", 0)


class ControlChannel:
    """Sends messages, and receives those that the other end may send."""

    def __init__(
        self,
        end: socket.socket,
        receives: Mapping[str, type[Message]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.socket = end
        self.socket.setblocking(False)
        self._receives = receives
        self._clock = clock
        self._received = bytearray()
        self._descriptors: deque[int] = deque()
        self._unsent: deque[tuple[bytes, list[int]]] = deque()
        self._lock = threading.Lock()
        self.closed = False
        self.partial_since: float | None = None
        """Since when half a message has waited for the rest, on the clock."""

    def fileno(self) -> int:
        """Return the descriptor, for ``select`` and ``wait``."""
        return self.socket.fileno()

    @property
    def is_full(self) -> bool:
        """Whether something could not be sent yet."""
        return bool(self._unsent)

    def send(self, message: Message, descriptor: int | None = None) -> None:
        """Send a message if the other process still runs, with a copy of the descriptor, which stays the caller's."""
        data = encode_message(message)
        passed = [] if descriptor is None else [os.dup(descriptor)]
        with self._lock:
            self._unsent.append((_LENGTH.pack(len(data)) + data, passed))
            self._write()

    def flush(self, timeout: float = 0.0) -> None:
        """Send what could not be sent yet; wait at most this many seconds for the other end to read."""
        deadline = time.monotonic() + timeout
        while self._unsent:
            with self._lock:
                self._write()
            left = deadline - time.monotonic()
            if not self._unsent or left <= 0:
                return
            with contextlib.suppress(OSError, ValueError):
                wait_for(self.socket, left, to_write=True)

    def _write(self) -> None:
        while self._unsent:
            data, passed = self._unsent[0]
            try:
                if passed:
                    sent = socket.send_fds(self.socket, [data], passed, _NO_SIGNAL)
                else:
                    sent = self.socket.send(data, _NO_SIGNAL)
            except OSError as error:
                if error.errno not in _FULL:  # the other process has exited
                    self._forget_unsent()
                return
            descriptors.close_all(passed)
            self._unsent[0] = (data[sent:], [])
            if sent == len(data):
                self._unsent.popleft()

    def receive(self) -> list[tuple[Message, int | None]]:
        """Return the messages that have arrived, each with the descriptor that belongs to it.

        Closes the channel once the other process has exited. Raises ProtocolError for anything but a valid message.
        """
        try:
            data, passed = descriptors.receive(self.socket, _READ_AT_ONCE, _MAX_DESCRIPTORS)
        except OSError as error:
            if error.errno not in _FULL:
                self.close()
            return []
        self._descriptors.extend(passed)
        if not data:
            self.close()
            return []
        self._received += data
        messages: list[tuple[Message, int | None]] = []
        try:
            while (message := self._next()) is not None:
                is_connection = isinstance(message, WITH_DESCRIPTOR)
                if is_connection and not self._descriptors:
                    raise ProtocolError("a connection without its descriptor")
                messages.append((message, self._descriptors.popleft() if is_connection else None))
            if not self._received and self._descriptors:
                raise ProtocolError("descriptors that belong to no message")
        except ProtocolError:
            descriptors.close_all(passed for _, passed in messages if passed is not None)
            raise
        if messages or self.partial_since is None:
            self.partial_since = self._clock() if self._received else None
        return messages

    def _next(self) -> Message | None:
        if len(self._received) < _LENGTH.size:
            return None
        length = _LENGTH.unpack_from(self._received)[0]
        if length > MAX_MESSAGE_SIZE:
            raise ProtocolError(f"a message of {length} bytes")
        end = _LENGTH.size + length
        if len(self._received) < end:
            return None
        data = bytes(self._received[_LENGTH.size : end])
        del self._received[:end]
        return decode_message(data, self._receives)

    def _forget_unsent(self) -> None:
        for _, passed in self._unsent:
            descriptors.close_all(passed)
        self._unsent.clear()

    def close(self) -> None:
        """Close this end, and the descriptors that have not been sent or returned yet."""
        self.closed = True
        self.partial_since = None
        with self._lock:
            self._forget_unsent()
        descriptors.close_all(self._descriptors)
        self._descriptors.clear()
        self.socket.close()


def wait_for(one: socket.socket, timeout: float | None, *, to_write: bool = False) -> bool:
    """Wait at most this many seconds until a socket can be read or written; return whether it can."""
    if not hasattr(select, "poll"):  # Windows
        reading, writing = ([], [one]) if to_write else ([one], [])
        return any(select.select(reading, writing, [], timeout))
    poll = select.poll()  # not select, which takes no descriptor above 1,023
    poll.register(one, select.POLLOUT if to_write else select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a new channel."""
    return socket.socketpair()
