"""Messages whose cause may recur thousands of times a second, logged now and then."""

from __future__ import annotations

import time

INTERVAL = 10.0
"""Seconds from one such message to the next."""


class Throttle:
    """Tells whether a message is due: the first time at once, then at most every INTERVAL seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def is_due(self) -> bool:
        """Whether to log the message now."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + INTERVAL
        return True
