"""One client connection (keep-alive, pipelining): waitress' channel, read by the leader, answered by any thread.

Which thread may use what (who leads is decided in leader.py):

1. The leader alone reads from the socket, shuts it down, closes it and sets ``connected``. So no descriptor is closed
   while another leader reads from it.
2. ``requests_lock`` guards ``requests`` and ``request``. The leader parses into ``request``, appends to ``requests``,
   and queues the channel if the request is the only one. A thread answers ``requests[0]``, removes it after its last
   byte has been sent or buffered, and queues the channel again if more are left. So a channel is only once in the queue
   or in the hands of a thread, and pipelined requests are answered in order.
3. ``outbuf_lock`` guards sending, the buffers and their lengths. Whoever answers also sends, at once, and without a
   detour through the buffers if these are empty. Only what the kernel does not take is buffered and left to the leader,
   which ``attend`` tells. So no byte is sent twice or out of order, as may happen in waitress, where threads send
   without this lock (waitress 3.0, ``HTTPChannel.send_continue``).
4. The leader closes with this lock held after it has unset ``connected``; other threads look at ``connected`` once they
   have the lock, and so never use a closed socket.
5. When a client reads slowly, the thread that answers waits on this lock's condition until the buffers are below
   ``outbuf_high_watermark``. If that is the leader, it loses the lead (leader.py), and the next one sends.
6. ``requests_lock`` is taken before ``outbuf_lock``, never the other way round; no thread waits for the client while it
   has ``requests_lock``, which the leader takes as well.
7. ``is_refused`` and ``close_when_flushed`` are set by the thread that answers before ``requests`` becomes empty, and
   read by the leader after that.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import BadRequest

from gearbox_lite.server.http.tasks import ApplicationTask, RefusalTask

MAX_JOINED = 1 << 16
"""Bytes up to which headers and body are joined and sent in one system call."""
HEADERS_TIMEOUT = 30.0
"""Seconds from a connection's start, or from the first byte of a later request, until its headers must be complete."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LINGER_TIMEOUT = 30.0
"""Seconds for which what a client still sends is read and dropped after its request has been refused."""


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """A request, with defaults for what is only known once its first line has been read."""

    command = path = query = request_uri = ""


