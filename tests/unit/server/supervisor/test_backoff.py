"""A worker that crashes is restarted at once, and with growing pauses if it crashes again and again."""

from __future__ import annotations

import pytest

from gearbox_lite.server.supervisor.backoff import FIRST_PAUSE, MAX_PAUSE, STABLE_AFTER, Backoff


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def backoff(clock):
    return Backoff(clock)


def test_pauses_double_for_a_slot_that_crashes_quickly_and_reset_after_a_stable_worker(backoff):
    pauses = [backoff.schedule_restart(0, lived=0) for _ in range(9)]
    assert pauses == [0, FIRST_PAUSE, 0.4, 0.8, 1.6, 3.2, 6.4, MAX_PAUSE, MAX_PAUSE]
    assert backoff.schedule_restart(0, lived=STABLE_AFTER) == 0


def test_each_slot_has_its_own_pauses(backoff):
    assert [backoff.schedule_restart(slot, lived=0) for slot in (0, 0, 1, 0, 1)] == [0, 0.2, 0, 0.4, 0.2]


def test_a_retry_after_a_failed_load_always_pauses(backoff):
    assert [backoff.schedule_retry(0) for _ in range(3)] == [FIRST_PAUSE, 0.4, 0.8]


def test_a_restart_is_due_after_its_pause_and_only_once(backoff, clock):
    backoff.schedule_retry(3)
    assert backoff.due_times() == [clock.now + FIRST_PAUSE]
    assert backoff.take_due() == []
    clock.now += FIRST_PAUSE
    assert backoff.take_due() == [3]
    assert backoff.take_due() == []


def test_cancelled_restarts_are_not_due_and_their_pauses_are_kept_on_request(backoff):
    for keeps_pauses, pause in ((True, FIRST_PAUSE), (False, 0)):
        backoff.clear()
        backoff.schedule_restart(3, lived=0)
        backoff.clear(keeps_pauses=keeps_pauses)
        assert backoff.due_times() == []
        assert backoff.schedule_restart(3, lived=0) == pause
