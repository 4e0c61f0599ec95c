"""Limits how often a message is logged whose cause may recur thousands of times a second."""

from __future__ import annotations

import time

WARNING_INTERVAL = 10.0
"""Seconds from one such message to the next."""


class Throttle:
    """Allows a message at once the first time, then at most every WARNING_INTERVAL seconds."""

    def __init__(self) -> None:
        self._next = 0.0

    def is_due(self) -> bool:
        """Whether to log the message now."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + WARNING_INTERVAL
        return True
