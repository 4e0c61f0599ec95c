"""While one request takes long, at whatever point, another thread leads: others are answered, and it is completed."""

from __future__ import annotations

import threading
import time

import pytest
from support.reloading import wait_until
from support.threaded_site import TIMEOUT, ThreadedSite, read_all, read_until

from gearbox_lite.server.http import leader, slow_requests

LONG = b"x" * 3_000_000
POINTS = {
    "/before": b"hello",
    "/load": b"hello",
    "/first": b"hello",
    "/stream": b"hello",
    "/write": b"hello",
    "/close": b"hello",
    "/long": LONG,
    "/raise": b"internal server error",
}


class Body:
    """A body in parts, which may be held before the first one, between two, and in close."""

    def __init__(self, site, path, parts):
        self.site, self.path, self.parts = site, path, parts

    def __iter__(self):
        if self.path == "/first":
            self.site.hold()
        for number, part in enumerate(self.parts):
            if number and self.path in ("/stream", "/long"):
                self.site.hold()
            yield part

    def close(self):
        if self.path == "/close":
            self.site.hold()


class Site(ThreadedSite):
    """Holds a request at the point that its path names until it is released."""

    def __init__(self, **options: str) -> None:
        self.begun, self.released = threading.Semaphore(0), threading.Event()
        super().__init__(self.answer_path, **options)

    def hold(self) -> None:
        self.begun.release()
        assert self.released.wait(TIMEOUT)

    def answer_path(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/load":  # computes
            self.begun.release()
            while not self.released.is_set():
                pass
        if path == "/before":
            self.hold()
        if path == "/raise":
            self.hold()
            raise LookupError(path)
        parts = [LONG[:2_000_000], LONG[2_000_000:]] if path == "/long" else [b"hel", b"lo"]
        write = start_response("200 OK", [("Content-Length", str(sum(map(len, parts))))])
        if path == "/write":
            write(parts[0])
            self.hold()
            parts = parts[1:]
        return Body(self, path, parts)

    def __exit__(self, *_: object) -> None:
        self.released.set()
        super().__exit__()


@pytest.mark.parametrize("threads", ["1", "2", "4"])
@pytest.mark.parametrize("path", POINTS)
def test_a_request_that_is_held_at_any_point_is_completed_and_delays_no_other(path, threads):
    """With one thread, others are at least accepted and read, and wait for that thread."""
    with Site(threads=threads) as site, site.ask(path) as held, site.connect() as other:
        assert site.begun.acquire(timeout=TIMEOUT)
        other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        if threads == "1":
            wait_until(lambda: site.server._threads.queue)
            site.released.set()
        read_until(other, b"hello")
        site.released.set()
        data = b""
        while POINTS[path] not in data:
            part = held.recv(1 << 20)
            assert part, data[-100:]
            data += part


def test_a_former_leader_answers_the_requests_that_its_client_has_sent_meanwhile():
    with Site() as site, site.ask("/before") as held:
        assert site.begun.acquire(timeout=TIMEOUT)
        with site.ask("/") as other:
            read_until(other, b"hello")
        held.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        with site.ask("/") as other:
            read_until(other, b"hello")
        site.released.set()
        data = b""
        while data.count(b"hello") < 4:
            data += read_until(held, b"hello")


def test_a_client_that_reads_slowly_is_sent_the_rest_by_whichever_thread_leads():
    with Site(threads="1", outbuf_high_watermark="100000") as site:
        site.released.set()
        with site.ask("/long") as slow, site.ask("/") as other:
            data = b""
            while data.count(b"x") < len(LONG):
                data += slow.recv(20_000)
            read_until(other, b"hello")


def refuses(site) -> bool:
    try:
        site.connect().close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_request_that_runs_when_the_server_shuts_down_is_completed():
    with Site() as site, site.ask("/stream") as held:
        assert site.begun.acquire(timeout=TIMEOUT)
        site.server.drain()
        wait_until(lambda: refuses(site))
        site.released.set()
        assert read_all(held).endswith(b"hello")


def count_requests_given_away(monkeypatch) -> list[int]:
    given = []
    answer_queued = leader.LeaderFollowers._answer_queued
    monkeypatch.setattr(leader.LeaderFollowers, "_answer_queued", lambda self: given.append(1) or answer_queued(self))
    return given


def slow(_environ, start_response):
    time.sleep(0.01)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def ask_often(site: ThreadedSite, times: int) -> None:
    with site.connect() as connection:
        for _ in range(times):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            read_until(connection, b"hello")


def test_requests_that_turn_out_to_be_slow_are_given_away_before_they_are_answered(monkeypatch):
    given = count_requests_given_away(monkeypatch)
    monkeypatch.setattr(slow_requests, "EAGER_TIME", 3600)
    with ThreadedSite(slow) as site:
        ask_often(site, 20)
    assert len(given) > 10


def test_an_idle_server_does_not_wake_up(monkeypatch):
    with Site() as site:
        ask_often(site, 5)
        wait_until(lambda: site.server._threads._main_sleeps)
        turns = []
        run_io = site.server._threads._run_io
        site.server._threads._run_io = lambda timeout: turns.append(timeout) or run_io(timeout)
        threading.Event().wait(0.5)
        assert len(turns) <= 1
        assert site.server._threads._main_sleeps
        ask_often(site, 5)


def test_a_thread_that_waits_is_told_from_one_that_computes():
    """Taking the lead from one that computes, or has not been given a core, would gain nothing."""
    stop = threading.Event()
    ids = []

    def wait() -> None:
        ids.append(threading.get_native_id())
        stop.wait()

    def compute() -> None:
        ids.append(threading.get_native_id())
        while not stop.is_set():
            pass

    threads = [threading.Thread(target=target) for target in (wait, compute)]
    try:
        for thread in threads:
            thread.start()
            wait_until(lambda thread=thread: len(ids) > threads.index(thread))
        wait_until(lambda: slow_requests.is_thread_blocked(ids[0]))
        wait_until(lambda: not slow_requests.is_thread_blocked(ids[1]))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
