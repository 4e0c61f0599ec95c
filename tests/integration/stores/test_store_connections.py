"""Connections to stores: addresses that cannot work, forked processes, TLS, and one of several servers that hangs."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import pytest
from conftest import options_of
from support.sessions import KEY, Parts, wrap
from webtest import TestApp

from gearbox_lite.errors import UserError
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.stores.breaker import CircuitBreaker

LIMIT = 0.5
"""Seconds; session.store_timeout of these tests."""


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Connections to it are accepted by the kernel, and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield listener.getsockname()[1]


def end_tests(breaker: CircuitBreaker) -> None:
    """End the background tests of a store before its server is closed."""
    tester = breaker._tester
    breaker.stop()
    if tester is not None:
        tester.join(20)


@pytest.mark.parametrize(
    ("kind", "url", "reason"),
    [
        ("redis", "redis://127.0.0.1:1/0?socket_timeout=nan", "a timeout is from 0.1 to 3600 seconds, not nan"),
        ("redis", "redis://127.0.0.1:1/0?socket_timeout=0", "a timeout is from 0.1 to 3600 seconds, not 0"),
        ("redis", "redis://127.0.0.1:1/0?colour=red", "unexpected keyword argument 'colour'"),
        ("database", "sqlite:///FOLDER/a.db?timeout=inf", "a timeout is from 0.1 to 3600 seconds, not inf"),
        ("database", "sqlite:///FOLDER/a.db?timeout=-1", "a timeout is from 0.1 to 3600 seconds, not -1"),
        ("memcached", "127.0.0.1:port", "'port' is not a port number"),
    ],
)
def test_an_address_that_cannot_work_is_refused_when_the_ini_is_loaded(kind, url, reason, tmp_path, capfd):
    options = {"session.type": f"ext:{kind}", "session.url": url.replace("FOLDER", str(tmp_path))}
    with pytest.raises(UserError) as caught:
        wrap({**options, "session.secret": KEY})
    assert reason in str(caught.value)
    assert "session.url = " in str(caught.value)
    assert "Exception ignored" not in capfd.readouterr().err


def test_an_engine_option_that_cannot_work_is_refused_when_the_ini_is_loaded(tmp_path):
    with pytest.raises(UserError, match=r"session\.url"):
        wrap({**options_of("sqlite", tmp_path, None), "session.sa.poolclass": "QueuePool"})


def local_addresses() -> set[tuple[str, int]]:
    """Return the local ends of this process' connections over IPv4."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(path.name))) as one:
            if one.family == socket.AF_INET:
                found.add(one.getsockname())
    return found


@pytest.mark.parametrize("kind", ["redis", "memcached", "postgresql"])
def test_no_thread_waits_for_the_connection_of_another(kind, tmp_path, shared_services):
    """More threads than SQLAlchemy's pools have connections by default, 15."""
    parts = Parts({**options_of(kind, tmp_path, shared_services), "session.store_timeout": "20"})
    parts.store.ping()
    together = threading.Barrier(20, timeout=20)

    def change(_before: str | None) -> str:
        together.wait()
        return "record"

    with ThreadPoolExecutor(20) as threads:
        ids = [f"{number:032x}" for number in range(20)]
        assert [*threads.map(lambda one: parts.store.update(one, change), ids)] == ["record"] * 20
        for one in ids:
            parts.store.delete(one)


@pytest.mark.parametrize("kind", ["redis", "memcached", "postgresql"])
def test_a_forked_process_has_connections_of_its_own(kind, tmp_path, shared_services):
    """As with ``gunicorn --preload``: on a shared connection one process would read the other's answers."""
    parts = Parts(options_of(kind, tmp_path, shared_services))
    cookie, session_id = parts.stored(user="MVL")
    before = local_addresses()
    pid = os.fork()
    if pid == 0:
        status = 2
        try:
            if parts.store.read(session_id) is not None:
                status = 0 if local_addresses() - before else 1
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert parts.session(cookie)["user"] == "MVL"
    assert local_addresses() == before


def test_a_forked_process_is_not_blocked_by_a_lock_of_its_parent(tmp_path):
    parts = Parts(options_of("file", tmp_path, None))
    _, session_id = parts.stored(user="MVL")
    breaker = parts.store.breaker
    with breaker._lock:
        breaker.is_open = True
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                parts.store.read(session_id)
            except StoreUnavailable:
                status = 0
            finally:
                os._exit(status)
    breaker.is_open = False
    deadline = time.monotonic() + 20
    while (ended := os.waitpid(pid, os.WNOHANG))[0] == 0:
        if time.monotonic() > deadline:
            os.kill(pid, 9)
        time.sleep(0.01)
    assert os.waitstatus_to_exitcode(ended[1]) == 0


def test_an_unanswered_tls_handshake_is_answered_503_in_time(silent_port):
    options = {
        "session.type": "ext:redis",
        "session.url": f"rediss://127.0.0.1:{silent_port}/0",
        "session.secret": KEY,
        "session.store_timeout": str(LIMIT),
    }
    application = wrap(options)
    begun = time.monotonic()
    TestApp(application).get("/set?user=MVL", status=503)
    assert time.monotonic() - begun < LIMIT + 1
    end_tests(application.sessions.store.breaker)


def test_a_memcached_server_that_hangs_stops_only_its_own_sessions(silent_port, tmp_path, shared_services):
    options = options_of("memcached", tmp_path, shared_services)
    addresses = f"{options['session.url']};127.0.0.1:{silent_port}"
    parts = Parts({**options, "session.url": addresses, "session.store_timeout": str(LIMIT)})
    sessions = [parts.session() for _ in range(64)]
    well, hung = ([one for one in sessions if crc32(one.id.encode()) % 2 == number] for number in (0, 1))
    with pytest.raises(StoreUnavailable):
        hung[0].save()
    assert parts.store.servers[1].breaker.is_open
    well[0]["user"] = "MVL"
    well[0].save()
    assert parts.store.read(well[0].id) is not None
    with pytest.raises(StoreUnavailable, match="does not answer"):
        parts.store.read(hung[1].id)
    assert parts.store.read(well[0].id) is not None
    end_tests(parts.store.servers[1].breaker)
