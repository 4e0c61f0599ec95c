"""How often the main thread looks at the leader: rarely under load, and soon when a request holds up the others."""

from __future__ import annotations

from itertools import count

import pytest

from gearbox_lite.server.http import slow_requests
from gearbox_lite.server.http.slow_requests import LeaderWatch


@pytest.fixture
def blocked(monkeypatch) -> list[bool]:
    """Whether the system says that the leader waits; tests change its only item."""
    states = [False]
    monkeypatch.setattr(slow_requests, "is_thread_blocked", lambda _leader: states[0])
    return states


def look_at_quick_requests(watch: LeaderWatch, numbers: count, seconds: float) -> int:
    """Look for that time at a leader that answers another request each time; return how often."""
    looks, passed = 0, 0.0
    while passed < seconds:
        passed += watch.interval
        number = next(numbers)
        assert watch.look(number, number, 1, waits=True) is None
        looks += 1
    return looks


def time_until_relieved(watch: LeaderWatch, number: int) -> float:
    """Return the seconds until the leader that begins this request now, just after a look, loses the lead."""
    seconds = 0.0
    while True:
        seconds += watch.interval
        if watch.look(number, number, 1, waits=True) is not None:
            return seconds


def test_a_leader_of_quick_requests_is_rarely_interrupted(blocked):
    watch, numbers = LeaderWatch(0), count(1)
    look_at_quick_requests(watch, numbers, 0.5)
    assert look_at_quick_requests(watch, numbers, 10) < 250 * 10


@pytest.mark.parametrize(("is_blocked", "longest"), [(True, 0.010), (False, 0.015)])
def test_a_request_after_many_quick_ones_holds_them_up_for_a_limited_time(blocked, is_blocked, longest):
    for load in (0.2, 0.5, 0.9, 1.1, 1.15, 3):
        watch, numbers = LeaderWatch(0), count(1)
        look_at_quick_requests(watch, numbers, load)
        blocked[0] = is_blocked
        assert time_until_relieved(watch, next(numbers)) <= longest + 1e-9
        assert watch.interval == slow_requests.WATCH_INTERVAL
        blocked[0] = False


def test_after_a_slow_request_others_wait_for_two_milliseconds_at_most_for_a_while(blocked):
    """A site with some slow requests among quick ones pays more for watching instead."""
    watch, numbers = LeaderWatch(0), count(1)
    look_at_quick_requests(watch, numbers, 3)
    for _ in range(3):
        blocked[0] = True
        time_until_relieved(watch, next(numbers))
        blocked[0] = False
        look_at_quick_requests(watch, numbers, 0.2)
        blocked[0] = True
        assert time_until_relieved(watch, next(numbers)) <= 2 * slow_requests.WATCH_INTERVAL + 1e-9
        blocked[0] = False


def test_requests_that_begin_to_wait_less_than_the_watch_interval_are_noticed_within_a_second(blocked):
    watch, numbers = LeaderWatch(0), count(1)
    look_at_quick_requests(watch, numbers, 3)
    blocked[0] = True
    seconds, cost = 0.0, None
    while cost is None:
        seconds += watch.interval
        number = next(numbers)
        cost = watch.look(number, number, 1, waits=True)
    assert cost == slow_requests.SLOW_LIMIT
    assert seconds < 1


def test_the_first_requests_after_a_pause_are_watched_closely(blocked):
    watch, numbers = LeaderWatch(0), count(1)
    look_at_quick_requests(watch, numbers, 3)
    watch.stay_awake()
    blocked[0] = True
    assert time_until_relieved(watch, next(numbers)) <= 2 * slow_requests.WATCH_INTERVAL + 1e-9
