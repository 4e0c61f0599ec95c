"""The servers themselves, under an application that does nothing, or waits for a database."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from client import Visitor
from figures import OURS, Bench, Figure, MissingError
from processes import Server, running
from rivals import SESSIONS, program
from sites import Site, bare_server
from support import services
from wrk import UNCHECKED, Load, compare, require, shares

TITLE = "The server by itself, on keep-alive connections"

WAITRESS = "waitress"
TWO_WORKERS = f"{OURS}, 2 workers"
WAITS, CONNECTIONS, THREADS = (3, 50), (4, 8, 32), (4, 16)


def measure(bench: Bench) -> list[Figure]:
    require()
    with contextlib.ExitStack() as stack:
        environment = _database(bench, stack)
        folder = bench.folder / "servers"
        return [
            *_bare(bench, folder),
            *_two_workers(bench, folder),
            *_slow_beside_quick(bench, folder),
            *[
                figure
                for threads in THREADS
                for milliseconds in WAITS
                for figure in _waits(bench, folder, threads, milliseconds, environment)
            ],
        ]


def _database(bench: Bench, stack: contextlib.ExitStack) -> dict[str, str]:
    try:
        server = stack.enter_context(services.running(services.PostgreSQL))
    except (Exception, pytest.skip.Exception) as error:  # noqa: BLE001 (then the application sleeps instead)
        bench.lacks(MissingError(f"PostgreSQL, for requests that wait: {error}"))
        return {}
    url = server.options()["session.url"].replace("postgresql+psycopg:", "postgresql:")
    return {"POSTGRESQL_URL": url}


def _site(folder: Path, threads: int, **environment: str) -> Site:
    site = bare_server(folder, threads=threads)
    site.environment = {**site.environment, **environment}
    return site


def _ours(folder: Path, *more: str, threads: int = 4, **environment: str) -> Server:
    site = _site(folder, threads, **environment)
    return site.server([*site.serve, *more])


def _waitress(folder: Path, *, threads: int = 4, **environment: str) -> Server:
    words = [program(SESSIONS, "waitress-serve"), "--listen=127.0.0.1:PORT", f"--threads={threads}", "views:app"]
    return _site(folder, threads, **environment).server(words)


def _other(folder: Path, environment: str, name: str, *words: str) -> Callable[[], Server]:
    return lambda: _site(folder, 4).server([program(environment, name), *words])


def _bare(bench: Bench, folder: Path) -> list[Figure]:
    gunicorn = ["--bind", "127.0.0.1:PORT", "views:app"]
    makers = {
        OURS: lambda: _ours(folder),
        WAITRESS: lambda: _waitress(folder),
        "gunicorn, sync": _other(folder, "flask", "gunicorn", *gunicorn),
        "gunicorn, gthread": _other(folder, "flask", "gunicorn", "-k", "gthread", "--threads", "4", *gunicorn),
        "cheroot": _other(folder, "cheroot", "cheroot", "views:app", "--bind", "127.0.0.1:PORT", "--threads", "4"),
        "limit: granian": _other(folder, "granian", "granian", "--interface", "wsgi", "--port", "PORT", "views:app"),
        "limit: uwsgi": _other(
            folder, "uwsgi", "uwsgi", "--http11-socket", "127.0.0.1:PORT", "--module", "views:app", "--threads", "4",
            "--disable-logging",
        ),
    }  # fmt: skip
    servers: dict[str, Server] = bench.try_each(makers)
    with running(servers):
        loads = {name: Load(server, "/", 8) for name, server in servers.items()}
        return compare(bench, "bare answer, 8 connections", loads)


def _two_workers(bench: Bench, folder: Path) -> list[Figure]:
    """Compare two workers with one; bodies are not checked, since wrk runs on the same cores."""
    servers = {OURS: _ours(folder), TWO_WORKERS: _ours(folder, "--workers", "2")}
    with running(servers):
        loads = {name: Load(server, "/", 32, UNCHECKED) for name, server in servers.items()}
        what = f"bare answer, 32 connections, {os.cpu_count()} cores with wrk"
        return [*compare(bench, what, loads), *shares(what, loads)]


def _slow_beside_quick(bench: Bench, folder: Path) -> list[Figure]:
    servers = {OURS: _ours(folder), WAITRESS: _waitress(folder)}
    figures = []
    with running(servers):
        for what in ("7 quick connections", "7 quick connections beside one of 200 ms"):
            loads = {name: Load(server, "/", 7) for name, server in servers.items()}
            with contextlib.ExitStack() as stack:
                if "beside" in what:
                    for server in servers.values():
                        stack.enter_context(_slow_client(server.port))
                figures += compare(bench, what, loads)
    return figures


@contextlib.contextmanager
def _slow_client(port: int) -> Iterator[None]:
    """Send one request of 200 ms after another, on one connection."""
    stop, answers = threading.Event(), []

    def ask() -> None:
        visitor = Visitor(port)
        while not stop.is_set():
            answers.append(visitor.get("/200ms").body)
        visitor.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        assert set(answers) == {"hello"}, answers


def _waits(bench: Bench, folder: Path, threads: int, milliseconds: int, environment: dict[str, str]) -> list[Figure]:
    how = "PostgreSQL" if environment else "sleep"
    servers = {
        OURS: _ours(folder, threads=threads, **environment),
        WAITRESS: _waitress(folder, threads=threads, **environment),
    }
    figures = []
    with running(servers):
        for connections in CONNECTIONS:
            loads = {name: Load(server, f"/{milliseconds}ms", connections) for name, server in servers.items()}
            what = f"waits {milliseconds} ms ({how}), {connections} connections, {threads} threads"
            figures += compare(bench, what, loads, rounds=2, seconds=2)
    return figures
