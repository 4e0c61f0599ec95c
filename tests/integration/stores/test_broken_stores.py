"""Stores that delay, drip, truncate, send garbage, never answer or never stop: 503 in time, and nothing is lost."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import re
import resource
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import options_of
from support.sessions import KEY, visitor, wait_for_store, wrap
from webtest import TestApp

LIMIT = 0.5
"""Seconds; session.store_timeout of these tests."""


class Proxy:
    """A proxy in front of a server that passes requests on and applies ``fault`` to the answers."""

    def __init__(self, port: int | None) -> None:
        self._target = port
        self.fault: Callable[[bytes, socket.socket], None] = pass_on
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(("127.0.0.1", self._target))
                self._open += [client, server]
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answers, args=(client, server), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        self._end(client, server)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                self.fault(data, client)
        self._end(client, server)

    def _end(self, *sockets: socket.socket) -> None:
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._end(*self._open)
        for one in self._open:
            one.close()


def pass_on(data, client):
    client.sendall(data)


def delay(data, client):
    time.sleep(0.05)
    client.sendall(data)


def drip(data, client):
    for number in range(len(data)):
        client.sendall(data[number : number + 1])
        time.sleep(0.05)


def truncate(data, client):
    client.sendall(data[: len(data) // 2])
    client.shutdown(socket.SHUT_RDWR)


def hold_back(data, client):
    client.sendall(data[: len(data) // 2])


def answer_garbage(data, client):
    client.sendall(random.Random(len(data)).randbytes(200) + b"\r\n")


def change_the_first_letter(data, client):
    client.sendall(bytes([data[0] ^ 1]) + data[1:])


def never_answer(data, client):
    pass


def answer_without_end(data, client):
    while True:
        client.sendall(b"VALUE " + b"x" * 65536)


FAULTS = [drip, truncate, hold_back, answer_garbage, change_the_first_letter, never_answer, answer_without_end]


@pytest.fixture(params=["redis", "memcached", "postgresql"])
def proxy_and_options(request, tmp_path, shared_services):
    options = options_of(request.param, tmp_path, shared_services)
    port = shared_services(request.param).port
    proxy = Proxy(port)
    url = options["session.url"].replace(str(port), str(proxy.port))
    yield proxy, {**options, "session.url": url, "session.store_timeout": str(LIMIT)}
    proxy.close()


def memory(options):
    """Return the peak memory of this process in KiB; with libpq, which only a deadline bounds, the present memory."""
    if options["session.type"] != "ext:database":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def test_every_fault_of_a_store_is_answered_503_in_time(proxy_and_options):
    proxy, options = proxy_and_options
    browser = visitor(options)
    browser.get("/set?user=MVL")
    before = memory(options)
    for fault in FAULTS:
        proxy.fault = fault
        for path in ("/get", "/set?user=lost", "/get"):
            begun = time.monotonic()
            answer = browser.get(path, expect_errors=True)
            assert time.monotonic() - begun < LIMIT + 1, fault.__name__
            assert answer.status_int == 503, fault.__name__
            assert "Set-Cookie" not in answer.headers
        proxy.fault = pass_on
        # What was sent to a store may have been stored although it was not acknowledged.
        assert wait_for_store(browser).json["user"] in ("MVL", "lost"), fault.__name__
    assert memory(options) - before < 200 * 1024


LARGE = 150 << 20
"""Bytes."""


@pytest.fixture
def no_garbage_collection():
    gc.disable()
    yield
    gc.enable()


def answer_at_length(data, client):
    """Send a message that libpq reads to its end before anything else can happen, and then garbage."""
    client.sendall(b"V" + (LARGE + 4).to_bytes(4, "big"))
    for _ in range(LARGE >> 16):
        client.sendall(bytes(1 << 16))
    client.sendall(b"x" * 100)


def test_a_large_answer_is_freed_at_once_although_only_libpq_knows_that_the_connection_is_lost(
    tmp_path, shared_services, no_garbage_collection
):
    options = options_of("postgresql", tmp_path, shared_services)
    proxy = Proxy(shared_services("postgresql").port)
    url = re.sub(r":\d+/", f":{proxy.port}/", options["session.url"])
    browser = visitor({**options, "session.url": url, "session.store_timeout": "30"})
    browser.get("/set?user=MVL")
    before = memory(options)
    proxy.fault = answer_at_length
    browser.get("/get", status=503)
    browser.get("/get", status=503)
    assert memory(options) - before < LARGE / 1024 / 2
    proxy.close()


def test_a_slow_store_is_not_refused(proxy_and_options):
    """Its usual time counts, also if several requests wait at once."""
    proxy, options = proxy_and_options
    application = wrap({**options, "session.store_timeout": "10"})
    proxy.fault = delay
    problems = []

    def visit():
        own = TestApp(application)
        for number in range(6):
            answer = own.get(f"/set?number={number}", expect_errors=True)
            if answer.status_int != 200:
                problems.append(answer.status_int)

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@contextlib.contextmanager
def fake_memcached():
    """Answer NOT_STORED to everything that is to be stored, and find nothing."""

    def serve(client):
        with client, client.makefile("rwb") as stream:
            for line in stream:
                if line.startswith((b"add", b"cas", b"set")):
                    stream.readline()
                    stream.write(b"NOT_STORED\r\n")
                elif line.startswith(b"stats"):
                    stream.write(b"STAT item_size_max 1048576\r\nEND\r\n")
                else:
                    stream.write(b"END\r\n")
                stream.flush()

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_a_memcached_that_never_stores_is_answered_503_after_a_number_of_attempts(caplog):
    with fake_memcached() as port:
        options = {"session.type": "ext:memcached", "session.url": f"127.0.0.1:{port}", "session.secret": KEY}
        begun = time.monotonic()
        assert visitor(options).get("/set?user=MVL", status=503).headers["Retry-After"]
        assert time.monotonic() - begun < 3
    assert "other processes have changed the record" in caplog.text


def test_a_locked_row_is_answered_503_in_time_and_blocks_no_other_session(tmp_path, shared_services):
    import psycopg

    options = {**options_of("postgresql", tmp_path, shared_services), "session.store_timeout": str(LIMIT)}
    browser, other = visitor(options), visitor(options)
    browser.get("/set?user=MVL")
    other.get("/set?user=other")
    address = options["session.url"].replace("+psycopg", "")
    cookie = browser.cookies["hello"]
    with psycopg.connect(address) as lock:
        lock.execute("SELECT 1 FROM beaker_cache WHERE namespace = %s FOR UPDATE", [f"hello:{cookie[-32:]}"])
        begun = time.monotonic()
        browser.get("/set?user=lost", status=503)
        assert time.monotonic() - begun < LIMIT + 1
        assert other.get("/get").json == {"user": "other"}
        lock.rollback()
    assert wait_for_store(browser).json["user"] == "MVL"


@pytest.mark.parametrize("kind", ["file", "dbm"])
def test_a_lock_held_by_another_process_is_answered_503_in_time(kind, tmp_path):
    import fcntl

    options = {**options_of(kind, tmp_path, None), "session.store_timeout": str(LIMIT)}
    browser = visitor(options)
    browser.get("/set?user=MVL")
    session_id = browser.cookies["hello"][-32:]
    lock = next(path for path in (tmp_path / "data").rglob(f"{session_id[:2]}.lock"))
    descriptor = os.open(lock, os.O_WRONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    begun = time.monotonic()
    browser.get("/set?user=lost", status=503)
    assert time.monotonic() - begun < LIMIT + 1
    os.close(descriptor)
    assert wait_for_store(browser).json == {"user": "MVL"}
