"""Sessions in memcached, under the keys ``<prefix>:<id>``."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import TypeVar
from weakref import WeakSet

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheError, MemcacheUnexpectedCloseError

from gearbox_lite.masking import without_password
from gearbox_lite.sessions.stores.base import PATIENCE, Change, Store

MONTH = 60 * 60 * 24 * 30
"""The longest expiry in seconds that memcached takes for a duration; beyond it is a time since 1970 (protocol.txt)."""
OVERHEAD = 512
"""Bytes of an item that are not the record: the key and memcached's own."""

T = TypeVar("T")


class _Client(Client):  # type: ignore[misc]
    """One thread's connection to one server, closed when the thread has ended."""

    def __del__(self) -> None:
        self.close()


class MemcachedStore(Store):
    """Every session has its server, chosen by its id; the others do not stand in for one that is down.

    pymemcache says when a server cannot be reached, where python-memcached answers as if nothing were stored.
    """

    def __init__(self, url: str, timeout: int | None, prefix: str) -> None:
        """``url`` is one or more ``host:port`` or socket paths with ``;`` between them. Nothing is connected yet."""
        super().__init__(f"memcached {without_password(url)}", timeout)
        self._prefix = f"{prefix}:"
        self._addresses = [server.strip() for server in url.split(";") if server.strip()]
        if not self._addresses:
            raise ValueError("there is no server in it")
        self._of_thread = threading.local()
        self._made: WeakSet[Client] = WeakSet()
        self._biggest: int | None = None
        self._clients()  # an address that is none is noticed now

    def _clients(self) -> list[Client]:
        """Return this thread's client for each server."""
        clients: list[Client] | None = getattr(self._of_thread, "clients", None)
        if clients is None:
            options = {"connect_timeout": PATIENCE, "timeout": PATIENCE, "no_delay": True, "default_noreply": False}
            clients = self._of_thread.clients = [_Client(address, **options) for address in self._addresses]
            self._made.update(clients)
        return clients

    def _server(self, session: str) -> Client:
        return self._clients()[zlib.crc32(session.encode()) % len(self._addresses)]

    def _call(self, operation: Callable[[], T]) -> T:
        """Call what may be called twice: again where the connection is from before a restart of the server."""
        with self.reaching(MemcacheError, OSError):
            try:
                return operation()
            except (MemcacheUnexpectedCloseError, ConnectionResetError, BrokenPipeError):
                return operation()

    def read(self, session: str) -> str | None:
        """Return a record; None where there is none."""
        server = self._server(session)
        return _text(self._call(lambda: server.get(self._prefix + session)))

    def update(self, session: str, change: Change) -> str | None:
        """Change a record; again where another client changes it meanwhile (cas)."""
        server, key = self._server(session), self._prefix + session

        def attempt() -> tuple[bool, str | None]:
            found, token = server.gets(key)
            before = _text(found)
            after = change(before)
            if after is None:
                return True, before
            if before is None:
                return bool(server.add(key, after, expire=self._expire())), after
            return bool(server.cas(key, after, token, expire=self._expire())), after

        while True:
            done, record = self._call(attempt)
            if done:
                return record

    def _expire(self) -> int:
        if self.expiry is None:
            return 0
        return self.expiry if self.expiry <= MONTH else int(time.time()) + self.expiry

    def delete(self, session: str) -> None:
        """Remove a record."""
        server = self._server(session)
        self._call(lambda: server.delete(self._prefix + session))

    def ids(self) -> Iterator[str]:
        """Raise NotImplementedError: memcached does not list its keys."""
        raise NotImplementedError

    def flush(self) -> None:
        """Empty the servers, of everything that anybody keeps there."""
        self._call(lambda: [server.flush_all() for server in self._clients()])

    def biggest(self) -> int | None:
        """Return how many bytes a record may have: memcached's item size, asked for once."""
        if self._biggest is None:
            sizes = self._call(lambda: [int(server.stats("settings")[b"item_size_max"]) for server in self._clients()])
            self._biggest = min(sizes) - OVERHEAD
        return self._biggest

    def close(self) -> None:
        """Close the connections of all threads."""
        for client in list(self._made):
            client.close()

    def ping(self) -> None:
        """Ask every server for its version."""
        self._call(lambda: [server.version() for server in self._clients()])


def _text(data: object) -> str | None:
    return data.decode("ascii", "replace") if isinstance(data, bytes) else None
