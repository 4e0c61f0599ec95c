"""Sessions in the memory of one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from weakref import WeakValueDictionary

from gearbox_lite.sessions.stores.base import RecordUpdate, Store

SWEEP_INTERVAL = 60.0
"""Seconds between two removals of expired records."""

_stores_by_cookie: WeakValueDictionary[str, MemoryStore] = WeakValueDictionary()
_stores_lock = threading.Lock()


def shared_store(cookie_name: str, timeout: int | None) -> MemoryStore:
    """Return the store of all filters of this process whose cookies have the same name, as Beaker shares its memory.

    A record is kept for the longest of their timeouts.
    """
    with _stores_lock:
        store = _stores_by_cookie.get(cookie_name)
        if store is None:
            store = _stores_by_cookie[cookie_name] = MemoryStore(timeout)
        else:
            store.extend_expiry(timeout)
        return store


class MemoryStore(Store):
    """A dictionary, which is lost when its process exits."""

    def __init__(self, timeout: int | None) -> None:
        super().__init__("memory", timeout)
        self._records: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()
        self._next_sweep = time.monotonic() + SWEEP_INTERVAL

    def extend_expiry(self, timeout: int | None) -> None:
        """Keep records for at least another timeout too, in seconds; None means forever."""
        other = MemoryStore(timeout).expiry
        self.expiry = None if self.expiry is None or other is None else max(self.expiry, other)

    def read(self, session: str) -> str | None:
        """Return a record; None if there is none."""
        record = self._records.get(session)
        return None if record is None else record[1]

    def update(self, session: str, change: RecordUpdate, expected: str | None = None) -> str | None:  # noqa: ARG002
        """Change a record under the lock."""
        with self._lock:
            self._sweep()
            before = self.read(session)
            after = change(before)
            if after is None:
                return before
            self._records[session] = time.monotonic(), after
            return after

    def _sweep(self) -> None:
        now = time.monotonic()
        if self.expiry is not None and now >= self._next_sweep:
            self._next_sweep = now + SWEEP_INTERVAL
            oldest = now - self.expiry
            self._records = {key: record for key, record in self._records.items() if record[0] >= oldest}

    def delete(self, session: str) -> None:
        """Remove a record."""
        with self._lock:
            self._records.pop(session, None)

    def ids(self) -> Iterator[str]:
        """Yield the ids of this process."""
        yield from list(self._records)

    def after_fork(self) -> None:
        """Forget the parent's lock; the records are this process' own copy."""
        self._lock = threading.Lock()

    def ping(self) -> None:
        """Do nothing; memory is always available."""
