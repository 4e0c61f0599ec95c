"""Sessions in Redis, under the keys ``<prefix>:<id>``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.retry import Retry

from gearbox_lite.masking import without_password
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.stores.base import MAX_UPDATE_ATTEMPTS, GuardedStore, RecordUpdate, check_time_limit
from gearbox_lite.sessions.stores.breaker import CircuitBreaker
from gearbox_lite.sessions.stores.timed_socket import TimedSocket

_GARBAGE = (ValueError, TypeError, LookupError, AttributeError)
"""What redis-py raises for garbage instead of an answer."""
_ERRORS = (redis.RedisError, OSError, *_GARBAGE)

_COMPARE_AND_SET = """
local current = redis.call("GET", KEYS[1])
if (current or "") ~= ARGV[1] then return current end
if ARGV[3] == "" then redis.call("SET", KEYS[1], ARGV[2])
else redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3]) end
return 1
"""
"""Returns 1 if ARGV[2] was stored, or else the current record. ARGV[1] is the expected one, empty for none."""
_COMPARE_AND_SET_SHA1 = hashlib.sha1(_COMPARE_AND_SET.encode(), usedforsecurity=False).hexdigest()


class RedisStore(GuardedStore):
    """One key a session, which Redis drops after the session's timeout."""

    def __init__(self, url: str, timeout: int | None, prefix: str, limit: float) -> None:
        """``url`` may carry redis-py's options. Raises ValueError for an invalid one. Nothing is connected yet.

        ``limit`` is in seconds an operation, connecting included; ``?socket_timeout=`` in the URL takes precedence.
        """
        super().__init__(f"redis {without_password(url)}", timeout, limit)
        self._prefix = f"{prefix}:"
        self._driver = self.reaching(*_ERRORS)
        pool = redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=limit,
            # One immediate retry, since the server may have been restarted since the last call; none after a timeout.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )
        if "socket_timeout" in pool.connection_kwargs:
            self.breaker.limit = check_time_limit(pool.connection_kwargs["socket_timeout"])
        pool.connection_class = _with_deadlines(pool.connection_class, self.breaker)
        try:
            pool.connection_class(**pool.connection_kwargs)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"redis-py refuses an option of this address: {error}") from error
        self._client = redis.Redis(connection_pool=pool)

    def _key(self, session: str) -> str:
        return self._prefix + session

    def _read(self, session: str) -> str | None:
        with self._driver:
            return _text(self._client.get(self._key(session)))

    def _update(self, session: str, change: RecordUpdate, expected: str | None) -> str | None:
        """Change a record by compare-and-set: Redis stores it only if the current record is still the expected one.

        If another client was first, Redis returns that client's record and the loop starts again with it, so that no
        change is lost.
        """
        key, before, is_current = self._key(session), expected, False
        for _ in range(MAX_UPDATE_ATTEMPTS):
            after = change(before)
            if after is None:
                if is_current:
                    return before
                before = self._read(session)
            else:
                was_stored, current = self._compare_and_set(key, before, after)
                if was_stored:
                    return after
                before = current
            is_current = True
        raise StoreUnavailable(f"{self}: other processes have changed the record {MAX_UPDATE_ATTEMPTS} times")

    def _compare_and_set(self, key: str, before: str | None, after: str) -> tuple[bool, str | None]:
        """Store a record if the current one is ``before``; return whether it was stored, and if not the current one."""
        expected = (before or "").encode(errors="surrogateescape")
        arguments = (1, key, expected, after, "" if self.expiry is None else str(self.expiry))
        with self._driver:
            try:
                answer = self._client.evalsha(_COMPARE_AND_SET_SHA1, *arguments)
            except redis.exceptions.NoScriptError:  # the server has not run it since its start
                answer = self._client.eval(_COMPARE_AND_SET, *arguments)
            return answer == 1, _text(answer)

    def _delete(self, session: str) -> None:
        with self._driver:
            self._client.delete(self._key(session))

    def ids(self) -> Iterator[str]:
        """Yield the ids of this project's keys, by SCAN, which does not block the server."""
        cursor = 0
        while True:
            with self.breaker.operation(), self._driver:
                # A prefix contains no character that is special in a pattern (convert.prefix).
                cursor, keys = self._client.scan(cursor, match=f"{self._prefix}*", count=1000)
            yield from ((_text(key) or "").removeprefix(self._prefix) for key in keys)
            if not cursor:
                return

    def close(self) -> None:
        """Close the pool's connections."""
        super().close()
        self._client.close()
        self._client.connection_pool.disconnect()

    def _ping(self) -> None:
        with self._driver:
            self._client.ping()


def _with_deadlines(kind: type[AbstractConnection], breaker: CircuitBreaker) -> type[AbstractConnection]:
    """Return a class of connections that keep to the deadlines of a breaker's operations."""

    class ConnectionWithDeadlines(kind):  # type: ignore[misc, valid-type]
        def _connect(self) -> Any:
            operation = breaker.current()
            longest: float = self.socket_connect_timeout  # type: ignore[has-type]
            if operation is not None:
                self.socket_connect_timeout = min(operation.remaining(), longest)
            try:
                return TimedSocket(super()._connect(), breaker)
            except TimeoutError:
                if operation is not None:
                    operation.expire()
                raise
            finally:
                self.socket_connect_timeout = longest

        def _wrap_socket_with_ssl(self, sock: Any) -> Any:
            """Do the TLS handshake within the operation's deadline; Python applies a socket's timeout to all of it."""
            operation = breaker.current()
            if operation is not None:
                sock.settimeout(operation.remaining())
            return super()._wrap_socket_with_ssl(sock)

    return ConnectionWithDeadlines


def _text(data: object) -> str | None:
    if isinstance(data, bytes):
        return data.decode("ascii", "surrogateescape")  # so that _compare_and_set finds a corrupt record unchanged
    return data if isinstance(data, str) else None  # a string with ?decode_responses=true
