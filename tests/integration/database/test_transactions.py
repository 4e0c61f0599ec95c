"""A request's changes are stored whole or not at all, whatever happens to the processes."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import queue
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import warm
from support.databases import KINDS, add_pages, database_project, use_postgresql
from support.helpers import Browser, Served, new_project, serve, set_option
from support.reloading import wait_until
from support.services import PostgreSQL, running
from support.warm import run

from gearbox_lite.database.postgresql import ASK_AFTER, ASK_AGAIN
from gearbox_lite.database.url import CONNECT_TIMEOUT


def only(served: Served, path: str) -> str:
    return Browser(served.url).get(path).text


@pytest.mark.parametrize("kind", KINDS)
def test_no_update_is_lost_among_workers_threads_and_clients(tmp_path, shared_services, kind):
    project = database_project(tmp_path, kind, shared_services)
    add_pages(project)
    code = 'db.add(Entry(name="counter", text="0")); db.commit()'
    assert run("shell", "-c", code, cwd=project).returncode == 0

    def post(browser: Browser) -> list[int]:
        return [browser.post("/pages/count", {}).status for _ in range(250)]

    with serve(project, "--workers", "2") as served:
        with ThreadPoolExecutor(8) as clients:
            statuses = [status for each in clients.map(post, [Browser(served.url)] * 8) for status in each]
        assert set(statuses) == {200}
        assert '"count": "2001"' in Browser(served.url).post("/pages/count", {}).text
        assert Browser(served.url).get("/pages/imported").text == '{"alembic": false, "SQLAlchemy": true}'
        if kind == "postgresql":
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            code = f"from sqlalchemy import text; print(db.scalar(text('{query}')))"
            used = int(run("shell", "-c", code, cwd=project).stdout) - 1  # the shell's own
            assert used <= 2 * 4, "no worker has more connections than threads"
        assert "locked" not in served.output


SERVER = """
import gc, os, socket, sys
from paste.deploy import loadapp
from waitress import serve
listener = socket.socket(fileno=int(sys.argv[1]))
application = loadapp("config:development.ini", relative_to=".")
gc.freeze()
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        serve(application, sockets=[listener], _quiet=True)
    print(pid, flush=True)
    os.waitpid(pid, 0)
