"""The pages that are open in browsers, as the supervisor sees them: a connection each, to tell them what to do.

A page names itself as the version of the application that made it and when, on time.monotonic's clock, which all
processes of a machine share. No event says which files have changed.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from math import inf

from gearbox_lite.server.live_reload.file_events import PageEvent

_HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/event-stream\r\n"
    b"Cache-Control: no-store\r\n"
    b"Cross-Origin-Resource-Policy: same-origin\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"X-Accel-Buffering: no\r\n"  # nginx passes each event on at once
    b"Connection: close\r\n\r\n"
)
_CURRENT = b"event: current\ndata:\n\n"
"""Follows what a page has missed: from now on, it is told what happens."""
_ORDER = (PageEvent.REFETCH, PageEvent.RELOAD, PageEvent.REPLACE_STYLES)
"""Of what a page has missed, it is told only the first: each includes those after it."""
_SHARE_OF_DESCRIPTORS = 2
"""At most one in so many of the descriptors that this process may open is a page's."""


class OpenPages:
    """Keeps the connections of open pages, and tells them what happens; only the supervisor's loop uses it."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()  # one descriptor for the supervisor to wait for, not one a page
        self._run = os.urandom(4).hex()
        self._versions = 0
        self._shown: str | None = None
        self._changed_at: dict[PageEvent, int] = {}
        self._limit = _affordable_pages()

    def __len__(self) -> int:
        return len(self._selector.get_map())

    def fileno(self) -> int:
        """Return a descriptor that can be read when a browser has closed a connection, for ``wait``."""
        return self._selector.fileno()

    def new_version(self) -> str:
        """Return the version of the pages of the next workers; it differs from those of an earlier server as well."""
        self._versions += 1
        return f"{self._run}-{self._versions}"

    def add(self, descriptor: int, page: str) -> None:
        """Answer a browser that has asked for events, and tell it what its page has missed."""
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        if len(self) >= self._limit:
            connection.close()
            return
        self._selector.register(connection, selectors.EVENT_READ, connection)
        missed = self._missed(page)
        self._send(connection, _HEAD + (b"" if missed is None else self._as_bytes(missed)) + _CURRENT)

    def _missed(self, page: str) -> PageEvent | None:
        version, _, made_at = page.rpartition("~")
        if not version or not made_at.isdecimal():  # a copy from a cache, which would be the same after a reload
            return None
        if version != self._shown:
            return PageEvent.RELOAD
        return next((event for event in _ORDER if int(made_at) < self._changed_at.get(event, 0)), None)

    def show(self, version: str | None) -> None:
        """Have all pages load again if the workers that serve now make pages of another version."""
        if version != self._shown:
            is_first, self._shown = self._shown is None, version
            if not is_first:
                self._tell_all(PageEvent.RELOAD)

    def tell(self, event: PageEvent) -> None:
        """Tell all open pages, and those whose connections come later but that were made before."""
        self._changed_at[event] = time.monotonic_ns()
        self._tell_all(event)

    def _tell_all(self, event: PageEvent) -> None:
        data = self._as_bytes(event)
        for key in list(self._selector.get_map().values()):
            self._send(key.data, data)

    def _as_bytes(self, event: PageEvent) -> bytes:
        """Return an event of https://html.spec.whatwg.org/multipage/server-sent-events.html.

        Its id is what a page that stays, such as one with new styles, calls itself from then on.
        """
        return f"id: {self._shown}~{time.monotonic_ns()}\ndata: {event.value}\n\n".encode()

    def drop_closed(self) -> None:
        """Close the connections that browsers have closed."""
        for key, _ in self._selector.select(0):
            if not _is_open(key.data):
                self._drop(key.data)

    def _send(self, connection: socket.socket, data: bytes) -> None:
        """Send an event; a browser that reads none is dropped, and connects again if it still runs."""
        try:
            is_sent = connection.send(data) == len(data)
        except OSError:
            is_sent = False
        if not is_sent:
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()

    def close(self) -> None:
        """Close all connections: the server stops."""
        for key in list(self._selector.get_map().values()):
            self._drop(key.data)
        self._selector.close()


def _is_open(connection: socket.socket) -> bool:
    """Read what a browser has sent, which means nothing here, and return whether more may follow."""
    try:
        return bool(connection.recv(1 << 16))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _affordable_pages() -> float:
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return inf if limit == resource.RLIM_INFINITY else limit // _SHARE_OF_DESCRIPTORS
