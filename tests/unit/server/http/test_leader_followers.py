"""Leader and followers by themselves: whoever waits for events, exactly one thread does, and no request is lost."""

from __future__ import annotations

import queue
import random
import threading
import time

import pytest
from support.reloading import wait_until

from gearbox_lite.server.http import slow_requests
from gearbox_lite.server.http.leader import LeaderFollowers


class Job:
    """A request that runs a function."""

    def __init__(self, run) -> None:
        self.service = run


class Events:
    """Stands for sockets: what is put here is queued as a request by the thread that leads."""

    def __init__(self, threads: int) -> None:
        self.incoming = queue.SimpleQueue()
        self.leading = threading.Lock()
        self.leaders = set()
        self.failure = None
        self.threads = LeaderFollowers(threads, self.run_io, self.wake_io, 5)

    def run_io(self, timeout: float) -> None:
        assert self.leading.acquire(blocking=False), "two threads lead"
        try:
            self.leaders.add(threading.current_thread().name)
            try:
                job = self.incoming.get(timeout=timeout) if timeout else self.incoming.get_nowait()
            except queue.Empty:
                return
            if self.failure is not None:
                raise self.failure
            if job is not None:
                self.threads.add_task(job)
        finally:
            self.leading.release()

    def wake_io(self) -> None:
        self.incoming.put(None)

    def __enter__(self) -> Events:
        self.threads.start()
        self.raised = []
        self.main = threading.Thread(target=self.run, name="main")
        self.main.start()
        return self

    def run(self) -> None:
        try:
            self.threads.run()
        except BaseException as error:  # noqa: BLE001 (looked at by the test)
            self.failure = None
            self.raised.append(error)
        while self.threads.queue or not self.incoming.empty():
            self.threads.run_once(0)
        self.threads.close()

    def __exit__(self, *_: object) -> None:
        self.threads.stop()
        self.main.join(60)
        assert not self.main.is_alive()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_every_request_is_answered_once_while_the_lead_changes(threads):
    chance = random.Random(threads)
    answered = queue.SimpleQueue()

    def answer(number: int, seconds: float) -> None:
        if seconds:
            time.sleep(seconds)
        answered.put(number)

    with Events(threads) as events:
        for number in range(400):
            seconds = chance.choice([0, 0, 0, 0, 0, 0.004])
            events.incoming.put(Job(lambda number=number, seconds=seconds: answer(number, seconds)))
        wait_until(lambda: answered.qsize() >= 400)
    assert sorted(answered.get() for _ in range(answered.qsize())) == list(range(400))
    assert len(events.leaders) > 1


def test_at_most_as_many_requests_run_at_once_as_there_are_threads():
    running, most, lock, release = [0], [0], threading.Lock(), threading.Event()

    def answer() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        assert release.wait(60)
        with lock:
            running[0] -= 1

    with Events(3) as events:
        for _ in range(6):
            events.incoming.put(Job(answer))
        wait_until(lambda: running[0] == 3 and len(events.threads.queue) == 3)
        release.set()
    assert most[0] == 3


def test_a_request_that_fails_ends_no_thread():
    done = threading.Event()

    def fail() -> None:
        raise SystemExit(3)

    with Events(1) as events:
        for _ in range(3):
            events.incoming.put(Job(fail))
        events.incoming.put(Job(done.set))
        assert done.wait(60)


def test_an_error_outside_of_requests_is_raised_in_the_main_thread(monkeypatch):
    monkeypatch.setattr(slow_requests, "WATCH_INTERVAL", 0.01)
    with Events(2) as events:
        events.failure = LookupError("here")
        events.incoming.put(None)
        wait_until(lambda: events.raised)
    assert [str(error) for error in events.raised] == ["here"]


def test_stop_in_a_request_lets_it_finish():
    done = threading.Event()

    with Events(2) as events:

        def answer() -> None:
            events.threads.stop()
            time.sleep(0.05)
            done.set()

        events.incoming.put(Job(answer))
    assert done.wait(60)


def test_threads_that_cannot_start_leave_none_behind(monkeypatch):
    started = []

    class Limited(threading.Thread):
        def start(self) -> None:
            if len(started) == 2:
                raise RuntimeError("can't start new thread")
            started.append(self)
            super().start()

    monkeypatch.setattr(threading, "Thread", Limited)
    with pytest.raises(RuntimeError):
        Events(4).threads.start()
    for thread in started:
        thread.join(60)
        assert not thread.is_alive()


def test_requests_that_each_wait_less_than_the_watch_interval_are_given_away_too(monkeypatch):
    """Such as short queries to a database: otherwise all of them would wait one after the other."""
    monkeypatch.setattr(slow_requests, "WATCH_INTERVAL", 0.02)
    monkeypatch.setattr(slow_requests, "EAGER_TIME", 3600)

    done = threading.Event()

    with Events(4) as events:

        def answer() -> None:
            time.sleep(0.002)
            if not done.is_set():
                events.threads.add_task(Job(answer))

        for _ in range(8):
            events.incoming.put(Job(answer))
        try:
            wait_until(lambda: events.threads._slow._eager_until)
        finally:
            done.set()
