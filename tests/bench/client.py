"""Requests to a server on this machine: single ones, and a light load that counts failures."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One response; ``cookies`` is what a browser would send next."""

    status: int
    body: str
    cookies: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str, cookies: str = "") -> Answer:
    """Send one request on a new connection. Raises OSError, also for an incomplete answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        return _ask(connection, path, cookies)
    except http.client.HTTPException as error:
        raise ConnectionError(repr(error)) from error
    finally:
        connection.close()


def _ask(connection: http.client.HTTPConnection, path: str, cookies: str) -> Answer:
    connection.request("GET", path, headers={"Cookie": cookies} if cookies else {})
    answer = connection.getresponse()
    body = answer.read().decode(errors="replace")
    new = [value.strip().partition(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
    return Answer(answer.status, body, "; ".join(new))


class Visitor:
    """Sends requests on one keep-alive connection, as a browser does."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def get(self, path: str, cookies: str = "") -> Answer:
        """Send a request; if the server has closed the connection, retry on a new one."""
        reused = self.connection.sock is not None
        try:
            return _ask(self.connection, path, cookies)
        except (OSError, http.client.HTTPException):
            self.connection.close()
            if not reused:
                raise
            return _ask(self.connection, path, cookies)

    def close(self) -> None:
        self.connection.close()


class LightLoad(threading.Thread):
    """Requests /version 50 times a second, on a keep-alive connection or on new ones, and counts failures."""

    def __init__(self, port: int, *, keep_alive: bool) -> None:
        super().__init__(daemon=True)
        self.visitor = Visitor(port)
        self.keep_alive = keep_alive
        self.requests = 0
        self.problems = 0
        self._enough = threading.Event()

    def run(self) -> None:
        while not self._enough.wait(0.02):
            self.requests += 1
            try:
                right = self.visitor.get("/version").status == 200
            except (OSError, http.client.HTTPException):
                right = False
            self.problems += not right
            if not (right and self.keep_alive):
                self.visitor.close()

    def __enter__(self) -> LightLoad:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self.join()
        with contextlib.suppress(OSError):
            self.visitor.close()
