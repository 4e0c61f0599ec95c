"""One log line when a store goes down and one when it is back, however many requests are affected in between."""

from __future__ import annotations

import logging
import threading
import time

from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.stores.base import Store

log = logging.getLogger("gearbox_lite.sessions")

RELAPSE_WINDOW = 60.0
"""An outage within so many seconds of the last one counts as a relapse."""
MAX_PROBATION = 60.0
"""Most seconds without a failure before a store counts as back after relapses."""


class Outages:
    """Whether the store of one middleware is down, as far as its requests have noticed.

    Each relapse doubles the time without failures after which the store counts as back (the probation), so that a store
    that fails now and then does not fill the log.
    """

    def __init__(self, store: Store | None) -> None:
        """``store`` is None for sessions without one."""
        self._store = store
        self._lock = threading.Lock()
        self._since: float | None = None
        self._last_failure = 0.0
        self._needs_write = False
        self._probation = 0.0
        self._back_at = -RELAPSE_WINDOW

    def begin(self, error: StoreUnavailable) -> None:
        """Record a failed request."""
        with self._lock:
            now = self._last_failure = time.monotonic()
            self._needs_write = self._needs_write or error.writing
            if self._since is not None:
                return
            self._since = now
            relapse = now - self._back_at < RELAPSE_WINDOW
            self._probation = min(max(1.0, 2 * self._probation), MAX_PROBATION) if relapse else 0.0
        log.error("the session store cannot be reached; requests that use a session are answered 503: %s", error)

    def end(self) -> None:
        """Record a request for which the store has answered. After a failed write, only a write ends the outage."""
        if self._since is None:
            return
        with self._lock:
            now = time.monotonic()
            if self._since is None or now - self._last_failure < self._probation:
                return
            if self._needs_write and self._store is not None and self._store.last_write() <= self._last_failure:
                return
            since, self._since, self._needs_write, self._back_at = self._since, None, False, now
        log.warning("the session store is back after %.1f seconds", now - since)
