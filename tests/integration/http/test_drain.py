"""The drain of a graceful shutdown: idle keep-alive connections are handed over, busy ones are finished first."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from support.reloading import wait_until
from support.threaded_site import TIMEOUT, ThreadedSite, read_all, read_until


class Site(ThreadedSite):
    """Waits in /slow until it is released."""

    def __init__(self, **options: str) -> None:
        self.released, self.begun = threading.Event(), threading.Event()
        super().__init__(self.answer_path, **options)

    def answer_path(self, environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            self.begun.set()
            assert self.released.wait(TIMEOUT)
        start_response("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    def __exit__(self, *_: object) -> None:
        self.released.set()
        super().__exit__()


@pytest.fixture
def site():
    with Site() as running:
        yield running


def get(connection: socket.socket, path: str = "/") -> bytes:
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return read_until(connection, b"hello")


def test_idle_keep_alive_connections_are_handed_over_and_busy_ones_finished(site):
    """Each client keeps its connection, which another server continues to serve."""
    with Site() as successor, site.connect() as idle, site.ask("/slow") as busy:
        handed_over = []

        def send_connection(connection: socket.socket, peer: object) -> None:
            handed_over.append(peer)
            successor.server.adopt(connection.dup(), peer)

        get(idle)
        assert site.begun.wait(TIMEOUT)
        site.server.drain(send_connection)
        wait_until(lambda: len(successor.server._channels()) == 1)
        assert handed_over == [idle.getsockname()]
        site.released.set()
        read_until(busy, b"hello")
        site.thread.join(TIMEOUT)
        assert handed_over == [idle.getsockname(), busy.getsockname()]
        for connection in (idle, busy):
            get(connection)


def test_a_request_sent_while_its_connection_is_handed_over_is_answered_by_the_successor(site):
    with Site() as successor, site.connect() as connection:
        get(connection)

        def send_connection(ours: socket.socket, peer: object) -> None:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            successor.server.adopt(ours.dup(), peer)

        site.server.drain(send_connection)
        read_until(connection, b"hello")


def test_clients_waiting_to_be_accepted_are_handed_over(site):
    handed_over = []
    taken = threading.Event()
    clients = []

    def connect() -> None:
        """Run by the leader, which therefore cannot accept before it drains."""
        clients.extend(site.connect() for _ in range(3))
        site.server.drain(lambda connection, peer: handed_over.append((connection.dup(), peer)))
        taken.set()

    site.server.call(connect)
    assert taken.wait(TIMEOUT)
    site.thread.join(TIMEOUT)
    assert [peer for _, peer in handed_over] == [client.getsockname() for client in clients]
    for connection in [*clients, *(connection for connection, _ in handed_over)]:
        connection.close()


def test_idle_connections_are_closed_if_nothing_takes_them(site):
    with site.connect() as connection:
        get(connection)
        site.server.drain()
        assert read_all(connection) == b""


def test_the_drain_ends_at_its_timeout_even_if_a_request_still_runs(monkeypatch):
    with Site() as site:
        monkeypatch.setattr(site.server._drain, "_timeout", 0.2)
        with site.ask("/slow"):
            assert site.begun.wait(TIMEOUT)
            site.server.drain()
            site.thread.join(TIMEOUT)
            assert not site.thread.is_alive()
            assert time.monotonic() >= site.server.drain_deadline
            assert not site.released.is_set()
