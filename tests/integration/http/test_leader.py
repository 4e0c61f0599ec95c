"""The thread that leads neither sleeps while something is to be done nor spins while nothing is."""

from __future__ import annotations

import threading

from support.threaded_site import ThreadedSite, read_until

from gearbox_lite.server.http import leader


def answer(_environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def test_a_finished_answer_is_sent_without_waiting_for_a_timer(monkeypatch):
    monkeypatch.setattr(leader, "WATCH_INTERVAL", 3600)
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
        assert read_until(connection, b"hello")
        assert read_until(connection, b"hello")
    assert not site.spins.is_set()