class RequestTimeout(BadRequest):  # type: ignore[misc]
    """The answer to headers that are not complete in time."""

    code = 408
    reason = "Request Timeout"


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose answers are sent as soon as they are written, by the thread that writes them."""

    task_class = ApplicationTask
    error_task_class = RefusalTask
    parser_class = Parser
    is_refused = False
    """Whether the last answer is waitress' own, to a request that may not have been read to its end."""
    request: Parser | None
    will_close: bool
    is_paused = False
    """Whether the leader has stopped watching for what the client sends."""
    _corked: list[bytes]
    _lingers_until = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.waiting_since: float | None = time.monotonic()
        """When the wait for the current headers began; None if no request has begun since the last one."""
        super().__init__(*arguments, **options)
        self.server.attend(self)

    def del_channel(self, map: Any = None) -> None:  # noqa: A002 (waitress' signature)
        """Take the connection out of the leader's hands, before it is closed or handed over."""
        number = self._fileno
        super().del_channel(map)
        self.server.forget(number)

    # Writing (the thread that answers)

    def cork(self) -> None:
        """Collect what is written until ``uncork`` or ``drop_corked``; only the running request's thread may call."""
        self._corked = []
        self.write_soon = self._corked.append  # type: ignore[method-assign, assignment]

    def uncork(self) -> None:
        """Write what has been collected, in one piece if it is short."""
        corked = self._corked
        self.drop_corked()
        is_short = sum(map(len, corked)) <= MAX_JOINED
        for part in [b"".join(corked)] if is_short else corked:
            self.write_soon(part)

    def drop_corked(self) -> None:
        """Drop what has been collected."""
        self._corked = []
        del self.write_soon

    def write_soon(self, data: Any) -> int:
        """Have bytes or a file sent; no file in answer to HEAD, whose answer has no body."""
        size = len(data)  # of a file, what is left to send
        if isinstance(data, bytes):
            unsent = data[self._send_now(data) :]
        elif isinstance(data, ReadOnlyFileBasedBuffer) and self.requests[0].command == "HEAD":
            data.close()
            return 0
        else:
            unsent = data
        if unsent:
            super().write_soon(unsent)
            if self.total_outbufs_len or self.will_close:
                self.server.attend(self)
        return size

    def _send_now(self, data: bytes) -> int:
        """Send without a detour through the buffers, unless something is left in them; return how much was sent."""
        self.outbuf_lock.acquire()
        try:
            if not self.connected:
                raise ClientDisconnected
            if self.total_outbufs_len:
                return 0
            try:
                sent: int = self.send(data, do_close=False)
            except OSError:
                return 0  # waitress tries again, and handles the error
            self.last_activity = time.time()
            return sent
        finally:
            self.outbuf_lock.release()

    def has_client_left(self) -> bool:
        """Whether the client has closed its side. This only peeks and reads nothing, so any thread may call it."""
        with self.outbuf_lock:
            try:
                return not (self.connected and self.socket.recv(1, socket.MSG_PEEK))
            except BlockingIOError:
                return False
            except OSError:
                return True

    def hand_over(self, send_connection: Callable[[socket.socket, Any], None]) -> None:
        """Send the connection to another process, and close it here (the leader, between two requests)."""
        self.del_channel()
        self.connected = False
        send_connection(self.socket, self.addr)
        self.socket.close()

    # Sending (any thread, with ``outbuf_lock``)

    def service(self) -> None:
        """Answer one request, then tell the leader if it has to look at this connection."""
        super().service()
        if self.close_when_flushed or self.is_paused or self.total_outbufs_len or self.server.is_draining:
            self.server.attend(self)

    def _flush_some(self, do_close: bool = True) -> bool:  # noqa: FBT001, FBT002 (waitress' signature)
        """Send with the lock held, since other threads append to the same buffers."""
        self.outbuf_lock.acquire()  # not as a context manager, which takes longer, being written in Python
        try:
            return super()._flush_some(do_close=do_close)  # type: ignore[no-any-return]
        finally:
            self.outbuf_lock.release()

    def _flush_some_if_lockable(self, do_close: bool = True) -> None:  # noqa: FBT001, FBT002 (waitress' signature)
        """Send while a request is running, and wait for the lock: trying again and again would use up a core.

        Other threads hold it for a moment only, but wake the leader while they do.
        """
        self.outbuf_lock.acquire()
        try:
            super()._flush_some_if_lockable(do_close)
        finally:
            self.outbuf_lock.release()

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Wait until a slow client has read enough of what has been written."""
        if self.total_outbufs_len <= self.adj.outbuf_high_watermark:
            return
        with self.outbuf_lock:
            while self.connected and self.total_outbufs_len > self.adj.outbuf_high_watermark:
                self.server.attend(self)
                self.outbuf_lock.wait()

    def send_continue(self) -> None:
        """Ask the client for the body of its request, unless it has none to send or has been refused.

        waitress' own closes the connection if it cannot send, which only the leader may.
        """
        request = self.request
        if request is None:
            return
        request.expect_continue = False
        if request.completed:
            return
        with self.outbuf_lock:
            if not self.connected:  # the buffers are closed
                return
            self.sent_continue = True
            unsent = _CONTINUE[self._send_now(_CONTINUE) :]
            self.outbufs[-1].append(unsent)  # not write_soon, which may wait for the client
            self.current_outbuf_count += len(unsent)
            self.total_outbufs_len += len(unsent)
            if unsent:
                self.server.attend(self)

    # Reading from slow clients (the leader)

    def received(self, data: bytes) -> bool:
        """Parse what a client has sent, unless it has been refused."""
        if self._lingers_until:
            return False
        if self.waiting_since is None:
            self.waiting_since = time.monotonic()
        try:
            return super().received(data)  # type: ignore[no-any-return]
        except ValueError:  # waitress does not catch all that urllib raises for a target such as http://[/
            with self.requests_lock:
                if not (self.will_close or self.close_when_flushed):
                    self._refuse(BadRequest("Bad URI"))
            return True

    def check_timeouts(self, now: float) -> None:
        """Refuse a request whose headers take too long, and close a connection that has lingered long enough.

        The leader calls this about once a second, with the monotonic clock's time. The time for headers runs from
        their first byte, however many follow; a body has waitress' ``channel_timeout``, from its last byte.
        """
        if self.is_lingering:
            if now >= self._lingers_until:
                self.handle_close()
            return
        with self.requests_lock:
            request = self.request
            if self.requests or self.total_outbufs_len or (request is not None and request.headers_finished):
                self.waiting_since = None
            elif self.waiting_since is None:
                self.waiting_since = None if request is None else now
            elif now - self.waiting_since >= HEADERS_TIMEOUT and not (self.will_close or self.close_when_flushed):
                self._refuse(RequestTimeout(f"the headers took more than {HEADERS_TIMEOUT:.0f} seconds"))

    def _refuse(self, error: BadRequest) -> None:
        """Answer the request that is being read with an error, after those before it; if there is none, close.

        ``requests_lock`` is held.
        """
        request, self.request = self.request, None
        if request is None:
            self.will_close = True
            self.server.attend(self)
            return
        request.error = error
        request.completed = True
        self.requests.append(request)
        if len(self.requests) == 1:  # otherwise the thread that answers the one before it queues it
            self.server.add_task(self)

    # Closing after a refusal (the leader)

    @property
    def is_lingering(self) -> bool:
        """Whether the last answer has been sent, and what still arrives is dropped."""
        return bool(self._lingers_until)

    def handle_close(self) -> None:
        """Close; after a refusal that has just been sent, only the sending side at first.

        Closing while unread bytes arrive resets the connection, and a client that is still sending its body would lose
        the answer (RFC 9112, section 9.6). So what it sends is read and dropped for ``LINGER_TIMEOUT``.
        """
        if self.is_refused and self.will_close and not self.is_lingering:
            self.will_close = False
            self._lingers_until = time.monotonic() + LINGER_TIMEOUT
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
        else:
            super().handle_close()