"""
"""Loads the application once, and forks a process that serves it for each line of input, as our fork server does."""


def test_a_process_that_is_killed_100_times_leaves_no_half_of_a_request(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    add_pages(project)
    answered: queue.Queue[int] = queue.Queue()
    stop = threading.Event()

    def write(url: str, number: int) -> None:
        for again in itertools.count():
            if stop.is_set():
                return
            with contextlib.suppress(OSError, http.client.HTTPException):
                answered.put(Browser(url).post("/pages/pair", {"name": f"{number}-{again}"}).status)

    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener, ThreadPoolExecutor(3) as clients:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(listener.fileno())],
            cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[listener.fileno()],
        )  # fmt: skip
        writing = [clients.submit(write, f"http://127.0.0.1:{listener.getsockname()[1]}", each) for each in range(3)]
        for number in range(100):
            print("start", file=server.stdin, flush=True)
            pid = int(server.stdout.readline())
            while not answered.empty():  # by the previous process
                assert answered.get() == 200
            for _ in range(1 + number % 3):  # the other clients are writing at that moment
                assert answered.get(timeout=60) == 200
            os.kill(pid, signal.SIGKILL)
        stop.set()
        listener.close()
        server.communicate(timeout=60)
        for client in writing:
            client.result()
    with contextlib.closing(sqlite3.connect(project / "data" / "hello.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with warm.serve(project) as served:
        page = only(served, "/pages/pairs")
        assert '"broken": []' in page
        assert int(re.search(r'"names": (\d+)', page)[1]) >= 100


def test_while_postgresql_is_down_only_pages_that_need_it_answer_503(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    with running(PostgreSQL) as service:
        use_postgresql(project, service)
        add_pages(project)
        with serve(project, "--workers", "2") as served:
            browser = Browser(served.url)
            assert "sessionVariable set" in browser.get("/setsession").text
            stop, statuses = threading.Event(), []

            def write(number: int) -> None:
                count = 0
                while not stop.is_set():
                    count += 1
                    statuses.append(Browser(served.url).post("/pages/pair", {"name": f"{number}-{count}"}).status)

            with ThreadPoolExecutor(2) as clients:
                waiting = [clients.submit(write, number) for number in range(2)]
                for _ in range(2):
                    service.kill()
                    answer = browser.post("/pages/pair", {"name": "down"})
                    while answer.status == 200:  # was answered before
                        answer = browser.post("/pages/pair", {"name": "down"})
                    assert (answer.status, answer.header("Retry-After")) == (503, "2")
                    assert "retrieved MVL" in browser.get("/getsession").text
                    service.start()
                    # Not only within two seconds: nothing waits before it asks the database again.
                    assert browser.get("/pages/pairs").status == 200
                stop.set()
                for client in waiting:
                    client.result()
            assert set(statuses) == {200, 503}
            assert '"broken": []' in browser.get("/pages/pairs").text
            assert "retrieved MVL" in browser.get("/getsession").text
            assert "the database is not available: " in served.output
            assert "Traceback" not in served.output


def test_a_postgresql_that_hangs_is_503_while_other_pages_answer_and_long_queries_continue(tmp_path):
    import psycopg

    project = new_project(tmp_path, "hello", "--database")
    with running(PostgreSQL) as service, ThreadPoolExecutor() as clients:
        use_postgresql(project, service)
        add_pages(project)
        running_queries = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'"
        address = f"host=127.0.0.1 port={service.port} user=test dbname=postgres"
        with serve(project) as served, psycopg.connect(address, autocommit=True) as connection:
            browser = Browser(served.url)
            assert browser.get(f"/pages/wait?seconds={2.5 * ASK_AFTER}").status == 200
            waiting = clients.submit(Browser(served.url).get, "/pages/wait?seconds=600")
            while connection.execute(running_queries).fetchone()[0] < 2:  # itself, and that of the page
                time.sleep(0.02)
            service.pause()

            def read() -> set[tuple[int, str | None]]:
                answers = [Browser(served.url).get("/pages/pairs") for _ in range(25)]
                return {(answer.status, answer.header("Retry-After")) for answer in answers}

            # Twice as many clients as threads. If each request occupied a thread for as long as a connection may take,
            # all of them would take 100 seconds, and a page without the database 5 to 10.
            reading = [clients.submit(read) for _ in range(8)]
            longest = 0.0
            started = time.monotonic()
            while not all(client.done() for client in reading):
                asked = time.monotonic()
                assert browser.get("/setsession").status == 200
                longest = max(longest, time.monotonic() - asked)
            assert time.monotonic() - started < 30
            assert longest < 2 * (ASK_AFTER + CONNECT_TIMEOUT)
            assert {answer for client in reading for answer in client.result()} == {(503, "2")}
            assert (waiting.result().status, waiting.result().header("Retry-After")) == (503, "2")
            assert served.output.count("the database is not available: ") == 201
            service.resume()
            wait_until(lambda: browser.get("/pages/pairs").status == 200)
            assert ASK_AGAIN < 2, "it is noticed within two seconds that the database is back"
            assert "Traceback" not in served.output


def test_a_drained_worker_returns_its_connections(tmp_path):
    import psycopg

    project = new_project(tmp_path, "hello", "--database")
    with running(PostgreSQL) as service:
        use_postgresql(project, service)
        add_pages(project)
        with serve(project, "--workers", "2") as served:
            browser = Browser(served.url)
            with psycopg.connect(
                f"host=127.0.0.1 port={service.port} user=test dbname=postgres", autocommit=True
            ) as connection:

                def connections() -> set[int]:
                    query = "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'hello%'"
                    return {row[0] for row in connection.execute(query)}

                while not connections():
                    browser.get("/pages/pairs")
                before = connections()
                served.process.send_signal(signal.SIGHUP)
                deadline = time.monotonic() + 30
                while before & connections():
                    assert time.monotonic() < deadline, "connections of the drained workers are still open"
                    time.sleep(0.02)
            assert browser.get("/pages/pairs").status == 200


def test_a_locked_file_is_503_and_readers_do_not_wait(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    set_option(project / "development.ini", "sqlalchemy.url", "sqlite:///%(here)s/data/hello.db?timeout=0.1")
    add_pages(project)
    with (
        warm.serve(project) as served,
        contextlib.closing(sqlite3.connect(project / "data" / "hello.db", isolation_level=None)) as other,
    ):
        browser = Browser(served.url)
        other.execute("BEGIN IMMEDIATE")
        answer = browser.post("/pages/pair", {"name": "a"})
        assert (answer.status, answer.header("Retry-After")) == (503, "2")
        assert browser.get("/pages/pairs").status == 200
        other.execute("COMMIT")
        assert browser.post("/pages/pair", {"name": "a"}).status == 200
        assert served.output.count("the database is not available: database is locked") == 1
        assert "Traceback" not in served.output


def test_a_full_disk_is_503_and_leaves_no_half_of_a_request(tmp_path):
    """The limit of a file's size has the same effect: the system refuses to write, and SQLite says that it is full."""
    project = new_project(tmp_path, "hello", "--database")
    add_pages(project)
    with warm.serve(project) as served:
        browser = Browser(served.url)
        before = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (40_000, before[1]))
        answer = browser.post("/pages/pair", {"name": "a" * 20_000})
        assert (answer.status, answer.header("Retry-After")) == (503, "2")
        assert '"names": 0' in browser.get("/pages/pairs").text
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, before)
        assert browser.post("/pages/pair", {"name": "a" * 20_000}).status == 200
        assert '"names": 1, "broken": []' in browser.get("/pages/pairs").text
        assert "Traceback" not in served.output


