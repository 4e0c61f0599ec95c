"""How often the main thread looks at the leader, and when it takes the lead."""

from __future__ import annotations

import pytest

from gearbox_lite.server.http import slow_requests
from gearbox_lite.server.http.slow_requests import CALM_AFTER, CALM_FACTOR, SLOW_COST, WATCH_INTERVAL, LeaderWatch


class Leader:
    """Stands for a leader: which request it answers, and whether it is blocked in it."""

    def __init__(self) -> None:
        self.request, self.is_blocked = 0, False
        self.watch = LeaderWatch(0)

    def look(self, request: int) -> int | None:
        self.request = request
        return self.watch.look(request, request, 1, waits=False)

    def become_calm(self) -> None:
        """Answer a quick request between two looks, again and again."""
        for _ in range(CALM_AFTER + 1):
            assert self.look(self.request + 1) is None


@pytest.fixture
def leader(monkeypatch):
    found = Leader()
    monkeypatch.setattr(slow_requests, "is_thread_blocked", lambda _: found.is_blocked)
    return found


def test_the_main_thread_looks_less_often_while_requests_are_quick(leader):
    assert leader.watch.interval == WATCH_INTERVAL
    leader.become_calm()
    assert leader.watch.interval == CALM_FACTOR * WATCH_INTERVAL


def test_a_slow_request_after_many_quick_ones_loses_the_lead_at_the_second_look_and_ends_the_calm(leader):
    leader.become_calm()
    leader.is_blocked = True
    request = leader.request + 1
    assert leader.look(request) is None
    assert leader.watch.interval == WATCH_INTERVAL
    assert leader.look(request) == SLOW_COST
    leader.is_blocked = False
    for _ in range(CALM_AFTER):
        assert leader.watch.interval == WATCH_INTERVAL
        leader.look(leader.request + 1)


def test_a_leader_that_computes_loses_the_lead_after_ten_milliseconds_also_in_the_calm(leader):
    leader.become_calm()
    request = leader.request + 1
    milliseconds = 0.0
    while leader.look(request) is None:
        milliseconds += leader.watch.interval * 1000
    assert milliseconds <= 10 + CALM_FACTOR


def test_the_first_requests_after_a_pause_are_watched_closely(leader):
    leader.become_calm()
    leader.watch.stay_awake()
    assert leader.watch.interval == WATCH_INTERVAL
