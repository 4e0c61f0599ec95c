"""Tells when a leader loses the lead, and when requests count as slow, from what the main thread sees of the leader.

Requests that are slow, because they wait for a database for example, are left to other threads at once for a while
(leader.py): otherwise those behind them would wait until the main thread has noticed each of them.
"""

from __future__ import annotations

WATCH_INTERVAL = 0.001
"""Seconds between two looks at the leader."""
CALM_AFTER = 300
"""Looks in a row that have left the leader the lead, after which it is calm."""
CALM_FACTOR = 5
"""How many times as long the main thread waits between two looks while the leader is calm.

Each look interrupts the leader, since it takes Python's lock: under load, looks each millisecond took 7 % of a core,
and this takes 1 %. A request that blocks a calm leader delays others by up to twice this time.
"""
CALM_LOOKS, CLOSE_LOOKS = 160, 30
"""How many looks at a calm leader are followed by how many close ones.

Only these can notice requests that each wait for less than ``WATCH_INTERVAL``.
"""
BUSY_LOOKS = 10
"""Looks in the same request after which a leader that is not blocked loses the lead; one that is blocked does at once.

It computes, or the system has not given it a core: another leader would only compete with it.
"""
BLOCKED_LOOK, FREE_LOOK, BLOCKED_LIMIT = 2, -3, 12
"""What is added for a look that finds the leader blocked while requests are queued, for any other, and the limit.

So requests also count as slow if each waits less than ``WATCH_INTERVAL``, for example for a database, but together they
have the leader wait for more than 60 % of the time.
"""
QUIET_TICKS = 20
"""Looks without any request after which the main thread sleeps until the next one."""
EAGER_TIME = 0.1
"""Seconds for which each request is left to another thread at once, since requests have turned out to be slow."""
SLOW_COST = 10
"""A slow request counts as much as this number of quick ones: leaving those to other threads would cost as much."""
SLOW_LIMIT = 20
"""The balance at which requests count as slow."""


class SlowRequests:
    """Whether requests are slow; used with the lock of leader.py held."""

    __slots__ = ("_eager_until", "balance")

    def __init__(self) -> None:
        self.balance = 0
        """The costs of slow requests; each request that a leader has answered takes one off."""
        self._eager_until = 0.0

    def is_eager(self, now: float) -> bool:
        """Whether requests are left to other threads at once; ``now`` is the monotonic clock's time."""
        return now < self._eager_until

    def count(self, cost: int, now: float) -> bool:
        """Count a request of this cost; return whether requests are slow from now on."""
        self.balance += cost
        if self.balance < SLOW_LIMIT:
            return False
        self.balance = SLOW_LIMIT - SLOW_COST  # so that one slow request of the probe is enough
        self._eager_until = now + EAGER_TIME
        return True


class LeaderWatch:
    """What the main thread has seen of the leader in its last looks.

    A look after a longer time than ``WATCH_INTERVAL`` counts as many.
    """

    def __init__(self, begun: int) -> None:
        self.seen = begun
        """How many requests leaders had begun at the last look."""
        self._quiet = self._looks = self._last = self._blocked = self._calm = 0
        self._factor = 1

    @property
    def is_quiet(self) -> bool:
        """Whether there have been no requests for a while."""
        return self._quiet >= QUIET_TICKS

    @property
    def interval(self) -> float:
        """Seconds until the next look."""
        return WATCH_INTERVAL * self._factor

    def stay_awake(self) -> None:
        """Look again, at least until it has been quiet for a while once more."""
        self._quiet = self._calm = 0
        self._factor = 1

    def look(self, running: int, begun: int, leader: int, *, waits: bool) -> int | None:
        """Return the cost of the running request (0 for none) if the leader is to lose the lead, else None.

        ``leader`` is the leader's id in the system, ``waits`` whether requests are queued.
        """
        passed, self._factor = self._factor, 1
        self._looks = self._looks + passed if running and running == self._last else 0
        is_asked = running and (self._looks or (waits and passed == 1))
        is_blocked = bool(is_asked) and is_thread_blocked(leader)
        self._blocked = max(0, self._blocked + (BLOCKED_LOOK if is_blocked else FREE_LOOK))
        self._last = running
        self._quiet = self._quiet + passed if begun == self.seen and not running else 0
        self.seen = begun
        if self._blocked >= BLOCKED_LIMIT:
            self._blocked = self._calm = 0
            return SLOW_LIMIT
        if self._looks and (is_blocked or self._looks >= BUSY_LOOKS):
            self._calm = 0
            return SLOW_COST if is_blocked else 0
        self._calm += 1
        if self._calm >= CALM_AFTER + CALM_LOOKS:
            self._calm = CALM_AFTER - CLOSE_LOOKS
        elif self._calm >= CALM_AFTER and not self._looks:
            self._factor = CALM_FACTOR
        return None


def is_thread_blocked(native_id: int) -> bool:
    """Whether a thread waits for something, as far as the system tells; see proc(5)."""
    try:
        with open(f"/proc/self/task/{native_id}/stat", "rb", buffering=0) as file:
            return file.read(200).rpartition(b")")[2][1:2] != b"R"
    except OSError:
        return True
