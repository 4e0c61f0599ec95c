"""When to restart (respawn) a worker that has exited: at once, and with exponential backoff if it keeps crashing."""

from __future__ import annotations

from collections.abc import Callable

STABLE_AFTER = 5.0
"""Seconds; a worker that crashes sooner is restarted only after a pause, except for the first time."""
FIRST_PAUSE = 0.2
MAX_PAUSE = 10.0


class Backoff:
    """The restarts that are due, and the pause before the next one, by slot."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due: dict[int, float] = {}
        self._pauses: dict[int, float] = {}

    def schedule_restart(self, slot: int, lived: float) -> float:
        """Schedule a restart of a worker that lived so many seconds, and return the pause before it in seconds."""
        pause = 0.0 if lived >= STABLE_AFTER else self._pauses.get(slot, 0.0)
        self._due[slot] = self._clock() + pause
        self._pauses[slot] = min(MAX_PAUSE, max(FIRST_PAUSE, pause * 2))
        return pause

    def schedule_retry(self, slot: int) -> float:
        """Schedule a restart after a load that has failed, and return the pause before it in seconds."""
        pause = max(FIRST_PAUSE, self._pauses.get(slot, 0.0))
        self._due[slot] = self._clock() + pause
        self._pauses[slot] = min(MAX_PAUSE, pause * 2)
        return pause

    def clear(self, *, keeps_pauses: bool = False) -> None:
        """Cancel all restarts, and forget the pauses unless they are to keep growing."""
        self._due.clear()
        if not keeps_pauses:
            self._pauses.clear()

    def due_times(self) -> list[float]:
        """Return when restarts are due, on the clock."""
        return list(self._due.values())

    def take_due(self) -> list[int]:
        """Return the slots whose restart is due, and forget these restarts."""
        now = self._clock()
        slots = [slot for slot, due in self._due.items() if now >= due]
        for slot in slots:
            del self._due[slot]
        return slots
