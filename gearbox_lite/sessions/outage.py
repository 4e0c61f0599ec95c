"""One log line when a store goes down and one when it is back, however many requests meet it meanwhile."""

from __future__ import annotations

import logging
import threading
import time

log = logging.getLogger("gearbox_lite.sessions")


class Outages:
    """Whether the store of one middleware is down, as its requests have last seen it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None

    def begin(self, error: BaseException) -> None:
        """Note a failed request."""
        with self._lock:
            if self._since is not None:
                return
            self._since = time.monotonic()
        log.error("the session store cannot be reached, requests are answered 503: %s", error)

    def end(self) -> None:
        """Note a request that got through."""
        if self._since is None:
            return
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            log.warning("the session store is back after %.1f seconds", time.monotonic() - since)
