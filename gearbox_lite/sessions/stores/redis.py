"""Sessions in Redis, under the keys ``<prefix>:<id>``."""

from __future__ import annotations

from collections.abc import Iterator

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gearbox_lite.masking import without_password
from gearbox_lite.sessions.stores.base import PATIENCE, Change, Store


class RedisStore(Store):
    """One key a session, which Redis drops after the session's timeout."""

    def __init__(self, url: str, timeout: int | None, prefix: str) -> None:
        """``url`` may carry redis-py's options. Raises ValueError for one that is none. Nothing is connected yet."""
        super().__init__(f"redis {without_password(url)}", timeout)
        self._prefix = f"{prefix}:"
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),  # once at once: a connection from before a restart of the server
        )

    def _key(self, session: str) -> str:
        return self._prefix + session

    def read(self, session: str) -> str | None:
        """Return a record; None where there is none."""
        with self.reaching(redis.RedisError, OSError):
            return _text(self._client.get(self._key(session)))

    def update(self, session: str, change: Change) -> str | None:
        """Change a record; again where another client changes it meanwhile (WATCH)."""
        key = self._key(session)
        with self.reaching(redis.RedisError, OSError), self._client.pipeline() as pipe:
            while True:
                pipe.watch(key)  # type: ignore[no-untyped-call]
                before = _text(pipe.get(key))
                after = change(before)
                if after is None:
                    return before
                pipe.multi()
                pipe.set(key, after, ex=self.expiry)
                try:
                    pipe.execute()
                except redis.WatchError:
                    continue
                return after

    def delete(self, session: str) -> None:
        """Remove a record."""
        with self.reaching(redis.RedisError, OSError):
            self._client.delete(self._key(session))

    def ids(self) -> Iterator[str]:
        """Yield the ids of this project's keys, by SCAN, which does not hold up the server."""
        with self.reaching(redis.RedisError, OSError):
            # A prefix has no character that is special in a pattern (options.py).
            for key in self._client.scan_iter(match=f"{self._prefix}*", count=1000):
                yield (_text(key) or "").removeprefix(self._prefix)

    def close(self) -> None:
        """Close the pool's connections."""
        self._client.close()
        self._client.connection_pool.disconnect()

    def ping(self) -> None:
        """Ask the server for an answer."""
        with self.reaching(redis.RedisError, OSError):
            self._client.ping()


def _text(data: object) -> str | None:
    if isinstance(data, bytes):
        return data.decode("ascii", "replace")
    return data if isinstance(data, str) else None  # a text with ?decode_responses=true
