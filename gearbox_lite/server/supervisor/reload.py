"""One attempt to bring the application, as its files are now, to all workers; the first start is one as well.

What follows once every worker has reported whether it has loaded the application; the first row that applies counts:

| reports | while | outcome |
| --- | --- | --- |
| all loaded | | REPLACE: the new workers serve, and the previous ones drain |
| some loaded | no previous worker serves | SERVE with those, and retry the others with backoff |
| some loaded | previous workers serve, and none has failed MAX_TRIES times | RETRY the others |
| some loaded | previous workers serve | KEEP_PREVIOUS workers, and stop the new ones |
| none loaded | first start, and reload is off or no worker can show the error page | EXIT with the failure |
| none loaded | reload is on, and previous workers may hold what it needs (a lock, a port) | DRAIN_FIRST: drain them, then load again |
| none loaded | reload is on, and a worker can show the error page | SHOW_ERROR_PAGE |
| none loaded | previous workers serve, or no worker can show the error page | KEEP_PREVIOUS, or retry with backoff if there are none |
| none loaded | no worker serves | SHOW_ERROR_PAGE, and retry with backoff |
"""  # noqa: E501 (a table)

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from enum import Enum, auto

from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.worker.protocol import Plan, Ready

MAX_TRIES = 4
"""How often a worker may fail to load while others have loaded, before the previous workers are kept."""


class Outcome(Enum):
    """What a reload leads to; see the table above."""

    WAIT = auto()
    REPLACE = auto()
    SERVE = auto()
    RETRY = auto()
    DRAIN_FIRST = auto()
    SHOW_ERROR_PAGE = auto()
    KEEP_PREVIOUS = auto()
    EXIT = auto()


@dataclass(eq=False)
class Reload:
    """The plan, the sockets to serve it on, and what the workers have reported, by slot."""

    plan: Plan
    sockets: list[socket.socket]
    is_first: bool
    started: float
    has_drained_previous: bool = False
    """Whether the previous workers have been drained so that it can load."""
    results: dict[int, Ready] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    """How often each slot's worker has failed to load."""

    @property
    def settings(self) -> ServeSettings:
        """The settings of the ini as it was when the reload began."""
        return self.plan.settings

    @property
    def workers(self) -> int:
        """How many workers are wanted."""
        return self.settings.serve.workers

    def add_result(self, slot: int, ready: Ready) -> None:
        """Note whether a worker has loaded the application."""
        self.results[slot] = ready
        if ready.failure is not None:
            self.failures[slot] = self.failures.get(slot, 0) + 1

    def failed_slots(self) -> list[int]:
        """Return the slots whose workers could not load the application."""
        return [slot for slot, ready in sorted(self.results.items()) if ready.failure is not None]

    def outcome(self, *, has_previous: bool, is_draining: bool) -> Outcome:
        """Return what to do now.

        ``has_previous``: workers of an earlier reload serve; ``is_draining``: some of them have not exited yet.
        """
        if len(self.results) < self.workers:
            return Outcome.WAIT
        failed = self.failed_slots()
        if not failed:
            return Outcome.REPLACE
        if len(failed) < self.workers:
            if not has_previous:
                return Outcome.SERVE
            return Outcome.RETRY if max(self.failures.values()) < MAX_TRIES else Outcome.KEEP_PREVIOUS
        return self._outcome_of_failure(failed, has_previous=has_previous, is_draining=is_draining)

    def _outcome_of_failure(self, failed: list[int], *, has_previous: bool, is_draining: bool) -> Outcome:
        can_serve = any(self.results[slot].can_serve for slot in failed)
        if self.is_first and not (self.settings.serve.reload and can_serve):
            return Outcome.EXIT
        if self.settings.serve.reload and can_serve:
            needs_edit = any(ready.failure is not None and ready.failure.needs_edit for ready in self.results.values())
            # Previous workers may hold what it needs: a lock, a port, a database.
            has_others = (has_previous or is_draining) and not self.has_drained_previous
            return Outcome.DRAIN_FIRST if has_others and not needs_edit else Outcome.SHOW_ERROR_PAGE
        return Outcome.KEEP_PREVIOUS if has_previous or not can_serve else Outcome.SHOW_ERROR_PAGE
