"""Sessions in the memory of one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from gearbox_lite.sessions.stores.base import Change, Store

SWEEP = 60.0
"""Seconds between two removals of what has expired."""


class MemoryStore(Store):
    """A dictionary, gone with its process."""

    def __init__(self, timeout: int | None) -> None:
        super().__init__("memory", timeout)
        self._records: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()
        self._next_sweep = time.monotonic() + SWEEP

    def read(self, session: str) -> str | None:
        """Return a record; None where there is none."""
        record = self._records.get(session)
        return None if record is None else record[1]

    def update(self, session: str, change: Change) -> str | None:
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
            self._next_sweep = now + SWEEP
            oldest = now - self.expiry
            self._records = {key: record for key, record in self._records.items() if record[0] >= oldest}

    def delete(self, session: str) -> None:
        """Remove a record."""
        with self._lock:
            self._records.pop(session, None)

    def ids(self) -> Iterator[str]:
        """Yield the ids of this process."""
        yield from list(self._records)

    def ping(self) -> None:
        """Do nothing; memory is always there."""
