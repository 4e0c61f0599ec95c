"""One log line when a store goes down and one when it is back, however many requests are affected in between."""

from __future__ import annotations

import logging
import threading
import time

from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.stores.base import Store

log = logging.getLogger("gearbox_lite.sessions")

RELAPSE = 60.0
"""An outage within so many seconds of the last one counts as a relapse."""
LONGEST_TRIAL = 60.0
"""Most seconds without a failure before a store counts as back after relapses."""


class Outages:
    """Whether the store of one middleware is down, as its requests have last seen it.

    Each relapse doubles the time without failures after which the store counts as back, so that a store that fails now
    and then fills no log.
    """

    def __init__(self, store: Store | None) -> None:
        """``store`` is None for sessions without one."""
        self._store = store
        self._lock = threading.Lock()
        self._since: float | None = None
        self._last_failure = 0.0
        self._needs_write = False
        self._trial = 0.0
        self._back_at = -RELAPSE

    def begin(self, error: StoreUnavailable) -> None:
        """Note a failed request."""
        with self._lock:
            now = self._last_failure = time.monotonic()
            self._needs_write = self._needs_write or error.writing
            if self._since is not None:
                return
            self._since = now
            relapse = now - self._back_at < RELAPSE
            self._trial = min(max(1.0, 2 * self._trial), LONGEST_TRIAL) if relapse else 0.0
        log.error("the session store cannot be reached, requests are answered 503: %s", error)

    def end(self) -> None:
        """Note a request that got through: a store that could not write is back once it has written."""
        if self._since is None:
            return
        with self._lock:
            now = time.monotonic()
            if self._since is None or now - self._last_failure < self._trial:
                return
            if self._needs_write and self._store is not None and self._store.last_write() <= self._last_failure:
                return
            since, self._since, self._needs_write, self._back_at = self._since, None, False, now
        log.warning("the session store is back after %.1f seconds", now - since)
