"""How answers are sent: by the thread that makes them, short ones in one piece, and none delayed by another."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from support.threaded_site import TIMEOUT, ThreadedSite, read_until

from gearbox_lite.server.http import slow_requests
from gearbox_lite.server.http.channel import Channel


class Site(ThreadedSite):
    """Does what the path of a request says."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.begun = threading.Semaphore(0)
        self.threads: set[int] = set()
        super().__init__(self.answer_path)

    def answer_path(self, environ, start_response):
        self.threads.add(threading.get_ident())
        path = environ["PATH_INFO"]
        if path == "/slow":
            self.begun.release()
            assert self.released.wait(TIMEOUT)
        body = {"/big": b"x" * 30_000_000}.get(path, b"hello")
        if path == "/stream":
            start_response("200 OK", [])
            return self.stream()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def stream(self):
        yield b"first"
        assert self.released.wait(TIMEOUT)
        yield b"second"

    def __exit__(self, *_: object) -> None:
        self.released.set()
        super().__exit__()


@pytest.fixture
def site():
    with Site() as running:
        yield running


def test_quick_requests_are_answered_and_sent_by_the_thread_that_reads_them(monkeypatch):
    """Each switch between threads would take longer than such a request."""
    monkeypatch.setattr(slow_requests, "WATCH_INTERVAL", 3600)
    reading, sent = [], []
    send = Channel.send
    monkeypatch.setattr(
        Channel, "send", lambda self, data, **options: sent.append(threading.get_ident()) or send(self, data, **options)
    )
    received = Channel.received
    monkeypatch.setattr(
        Channel, "received", lambda self, data: reading.append(threading.get_ident()) or received(self, data)
    )
    with Site() as site, site.ask("/") as connection:
        for _ in range(3):
            assert read_until(connection, b"\r\n\r\nhello").startswith(b"HTTP/1.1 200 OK")
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        read_until(connection, b"hello")
    assert len(sent) == len(reading) == 4
    assert {*sent, *reading} == site.threads
    assert site.thread.ident not in site.threads


def test_a_streamed_part_arrives_before_the_next_one_is_made(site):
    with site.ask("/stream") as connection:
        assert b"200 OK" in read_until(connection, b"first\r\n")
        site.released.set()
        assert b"second" in read_until(connection, b"0\r\n\r\n")


def test_as_many_requests_run_at_once_as_there_are_threads_and_quick_ones_overtake_slow_ones(site):
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(site.ask("/slow")) for _ in range(3)]
        for _ in slow:
            assert site.begun.acquire(timeout=TIMEOUT)
        for _ in range(20):
            with site.ask("/") as quick:
                read_until(quick, b"hello")
        slow.append(stack.enter_context(site.ask("/slow")))
        assert site.begun.acquire(timeout=TIMEOUT)
        with site.ask("/") as waiting:
            site.released.set()
            read_until(waiting, b"hello")
        for connection in slow:
            read_until(connection, b"hello")


def test_a_body_larger_than_the_memory_buffer_arrives_complete(site):
    with site.ask("/big") as connection:
        data = read_until(connection, b"x")
        while len(data.partition(b"\r\n\r\n")[2]) < 30_000_000:
            data += read_until(connection, b"x")
        assert len(data.partition(b"\r\n\r\n")[2]) == 30_000_000


def test_pipelined_requests_are_answered_in_order(site):
    with site.ask(*["/"] * 10) as connection:
        data = b""
        while data.count(b"hello") < 10:
            data += read_until(connection, b"hello")


def test_a_client_that_closes_its_sending_side_gets_its_answer(site):
    with site.ask("/slow") as connection:
        connection.shutdown(socket.SHUT_WR)
        assert site.begun.acquire(timeout=TIMEOUT)
        site.released.set()
        read_until(connection, b"hello")


def test_graceful_shutdown_waits_for_the_running_request(site):
    with site.ask("/slow") as connection:
        assert site.begun.acquire(timeout=TIMEOUT)
        site.server.drain()
        site.released.set()
        read_until(connection, b"hello")
        site.thread.join(TIMEOUT)
        assert connection.recv(1) == b""
