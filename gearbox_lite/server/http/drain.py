"""The drain of a graceful shutdown: which connections are finished, handed over or closed, and until when.

``DrainState.begin`` may be called in a signal handler or by any thread; everything else runs in the main thread, which
leads from here on (``Server.run``), in this order:

1. ``begin`` sets the deadline and the way to hand connections over before ``is_requested``, which ``Server.adopt``
   looks at: who sees the request also sees the rest.
2. Clients in the backlog are accepted if connections are handed over, because the socket may be the last one at its
   address: a reload may have removed that address, and closing the socket would reset them.
3. The listening sockets are closed, in this process only; other workers and the supervisor have their own copies. The
   trigger stays open, since running requests still wake the leader with it.
4. Connections that ``Server.adopt`` queued before it saw the request are taken in.
5. ``release_idle`` runs until no connection remains or ``deadline`` has passed (``drain_timeout``). What still runs
   then is cut when the process exits (shutdown.py).

A keep-alive connection is handed over between two requests, and no byte is lost, for these reasons:

1. Only the leader reads from a connection, and it is the thread that hands it over, so that nothing can be read in
   between. What the client has sent since then waits in the kernel's buffer, which the copied descriptor shares.
2. ``request`` holds what has been read of an unfinished request: such a connection stays.
3. ``requests`` is looked at before the rest. A thread removes the request that it has answered from there last: after
   that, the whole answer has been sent or is in the output buffers (``total_outbufs_len``); and if the connection is to
   be closed after it, ``close_when_flushed`` is set already. The thread then uses the socket no more.
4. The channel leaves the map before the descriptor is sent and closed, because the next connection may get the same
   number.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from waitress.server import BaseWSGIServer

from gearbox_lite.server.http.channel import Channel

SendConnection = Callable[[socket.socket, Any], None]
"""Sends a connection and its client's address to another process, and returns once that is done."""


class DrainState:
    """Whether and until when a server drains, and where its idle connections go."""

    def __init__(self, timeout: float) -> None:
        """``timeout`` is drain_timeout, in seconds."""
        self._timeout = timeout
        self.is_requested = False
        self.deadline = 0.0
        """When draining ends, on time.monotonic's clock; 0 before ``begin``."""
        self.send_connection: SendConnection | None = None

    def begin(self, send_connection: SendConnection | None) -> None:
        """Start to drain; a second call changes only where idle connections go."""
        self.send_connection = send_connection
        if not self.is_requested:
            self.deadline = time.monotonic() + self._timeout
        self.is_requested = True

    def is_over(self) -> bool:
        """Whether the drain timeout has passed."""
        return time.monotonic() >= self.deadline

    def accept_backlog(self, listener: BaseWSGIServer, connections: dict[int, Any]) -> None:
        """Accept the clients that have connected so far, if they can be handed over."""
        if self.send_connection is None:
            return
        for _ in range(listener.adj.backlog):
            before = len(connections)
            listener.handle_accept()
            if len(connections) == before:
                return

    def release_idle(self, channels: Iterable[Channel]) -> bool:
        """Hand over, or else close, the connections on which no request is read, runs or is answered.

        Returns whether others remain.
        """
        channels = list(channels)
        for channel in channels:
            if channel.requests or channel.request or channel.total_outbufs_len:  # in this order, see above
                continue
            is_closing = channel.will_close or channel.close_when_flushed or channel.is_lingering
            if self.send_connection is None or is_closing:
                channel.handle_close()
            else:
                channel.hand_over(self.send_connection)
        return any(channel.connected for channel in channels)
