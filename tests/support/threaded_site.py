"""A server in a thread of this process, for tests of how requests are read and answers are sent."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace

from gearbox_lite.server import log_routing
from gearbox_lite.server.http import adjustments
from gearbox_lite.server.http.server import Server

TIMEOUT = 10
"""Seconds after which a test that waits has failed."""


class ThreadedSite:
    """An application on 127.0.0.1, whose server shuts down at the end of the with block."""

    def __init__(self, application, *, access_log=False, **options: str) -> None:
        if access_log:
            log_routing.use_console()
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        serve = SimpleNamespace(access_log=access_log, drain_timeout=TIMEOUT)
        settings = {**adjustments.check_options({}), "threads": "4", **options}
        before = set(threading.enumerate())
        self.server = Server(application, [listener], settings, serve)
        self.task_threads = set(threading.enumerate()) - before
        self.thread = threading.Thread(target=self.server.run)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=TIMEOUT)

    def ask(self, *paths: str) -> socket.socket:
        """Open a connection, and send GET requests for all paths at once (pipelined)."""
        connection = self.connect()
        connection.sendall(b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode() for path in paths))
        return connection

    def answer(self, request: bytes) -> bytes:
        """Return everything that the server sends for a request until it closes the connection."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)

    def __enter__(self) -> ThreadedSite:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.thread.is_alive():
            self.server.drain()
        self.thread.join(TIMEOUT)
        assert not self.thread.is_alive()
        for thread in self.task_threads:  # a request may have outlived the drain timeout
            thread.join(TIMEOUT)
            assert not thread.is_alive()
        for listener in self.server._listeners:
            listener.trigger.close()


def read_until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        part = connection.recv(1 << 20)
        assert part, data[-100:]
        data += part
    return data


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while part := connection.recv(1 << 20):
        data += part
    return data
