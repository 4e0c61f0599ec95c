"""The thread that leads neither sleeps while something is to be done nor spins while nothing is."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from support.reloading import wait_until
from support.threaded_site import TIMEOUT, ThreadedSite, read_until

from gearbox_lite.server.http import slow_requests


def answer(_environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def test_a_finished_answer_is_sent_without_waiting_for_a_timer(monkeypatch):
    monkeypatch.setattr(slow_requests, "WATCH_INTERVAL", 3600)
    with ThreadedSite(answer) as site, site.connect() as connection:
        for _ in range(50):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_until(connection, b"hello")


class CountingSite(ThreadedSite):
    """Tells if the leader's loop runs more than a few times while ``watch`` waits."""

    def __init__(self, application) -> None:
        super().__init__(application)
        self._run_io, self._left = self.server._threads._run_io, None
        self.spins = threading.Event()
        self.server._threads._run_io = self.count

    def watch(self) -> None:
        """Fail if the loop spins; a spinning loop would run thousands of times in this time."""
        self._left = 20
        assert not self.spins.wait(0.2)
        self._left = None

    def count(self, timeout: float) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self.spins.set()
        self._run_io(timeout)


def test_the_leader_does_not_spin_while_another_thread_holds_the_lock():
    def hold(environ, start_response):
        channel = environ["waitress.client_disconnected"].__self__
        write = start_response("200 OK", [("Content-Length", "5")])
        with channel.outbuf_lock:
            write(b"hello")
            site.watch()
        return []

    with CountingSite(hold) as site, site.ask("/") as connection:
        assert read_until(connection, b"hello")
    assert not site.spins.is_set()


def test_the_leader_does_not_spin_while_a_client_pipelines_requests():
    def wait(environ, start_response):
        if environ["PATH_INFO"] == "/first":
            connection.sendall(b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n")
            site.watch()
        return answer(environ, start_response)

    with CountingSite(wait) as site, site.connect() as connection:
        connection.sendall(b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n")
        answers = b""
        while answers.count(b"hello") < 2:  # which may arrive in one piece
            answers += read_until(connection, b"hello")
    assert not site.spins.is_set()


def run_before_next_turn(site: ThreadedSite, action) -> None:
    """Wake the leader, and run ``action`` in another thread when it is about to wait again."""
    threads = site.server._threads
    run_io, waits, is_last = threads._run_io, threading.Semaphore(0), threading.Event()

    def run(timeout: float) -> None:
        if is_last.is_set():
            threads._run_io = run_io
            other = threading.Thread(target=action)
            other.start()
            other.join()
        waits.release()
        run_io(timeout)

    threads._run_io = run
    threads.tell_leader()
    assert waits.acquire(timeout=TIMEOUT)
    is_last.set()
    threads.tell_leader()
    assert waits.acquire(timeout=TIMEOUT)


def test_a_request_queued_when_the_leader_is_about_to_wait_is_answered_at_once():
    answered = threading.Event()

    class Queued:
        service = answered.set

    with ThreadedSite(answer, asyncore_loop_timeout="3600") as site, site.ask("/") as connection:
        assert read_until(connection, b"hello")
        run_before_next_turn(site, lambda: site.server._threads.add_task(Queued))
        assert answered.wait(TIMEOUT)


def test_a_drain_that_begins_when_the_leader_is_about_to_wait_closes_the_listeners_at_once():
    released = threading.Event()

    def wait(environ, start_response):
        released.wait()
        return answer(environ, start_response)

    with ThreadedSite(wait, asyncore_loop_timeout="3600", threads="1") as site, site.ask("/"):
        try:
            wait_until(lambda: site.server._threads._leader is site.server._threads._main)
            run_before_next_turn(site, site.server.drain)
            wait_until(lambda: not site.server._accepting)
        finally:
            released.set()


def test_a_client_that_pipelines_many_requests_does_not_delay_others():
    paths = []

    def record(environ, start_response):
        paths.append(environ["PATH_INFO"])
        if len(paths) == 1:
            other.sendall(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
        return answer(environ, start_response)

    with ThreadedSite(record) as site, site.connect() as other:
        with site.ask(*["/pipelined"] * 50) as connection:
            data = b""
            while data.count(b"hello") < 50:
                data += read_until(connection, b"hello")
        read_until(other, b"hello")
    assert paths.index("/other") < 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot fork")
@pytest.mark.parametrize("ends", [SystemExit, None])
def test_a_process_that_a_request_forks_ends_when_it_returns_from_the_application(ends):
    """It would lead in that process, and take away what wakes this server's leader, which shares the pipe."""
    children = []

    def fork(environ, start_response):
        child = os.fork()
        if child:
            children.append(child)
        elif ends:
            raise ends
        return answer(environ, start_response)

    def has_ended() -> bool:
        return os.waitpid(children[0], os.WNOHANG) != (0, 0)

    with ThreadedSite(fork) as site, site.ask("/") as connection:
        assert read_until(connection, b"hello")
        try:
            wait_until(has_ended)
        except AssertionError:
            os.kill(children[0], signal.SIGKILL)
            raise
