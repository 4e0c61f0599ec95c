"""When a session expires: some time after its last request, and some time after it was created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

CLOCK_SKEW = 60
"""Seconds by which the clock of another server may be ahead of ours."""


def is_time(value: object, now: float) -> TypeGuard[float]:
    """Whether a stored value is a time in seconds since 1970 that a server of ours may have written until ``now``."""
    # Comparing is safe for NaN, infinity, and integers that are too large for a float; bool is an int too.
    return type(value) in (int, float) and 0 <= value <= now + CLOCK_SKEW  # type: ignore[operator]


@dataclass(frozen=True)
class Lifetime:
    """``session.timeout`` and ``session.absolute_timeout`` in seconds; None is no limit."""

    timeout: int | None = None
    absolute_timeout: int | None = None

    @property
    def shortest(self) -> int | None:
        """Seconds after its last write for which a store has to keep a record; None for no limit."""
        return min((limit for limit in (self.timeout, self.absolute_timeout) if limit is not None), default=None)

    def is_over(self, data: Mapping[str, Any], now: float) -> bool:
        """Whether a session has ended; one whose time is missing or invalid has, if there is a limit for it."""
        if self.timeout is not None and _is_over(data.get("_accessed_time"), self.timeout, now):
            return True
        return self.absolute_timeout is not None and _is_over(data.get("_creation_time"), self.absolute_timeout, now)

    def end(self, data: Mapping[str, Any]) -> float | None:
        """Return when a session that is not over will end without another request; None for never."""
        ends = []
        if self.timeout is not None:
            ends.append(data["_accessed_time"] + self.timeout)
        if self.absolute_timeout is not None:
            ends.append(self.absolute_end(data))
        return min(ends, default=None)

    def absolute_end(self, data: Mapping[str, Any]) -> float | None:
        """Return when a session that is not over will end in any case; None for never."""
        return None if self.absolute_timeout is None else data["_creation_time"] + self.absolute_timeout


def _is_over(started: object, limit: int, now: float) -> bool:
    return not (is_time(started, now) and now - started <= limit)
