"""waitress' listening sockets, which pause accepting while connections or file descriptors have run out.

Asking the kernel again at once would be a busy loop: a connection that cannot be accepted keeps its socket readable.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer, TcpWSGIServer

from gearbox_lite.server.http.throttle import Throttle

ACCEPT_PAUSE = 0.5
"""Seconds for which no connection is accepted after the system had no descriptor or memory for one."""
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_RESERVED = 16
_RESERVED_PER_THREAD = 4
"""Descriptors kept free for the process, and for each request that runs."""
_SELECT_LIMIT = 1024
"""How many descriptors select can watch, FD_SETSIZE of the C library."""


class _Listener(BaseWSGIServer):  # type: ignore[misc]
    next_channel_cleanup: float
    attend: Callable[[Any], None]
    """Have the leader look at a channel; safe in any thread."""
    forget: Callable[[int], None]
    """Have the leader stop watching a descriptor."""
    is_draining = False
    _paused_until = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._is_full, self._is_exhausted = Throttle(), Throttle()
        super().__init__(*arguments, **options)

    def readable(self) -> bool:
        """Whether to accept connections now; also closes idle connections (``channel_timeout``) when that is due."""
        now = time.time()
        if now >= self.next_channel_cleanup:
            self.next_channel_cleanup = now + self.adj.cleanup_interval
            self.maintenance(now)
        if not self.accepting:
            return False
        if len(self._map) >= self.adj.connection_limit:
            if self._is_full.is_due():
                self.logger.warning(
                    "%d connections are open, as many as connection_limit allows; others wait until one is closed",
                    len(self.active_channels),
                )
            return False
        return not self._paused_until or time.monotonic() >= self._paused_until

    def maintenance(self, now: float) -> None:
        """Close idle connections."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            if channel.will_close:
                self.attend(channel)

    def handle_accept(self) -> None:
        """Accept one connection; if the system has no descriptor left, pause instead of trying again at once."""
        try:
            accepted = self.accept()
            if accepted is None:
                return
            connection, peer = accepted
            self.set_socket_options(connection)
        except OSError as error:
            if error.errno not in _EXHAUSTED:  # for example, the client has left while it waited
                if self.adj.log_socket_errors:
                    self.logger.warning("cannot accept a connection: %s", error.strerror)
                return
            self._paused_until = time.monotonic() + ACCEPT_PAUSE
            if self._is_exhausted.is_due():
                self.logger.warning(
                    "cannot accept connections: %s; retrying (%d connections are open; "
                    "raise the limit with ulimit -n or systemd's LimitNOFILE, or lower connection_limit)",
                    error.strerror,
                    len(self.active_channels),
                )
            return
        self._paused_until = 0.0
        self.channel_class(self, connection, self.fix_addr(peer), self.adj, map=self._map)


class _TcpListener(_Listener, TcpWSGIServer):  # type: ignore[misc]
    pass


_KINDS: dict[int, type[BaseWSGIServer]] = {socket.AF_INET: _TcpListener, socket.AF_INET6: _TcpListener}
if hasattr(socket, "AF_UNIX"):
    from waitress.server import UnixWSGIServer

    class _UnixListener(_Listener, UnixWSGIServer):  # type: ignore[misc]
        pass

    _KINDS[socket.AF_UNIX] = _UnixListener


def create_listeners(
    application: Callable[..., Any], adj: Adjustments, dispatcher: Any, map_: dict[int, Any]
) -> list[Any]:
    """Serve an application on ``adj.sockets``, which listen already, as ``waitress.create_server`` does."""
    return [
        _KINDS[bound.family](
            application,
            map_,
            _sock=bound,
            dispatcher=dispatcher,
            adj=adj,
            bind_socket=False,
            sockinfo=(bound.family, bound.type, bound.proto, bound.getsockname()),
        )
        for bound in adj.sockets
    ]


def affordable_connections(adj: Adjustments) -> int | None:
    """Return the highest ``connection_limit`` that leaves descriptors to the application, None if unknown.

    It follows from this process' soft limit, which is not raised: programs that the application starts would inherit
    it, and some of them close or watch every possible descriptor.
    """
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        used = len(os.listdir("/dev/fd"))
    except (ImportError, OSError):
        return None
    if limit == resource.RLIM_INFINITY:
        limit = 1 << 30
    if not adj.asyncore_use_poll:
        limit = min(limit, _SELECT_LIMIT)
    least = 2 * len(adj.sockets) + 1  # waitress counts each listening socket and its trigger
    return max(least, limit - used - _RESERVED - _RESERVED_PER_THREAD * int(adj.threads))
