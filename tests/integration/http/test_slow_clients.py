"""Clients that send slowly or nothing at all, and more requests than threads."""

from __future__ import annotations

import re
import socket
import threading

import pytest
from support.reloading import wait_until
from support.threaded_site import TIMEOUT, ThreadedSite, read_all, read_until

from gearbox_lite.server.http import channel
from gearbox_lite.server.http import server as waitress_server


class Site(ThreadedSite):
    """Waits in /slow until it is released."""

    def __init__(self, **options: str) -> None:
        self.released = threading.Event()
        super().__init__(self.wait_or_answer, access_log=True, **options)

    def wait_or_answer(self, environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            assert self.released.wait(TIMEOUT)
        body = environ["wsgi.input"].read() or b"hello"
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def wait_for_timeout(self) -> None:
        """Open a connection, send nothing, and return once the time for its headers is over."""
        with self.connect() as connection:
            assert read_all(connection) == b""

    def __exit__(self, *_: object) -> None:
        self.released.set()
        super().__exit__()


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(channel, "HEADERS_TIMEOUT", 0.3)
    monkeypatch.setattr(waitress_server, "_TIMEOUT_CHECK_INTERVAL", 0.1)
    with Site(threads="1") as running:
        yield running


def drip(connection: socket.socket, piece: bytes) -> bytes:
    """Send a piece again and again until the server answers or closes, and return its answer."""
    connection.settimeout(0.05)
    while True:
        try:
            connection.sendall(piece)
            return connection.recv(1000)
        except TimeoutError:
            pass
        except OSError:
            return b""


def test_slowly_sent_headers_get_408(site, capsys):
    with site.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert drip(connection, b"X: x\r\n").startswith(b"HTTP/1.0 408 Request Timeout\r\n")
    wait_until(lambda: " - - 408 " in capsys.readouterr().err)


def test_slowly_sent_headers_of_a_later_request_get_408(site):
    with site.ask("/") as connection:
        read_until(connection, b"hello")
        connection.sendall(b"GET")
        assert drip(connection, b"x").startswith(b"HTTP/1.0 408 Request Timeout\r\n")


def test_blank_lines_do_not_keep_a_connection_open(site):
    with site.ask("/") as connection:
        read_until(connection, b"hello")
        assert drip(connection, b"\r\n\r\n") == b""


def test_silent_new_connections_are_closed_and_keep_alive_ones_stay_open(site):
    with site.ask("/") as connection:
        read_until(connection, b"hello")
        site.wait_for_timeout()
        site.wait_for_timeout()
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        read_until(connection, b"hello")


def test_idle_keep_alive_connections_are_closed_after_channel_timeout():
    with Site(cleanup_interval="0") as site, site.ask("/") as connection:
        read_until(connection, b"hello")
        (channel_there,) = site.server._channels()
        wait_until(lambda: not channel_there.requests)
        channel_there.last_activity -= 1000
        site.server.call(lambda: None)
        assert read_all(connection) == b""


def test_handed_over_keep_alive_connections_stay_open(site):
    with site.connect() as before:
        before.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        read_until(before, b"hello")
        (there,) = site.server._channels()
        adopted = there.socket.dup()
        site.server.adopt(adopted, there.addr)
        wait_until(lambda: len(site.server._channels()) == 2)
        there.will_close = True
        site.wait_for_timeout()
        site.wait_for_timeout()
        before.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        read_until(before, b"hello")


def test_slow_bodies_and_slow_answers_are_not_cut_off(site):
    with site.connect() as uploading, site.ask("/slow", "/") as waiting:
        uploading.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nslo")
        site.wait_for_timeout()
        site.wait_for_timeout()
        site.released.set()
        assert read_until(waiting, b"hello").startswith(b"HTTP/1.1 200 ")
        uploading.sendall(b"wly")
        read_until(uploading, b"slowly")


def test_a_client_that_keeps_sending_after_a_refusal_is_disconnected(monkeypatch):
    monkeypatch.setattr(channel, "LINGER_TIMEOUT", 0.3)
    with Site(max_request_body_size="1000") as site, site.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n")
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")
        wait_until(lambda: not site.server._channels())


def test_queued_requests_are_logged_once_with_their_greatest_number_and_the_remedy(caplog):
    with Site(threads="1") as site:
        connections = [site.ask("/slow") for _ in range(20)]
        wait_until(lambda: len(site.server._threads.queue) == 19)
        for connection in connections:
            connection.close()
        assert len(caplog.messages) == 1
        assert re.match(r"Task queue depth is up to \d+: requests wait because all 1 threads are ", caplog.messages[0])
        site.server._threads._is_behind._next = 0  # ten seconds later
        with site.ask("/slow"):
            wait_until(lambda: len(site.server._threads.queue) == 20)
            wait_until(lambda: len(caplog.messages) == 2)
            assert "up to 20: " in caplog.messages[1]
            assert "raise threads in [server:...]" in caplog.messages[1]
            site.released.set()