def test_a_file_that_may_only_be_read_is_503_for_pages_that_write(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    add_pages(project)
    url = "sqlite:///file:%(here)s/data/hello.db?mode=ro&uri=true"
    set_option(project / "development.ini", "sqlalchemy.url", url)
    with warm.serve(project) as served:
        browser = Browser(served.url)
        answer = browser.post("/pages/pair", {"name": "a"})
        assert (answer.status, answer.header("Retry-After")) == (503, "2")
        assert browser.get("/pages/pairs").status == 200
        served.end()
        assert served.output.count("the database is not available: attempt to write a readonly database") == 1
        assert "Traceback" not in served.output


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_commit_is_an_error_and_stores_nothing(tmp_path, shared_services, kind):
    project = database_project(tmp_path, kind, shared_services)
    add_pages(project)
    set_option(project / "development.ini", "debug", "false")
    with warm.serve(project) as served:
        browser = Browser(served.url)
        assert browser.post("/pages/refused_at_commit", {}).status == 500
        assert browser.cookie("hello") is None
        assert browser.get("/pages/pairs").status == 200
        served.end()
        assert served.output.count("POST /pages/refused_at_commit\n") == 1
        assert "IntegrityError" in served.output
    code = "from sqlalchemy import inspect; print(inspect(db.get_bind()).get_table_names())"
    assert "part" not in run("shell", "-c", code, cwd=project).stdout


def test_if_the_session_store_fails_after_the_commit_the_changes_are_kept(tmp_path):
    """The response is 503, because the session is lost; docs/how-to/database.md says so."""
    project = new_project(tmp_path, "hello", "--database", "--session", "file")
    folder = project / "data" / "sessions"
    add_pages(project)
    ini = project / "development.ini"
    ini.write_text(ini.read_text().replace("paste.app_factory", f"broken_store = {folder}\npaste.app_factory", 1))
    with warm.serve(project) as served:
        browser = Browser(served.url)
        shutil.rmtree(folder)  # the page then creates a file of this name
        assert browser.post("/pages/store_fails", {}).status == 503
        assert '"names": 1' in browser.get("/pages/pairs").text
