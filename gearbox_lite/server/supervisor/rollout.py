"""One attempt to bring the application, as its files now are, to all workers: what to do after their reports.

loading --all loaded--> SWAP: all new workers serve, and the previous ones drain
        --none loaded, first start without reload--> EXIT with the failure
        --none loaded, the files need no edit, reload--> CLEAR: end the previous workers, then load once more
        --none loaded, reload--> SHOW the error page
        --some loaded, while previous workers serve--> RETRY the others, TRIES times at most
        --otherwise, while previous workers serve--> KEEP them, and end the new ones
        --some loaded, while none serves--> SERVE with those, and retry the others in growing pauses
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from enum import Enum, auto

from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.worker.protocol import Plan, Ready

TRIES = 4
"""How often a worker may fail to load while others have loaded, before the previous ones are kept."""


class Outcome(Enum):
    """What a rollout has come to; see the module's description."""

    WAIT = auto()
    SWAP = auto()
    SERVE = auto()
    RETRY = auto()
    CLEAR = auto()
    SHOW = auto()
    KEEP = auto()
    EXIT = auto()


@dataclass(eq=False)
class Rollout:
    """The plan, the sockets to serve it on, and what the workers have reported by slot."""

    plan: Plan
    sockets: list[socket.socket]
    is_first: bool
    has_cleared: bool = False
    """Whether the previous workers have been ended for it."""
    started: float = field(default_factory=time.monotonic)
    reports: dict[int, Ready] = field(default_factory=dict)
    failures: dict[int, int] = field(default_factory=dict)
    """How often each slot's worker has failed to load."""

    @property
    def settings(self) -> ServeSettings:
        """The settings that it serves."""
        return self.plan.settings

    @property
    def workers(self) -> int:
        """How many workers are wanted."""
        return self.settings.serve.workers

    def report(self, slot: int, ready: Ready) -> None:
        """Note what a worker has reported."""
        self.reports[slot] = ready
        if ready.failure is not None:
            self.failures[slot] = self.failures.get(slot, 0) + 1

    def failed_slots(self) -> list[int]:
        """Return the slots whose workers did not load."""
        return [slot for slot, ready in sorted(self.reports.items()) if ready.failure is not None]

    def outcome(self, *, has_previous: bool, is_draining: bool) -> Outcome:
        """Return what to do now, while previous workers serve the application or not, or some still drain."""
        if len(self.reports) < self.workers:
            return Outcome.WAIT
        failed = self.failed_slots()
        if not failed:
            return Outcome.SWAP
        if len(failed) < self.workers:
            if not has_previous:
                return Outcome.SERVE
            return Outcome.RETRY if max(self.failures.values()) < TRIES else Outcome.KEEP
        return self._outcome_of_failure(failed, has_previous=has_previous, is_draining=is_draining)

    def _outcome_of_failure(self, failed: list[int], *, has_previous: bool, is_draining: bool) -> Outcome:
        can_serve = any(self.reports[slot].can_serve for slot in failed)
        if self.is_first and not (self.settings.serve.reload and can_serve):
            return Outcome.EXIT
        if self.settings.serve.reload and can_serve:
            may_load = not any(
                ready.failure is not None and ready.failure.needs_edit for ready in self.reports.values()
            )
            is_beside_others = (has_previous or is_draining) and not self.has_cleared
            return Outcome.CLEAR if may_load and is_beside_others else Outcome.SHOW
        return Outcome.KEEP if has_previous or not can_serve else Outcome.SHOW
