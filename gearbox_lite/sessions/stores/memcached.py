"""Sessions in memcached, under the keys ``<prefix>:<id>``."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakSet

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheError, MemcacheUnexpectedCloseError

from gearbox_lite.masking import without_password
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.stores.base import MAX_UPDATE_ATTEMPTS, GuardedStore, RecordUpdate, Store
from gearbox_lite.sessions.stores.breaker import CircuitBreaker
from gearbox_lite.sessions.stores.timed_socket import TimedSocket

MAX_DURATION = 60 * 60 * 24 * 30
"""Seconds; memcached takes a larger expiry for a time since 1970 (protocol.txt)."""
ITEM_OVERHEAD = 512
"""Bytes of an item that are not the record: the key and memcached's own."""
MAX_KEY_LENGTH = 250
"""Bytes of a key (protocol.txt)."""

_ERRORS = (MemcacheError, OSError, ValueError, TypeError, LookupError, AttributeError)
"""The last four are what pymemcache raises for garbage instead of an answer."""

T = TypeVar("T")


class _Record(str):
    """A record, and memcached's token for this version of it."""

    __slots__ = ("token",)

    token: bytes


class _Client(Client):  # type: ignore[misc]
    """One thread's connection to one server, closed when the thread has ended."""

    sock = None
    """For ``__del__``, if the constructor refuses the address."""

    def __del__(self) -> None:
        self.close()

    def check_key(self, key: str, key_prefix: bytes) -> bytes:
        """Return a valid key as bytes. Plain keys skip pymemcache's own check, which takes longer."""
        if key.isascii() and key.isprintable() and " " not in key and len(key) <= MAX_KEY_LENGTH and not key_prefix:
            return key.encode("ascii")
        return super().check_key(key, key_prefix)  # type: ignore[no-any-return]


class _SocketModule:
    """Stands in for Python's module ``socket`` in pymemcache, with sockets that keep to an operation's deadline."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def socket(self, *arguments: int) -> TimedSocket:
        """Make a socket that is not connected."""
        return TimedSocket(socket.socket(*arguments), self._breaker)


class _Server(GuardedStore):
    """One server, with a circuit breaker of its own, and a connection for each thread."""

    def __init__(self, address: str, timeout: int | None, prefix: str, limit: float) -> None:
        super().__init__(f"memcached {without_password(address)}", timeout, limit)
        self._prefix = f"{prefix}:"
        self._driver = self.reaching(*_ERRORS)
        self._address = address
        self._options = {"socket_module": _SocketModule(self.breaker), "no_delay": True, "default_noreply": False}
        self._biggest: int | None = None
        self._forget_clients()
        self.client()  # raises for an invalid address

    def _forget_clients(self) -> None:
        self._of_thread = threading.local()
        self._made: WeakSet[Client] = WeakSet()

    def client(self) -> Client:
        """Return this thread's client, which connects when it is used."""
        client: Client | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = self._of_thread.client = _Client(self._address, **self._options)
            self._made.add(client)
        return client

    def _call(self, operation: Callable[..., T], *arguments: Any) -> T:
        """Call an operation that may be repeated, and repeat it if the server has closed the connection since."""
        with self._driver:
            try:
                return operation(*arguments)
            except (MemcacheUnexpectedCloseError, ConnectionResetError, BrokenPipeError):
                return operation(*arguments)

    def _read(self, session: str) -> str | None:
        return self._read_with_token(self._prefix + session)

    def _read_with_token(self, key: str) -> _Record | None:
        found, token = self._call(self.client().gets, key)
        text = _text(found)
        if text is None:
            return None
        record = _Record(text)
        record.token = token
        return record

    def _update(self, session: str, change: RecordUpdate, expected: str | None) -> str | None:
        """Change a record by compare-and-set: memcached stores it only if it is still the one that was read.

        If another client was first, the loop starts again with that client's record, so that no change is lost.
        """
        client, key = self.client(), self._prefix + session
        # A record that ``update`` has returned has no token, since memcached does not return it for what it stores.
        is_known = expected is None or isinstance(expected, _Record)
        before, is_current = (expected, False) if is_known else (self._read_with_token(key), True)
        for _ in range(MAX_UPDATE_ATTEMPTS):
            after = change(before)
            if after is None and is_current:
                return before
            if after is not None and self._store(client, key, after, getattr(before, "token", None)):
                return after
            before, is_current = self._read_with_token(key), True
        raise StoreUnavailable(f"{self}: other processes have changed the record {MAX_UPDATE_ATTEMPTS} times")

    def _store(self, client: Client, key: str, record: str, token: bytes | None) -> bool:
        """Store a record if it is new (no token), or still the one of the token; False if another client was first."""
        if token is None:
            return bool(self._call(client.add, key, record, self._memcached_expiry()))
        return bool(self._call(client.cas, key, record, token, self._memcached_expiry()))

    def _memcached_expiry(self) -> int:
        if self.expiry is None:
            return 0
        return self.expiry if self.expiry <= MAX_DURATION else int(time.time()) + self.expiry

    def _delete(self, session: str) -> None:
        self._call(self.client().delete, self._prefix + session)

    def ids(self) -> Iterator[str]:
        raise NotImplementedError

    def flush(self) -> None:
        with self.breaker.operation():
            self._call(self.client().flush_all)

    def max_record_bytes(self) -> int:
        if self._biggest is None:
            with self.breaker.operation():
                self._biggest = (
                    self._call(lambda: int(self.client().stats("settings")[b"item_size_max"])) - ITEM_OVERHEAD
                )
        return self._biggest

    def close(self) -> None:
        super().close()
        for client in list(self._made):
            client.close()

    def after_fork(self) -> None:
        super().after_fork()
        self._forget_clients()

    def _ping(self) -> None:
        self._call(self.client().version)


