"""A worker that ends is started again at once, and after growing pauses where it ends again and again."""

from __future__ import annotations

import time

import pytest

from gearbox_lite.server.supervisor.backoff import FIRST_PAUSE, LONGEST_PAUSE, QUICK_DEATH, Restarts


def pause_of(restarts, slot, lived):
    """Plan a start, and return how long it waits."""
    restarts.add(slot, lived)
    return restarts.times()[-1] - time.monotonic()


def test_pauses_grow_for_a_slot_whose_workers_live_short_and_end_with_one_that_lives_long():
    restarts = Restarts()
    pauses = [pause_of(restarts, 0, lived=0) for _ in range(9)]
    assert pauses == pytest.approx([0, FIRST_PAUSE, 0.4, 0.8, 1.6, 3.2, 6.4, LONGEST_PAUSE, LONGEST_PAUSE], abs=0.1)
    assert pause_of(restarts, 0, lived=QUICK_DEATH) == pytest.approx(0, abs=0.1)


def test_each_slot_has_pauses_of_its_own():
    restarts = Restarts()
    assert [restarts.add(slot, lived=0) for slot in (0, 0, 1, 0, 1)] == [0, 0.2, 0, 0.4, 0.2]


def test_a_start_is_due_once():
    restarts = Restarts()
    restarts.add(3, lived=0)
    assert restarts.take_due() == [3]
    assert restarts.take_due() == []
    restarts.add(3, lived=0)
    restarts.clear()
    assert restarts.times() == []
    assert restarts.add(3, lived=0) == 0
