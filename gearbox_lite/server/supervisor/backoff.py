"""When to start workers again that have ended: at once, and after growing pauses if they end again and again."""

from __future__ import annotations

import time

QUICK_DEATH = 5.0
"""Seconds; a worker that lived shorter is started again only after a pause."""
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0


class Restarts:
    """The starts that are due, by the number of the worker's slot."""

    def __init__(self) -> None:
        self._due: dict[int, float] = {}
        self._pauses: dict[int, float] = {}

    def add(self, slot: int, lived: float) -> float:
        """Plan a start after a worker that lived so many seconds, and return the pause before it in seconds."""
        pause = 0.0 if lived >= QUICK_DEATH else self._pauses.get(slot, 0.0)
        self._due[slot] = time.monotonic() + pause
        self._pauses[slot] = min(LONGEST_PAUSE, max(FIRST_PAUSE, pause * 2))
        return pause

    def retry(self, slot: int) -> float:
        """Plan a start after a worker that has failed to load, and return the pause before it in seconds."""
        pause = max(FIRST_PAUSE, self._pauses.get(slot, 0.0))
        self._due[slot] = time.monotonic() + pause
        self._pauses[slot] = min(LONGEST_PAUSE, pause * 2)
        return pause

    def clear(self, *, keeps_pauses: bool = False) -> None:
        """Forget all starts, and the pauses unless they are to keep growing."""
        self._due.clear()
        if not keeps_pauses:
            self._pauses.clear()

    def times(self) -> list[float]:
        """Return when starts are due, on time.monotonic's clock."""
        return list(self._due.values())

    def take_due(self) -> list[int]:
        """Return the slots whose time has come, and forget these starts."""
        now = time.monotonic()
        slots = [slot for slot, due in self._due.items() if now >= due]
        for slot in slots:
            del self._due[slot]
        return slots