class MemcachedStore(Store):
    """Every session has its server, chosen by its id. If that one is down, its sessions are not moved to others.

    pymemcache reports a server that cannot be reached; python-memcached behaves as if nothing were stored there.
    """

    def __init__(self, url: str, timeout: int | None, prefix: str, limit: float) -> None:
        """``url`` is one or more ``host:port`` or socket paths with ``;`` between them. Nothing is connected yet.

        ``limit`` is in seconds an operation.
        """
        super().__init__(f"memcached {without_password(url)}", timeout)
        addresses = [address.strip() for address in url.split(";") if address.strip()]
        if not addresses:
            raise ValueError("it names no server")
        self.servers = [_Server(address, timeout, prefix, limit) for address in addresses]
        self._max_record_bytes: int | None = None
        if len(self.servers) == 1:  # the usual case, without the choice of a server
            self.read = self.servers[0].read  # type: ignore[method-assign]
            self.update = self.servers[0].update  # type: ignore[method-assign]

    def _server(self, session: str) -> _Server:
        servers = self.servers
        return servers[0] if len(servers) == 1 else servers[zlib.crc32(session.encode()) % len(servers)]

    def read(self, session: str) -> str | None:
        """Return a record; None if there is none."""
        return self._server(session).read(session)

    def update(self, session: str, change: RecordUpdate, expected: str | None = None) -> str | None:
        """Change a record, as in Store."""
        return self._server(session).update(session, change, expected)

    def delete(self, session: str) -> None:
        """Remove a record, if there is one."""
        self._server(session).delete(session)

    def last_write(self) -> float:
        """Return when a change was last stored, as ``time.monotonic`` has it."""
        return max(server.last_write() for server in self.servers)

    def ids(self) -> Iterator[str]:
        """Raise NotImplementedError: memcached does not list its keys."""
        raise NotImplementedError

    def flush(self) -> None:
        """Empty the servers, of everything that anyone keeps there."""
        for server in self.servers:
            server.flush()

    def max_record_bytes(self) -> int | None:
        """Return how many bytes a record may have: the smallest item size of the servers, each of them asked once.

        A server that is down is asked again later; until then none of its own sessions can be saved.
        """
        if self._max_record_bytes is None:
            sizes = []
            for server in self.servers:
                with suppress(StoreUnavailable):
                    sizes.append(server.max_record_bytes())
            if len(sizes) < len(self.servers):
                return min(sizes, default=None)
            self._max_record_bytes = min(sizes)
        return self._max_record_bytes

    def ping(self) -> None:
        """Reach all servers."""
        for server in self.servers:
            server.ping()

    def after_fork(self) -> None:
        """Forget the connections and locks of all servers, as in Store."""
        for server in self.servers:
            server.after_fork()

    def close(self) -> None:
        """Close the connections of all threads."""
        for server in self.servers:
            server.close()


def _text(data: object) -> str | None:
    return data.decode("ascii", "replace") if isinstance(data, bytes) else None
