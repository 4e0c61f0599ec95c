"""Sessions in memcached, under the keys ``<prefix>:<id>``."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from weakref import WeakSet

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheError, MemcacheUnexpectedCloseError

from gearbox_lite.masking import without_password
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.stores.base import ATTEMPTS, Change, GuardedStore
from gearbox_lite.sessions.stores.breaker import CircuitBreaker
from gearbox_lite.sessions.stores.timed_socket import TimedSocket

MONTH = 60 * 60 * 24 * 30
"""The longest expiry in seconds that memcached takes for a duration; beyond it is a time since 1970 (protocol.txt)."""
OVERHEAD = 512
"""Bytes of an item that are not the record: the key and memcached's own."""

_ERRORS = (MemcacheError, OSError, ValueError, TypeError, LookupError, AttributeError)
"""The second half is what pymemcache raises for an answer that is not memcached's."""

T = TypeVar("T")


class _Client(Client):  # type: ignore[misc]
    """One thread's connection to one server, closed when the thread has ended."""

    def __del__(self) -> None:
        self.close()


class _SocketModule:
    """Python's module ``socket``, as far as pymemcache uses it, with sockets that keep to an operation's deadline."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def socket(self, *arguments: int) -> TimedSocket:
        """Make a socket that is not connected."""
        return TimedSocket(socket.socket(*arguments), self._breaker)


class MemcachedStore(GuardedStore):
    """Every session has its server, chosen by its id; the others do not stand in for one that is down.

    pymemcache says when a server cannot be reached, whereas python-memcached answers as if nothing were stored.
    """

    def __init__(self, url: str, timeout: int | None, prefix: str, limit: float) -> None:
        """``url`` is one or more ``host:port`` or socket paths with ``;`` between them. Nothing is connected yet.

        ``limit`` is in seconds an operation.
        """
        super().__init__(f"memcached {without_password(url)}", timeout, limit)
        self._prefix = f"{prefix}:"
        self._driver = self.reaching(*_ERRORS)
        self._addresses = [server.strip() for server in url.split(";") if server.strip()]
        if not self._addresses:
            raise ValueError("there is no server in it")
        self._of_thread = threading.local()
        self._made: WeakSet[Client] = WeakSet()
        self._biggest: int | None = None
        self._clients()  # an invalid address is noticed now

    def _clients(self) -> list[Client]:
        """Return this thread's client for each server."""
        clients: list[Client] | None = getattr(self._of_thread, "clients", None)
        if clients is None:
            options = {"socket_module": _SocketModule(self.breaker), "no_delay": True, "default_noreply": False}
            clients = self._of_thread.clients = [_Client(address, **options) for address in self._addresses]
            self._made.update(clients)
        return clients

    def _server(self, session: str) -> Client:
        clients = self._clients()
        return clients[0] if len(clients) == 1 else clients[zlib.crc32(session.encode()) % len(clients)]

    def _call(self, operation: Callable[[], T]) -> T:
        """Call what may be called twice: again if the connection is from before a restart of the server."""
        with self._driver:
            try:
                return operation()
            except (MemcacheUnexpectedCloseError, ConnectionResetError, BrokenPipeError):
                return operation()

    def _read(self, session: str) -> str | None:
        server = self._server(session)
        return _text(self._call(lambda: server.get(self._prefix + session)))

    def _update(self, session: str, change: Change) -> str | None:
        """Change a record; again if another client changes it at the same time (cas)."""
        server, key = self._server(session), self._prefix + session
        for _ in range(ATTEMPTS):
            found, token = self._call(lambda: server.gets(key))
            before = _text(found)
            after = change(before)
            if after is None:
                return before
            if self._store(server, key, after, None if before is None else token):
                return after
        raise StoreUnavailable(f"{self}: other processes have changed the record {ATTEMPTS} times")

    def _store(self, server: Client, key: str, record: str, token: bytes | None) -> bool:
        """Store a record that is new, or still the one of the token; False if it is not."""
        if token is None:
            return bool(self._call(lambda: server.add(key, record, expire=self._expire())))
        return bool(self._call(lambda: server.cas(key, record, token, expire=self._expire())))

    def _expire(self) -> int:
        if self.expiry is None:
            return 0
        return self.expiry if self.expiry <= MONTH else int(time.time()) + self.expiry

    def _delete(self, session: str) -> None:
        server = self._server(session)
        self._call(lambda: server.delete(self._prefix + session))

    def ids(self) -> Iterator[str]:
        """Raise NotImplementedError: memcached does not list its keys."""
        raise NotImplementedError

    def flush(self) -> None:
        """Empty the servers, of everything that anyone keeps there."""
        with self.breaker.operation():
            self._call(lambda: [server.flush_all() for server in self._clients()])

    def biggest(self) -> int | None:
        """Return how many bytes a record may have: memcached's item size, asked for once."""
        if self._biggest is None:
            with self.breaker.operation():
                sizes = self._call(
                    lambda: [int(server.stats("settings")[b"item_size_max"]) for server in self._clients()]
                )
            self._biggest = min(sizes) - OVERHEAD
        return self._biggest

    def close(self) -> None:
        """Close the connections of all threads."""
        super().close()
        for client in list(self._made):
            client.close()

    def _ping(self) -> None:
        self._call(lambda: [server.version() for server in self._clients()])


def _text(data: object) -> str | None:
    return data.decode("ascii", "replace") if isinstance(data, bytes) else None
