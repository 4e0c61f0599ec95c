"""When the circuit breaker of a store opens, which operations may wait, and when it closes; the store is an event."""

from __future__ import annotations

import threading
import time

import pytest

from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.stores.breaker import OVERDUE, SLICE, CircuitBreaker

LONG = 20.0
"""Seconds after which something that should have happened has not."""


class FakeStore:
    """A store that answers while ``up`` is set."""

    def __init__(self, limit: float = LONG) -> None:
        self.up = threading.Event()
        self.up.set()
        self.tests = 0
        self.breaker = CircuitBreaker("fake", limit, self.wait)
        self.tested = threading.Event()
        for _ in range(20):  # so that it knows how long an operation usually takes
            self.call()

    def wait(self) -> None:
        """Wait for the answer as a store does: with looks at the clock."""
        if threading.current_thread().name == "session store test":
            self.tests += 1
            self.tested.set()
        while not self.up.wait(SLICE):
            operation = self.breaker.current()
            assert operation is not None
            operation.check()

    def call(self) -> str:
        try:
            with self.breaker.operation():
                try:
                    self.wait()
                except TimeoutError as error:
                    raise StoreUnavailable(str(error)) from error
        except StoreUnavailable as error:
            return str(error)
        return "answered"

    def calls(self, number: int) -> tuple[list[str], list[threading.Thread]]:
        results: list[str] = []
        threads = [threading.Thread(target=lambda: results.append(self.call())) for _ in range(number)]
        for thread in threads:
            thread.start()
        return results, threads


def wait_until(condition):
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def store():
    store = FakeStore()
    yield store
    store.up.set()
    wait_until(lambda: not store.breaker.is_open)
    store.breaker.stop()


def test_one_request_keeps_waiting_for_a_hung_store_and_gets_its_answer(store):
    store.up.clear()
    results, threads = store.calls(4)
    wait_until(lambda: len(results) == 3)
    assert set(results) == {"fake: no answer; another request is already waiting for it"}
    assert store.call() == "fake does not answer; it is being tested in the background"
    store.up.set()
    for thread in threads:
        thread.join(LONG)
    assert results[3] == "answered"


def test_the_store_is_tested_in_the_background_until_it_answers(store):
    store.up.clear()
    store.breaker.limit = 2 * OVERDUE
    results, threads = store.calls(1)
    threads[0].join(LONG)
    assert results == ["fake: no complete answer within 0.5 seconds"]
    wait_until(lambda: store.tests >= 2)
    assert "does not answer" in store.call()
    store.up.set()
    wait_until(lambda: not store.breaker.is_open)
    assert store.call() == "answered"
    tests = store.tests
    wait_until(lambda: not any(thread.name == "session store test" for thread in threading.enumerate()))
    assert store.tests == tests


def test_a_locked_record_blocks_no_other_operation(store):
    """Its request waits; the test finds the store alive, and others get through all the time."""
    waiting = threading.Event()

    def locked():
        with store.breaker.operation():
            while not waiting.wait(SLICE):
                store.breaker.current().check()

    thread = threading.Thread(target=locked)
    thread.start()
    assert store.tested.wait(LONG)
    wait_until(lambda: store.call() == "answered")
    waiting.set()
    thread.join(LONG)
    assert not thread.is_alive()


def test_a_store_that_is_always_slow_does_not_count_as_hung():
    store = FakeStore()
    store.breaker.usual = 1.0
    store.up.clear()
    results, threads = store.calls(3)
    time.sleep(2 * OVERDUE)
    assert results == []
    assert not store.breaker.is_open
    store.up.set()
    for thread in threads:
        thread.join(LONG)
    assert results == ["answered"] * 3


def test_an_error_that_comes_at_once_does_not_open_the_circuit(store):
    for _ in range(10):
        with pytest.raises(StoreUnavailable), store.breaker.operation():
            raise StoreUnavailable("refused")
        assert not store.breaker.is_open


def test_an_operation_inside_another_one_shares_its_deadline(store):
    store.breaker.limit = 0.3
    with store.breaker.operation():
        time.sleep(0.2)
        with store.breaker.operation():
            assert store.breaker.current().remaining() < 0.15


def test_a_forked_process_tests_the_store_by_itself(store):
    store.up.clear()
    store.breaker.is_open = True
    store.breaker._tester = threading.Thread(target=print)  # as after a fork: known, and not running
    assert "does not answer" in store.call()
    assert store.tested.wait(LONG)


def test_a_pause_of_this_process_does_not_count_as_a_hung_store(store):
    """For example while a long call of the application has Python's global lock."""
    store.breaker.usual = 0.0
    with store.breaker.operation():
        time.sleep(2 * OVERDUE)
        store.breaker.current().check()
        assert not store.breaker.is_open
