"""A request's changes are stored whole or not at all, whatever happens to the processes."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.databases import KINDS, add_pages, database_project, use_postgresql
from support.helpers import Browser, Served, new_project, serve, set_option
from support.services import PostgreSQL, running
from support.warm import run


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
        assert "locked" not in served.output


def test_a_killed_process_leaves_no_half_of_a_request(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    add_pages(project)
    written = threading.Event()

    def write(url: str, number: int) -> None:
        with contextlib.suppress(OSError):
            for again in range(1000):
                Browser(url).post("/pages/pair", {"name": f"{number}-{again}"})
                written.set()

    for number in range(5):
        written.clear()
        with serve(project) as served:
            client = threading.Thread(target=write, args=[served.url, number])
            client.start()
            assert written.wait(60)
            served.end(signal.SIGKILL)
            client.join()
    with contextlib.closing(sqlite3.connect(project / "data" / "hello.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with serve(project) as served:
        page = only(served, "/pages/pairs")
        assert '"broken": []' in page
        assert int(re.search(r'"names": (\d+)', page)[1]) >= 5


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

            with ThreadPoolExecutor(4) as clients:
                waiting = [clients.submit(write, number) for number in range(4)]
                for _ in range(2):
                    service.kill()
                    answer = browser.post("/pages/pair", {"name": "down"})
                    while answer.status == 200:  # was answered before
                        answer = browser.post("/pages/pair", {"name": "down"})
                    assert (answer.status, answer.header("Retry-After")) == (503, "2")
                    assert "retrieved MVL" in browser.get("/getsession").text
                    service.start()
                    back = time.monotonic()
                    while browser.get("/pages/pairs").status != 200:
                        assert time.monotonic() - back < 30, "the pages do not come back"
                stop.set()
                for client in waiting:
                    client.result()
            assert set(statuses) == {200, 503}
            assert '"broken": []' in browser.get("/pages/pairs").text
            assert "retrieved MVL" in browser.get("/getsession").text
            assert "the database is not available: " in served.output
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
        serve(project) as served,
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_failed_commit_is_an_error_and_stores_nothing(tmp_path, shared_services, kind):
    project = database_project(tmp_path, kind, shared_services)
    add_pages(project)
    set_option(project / "development.ini", "debug", "false")
    with serve(project) as served:
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
    with serve(project) as served:
        browser = Browser(served.url)
        shutil.rmtree(folder)  # the page then creates a file of this name
        assert browser.post("/pages/store_fails", {}).status == 503
        assert '"names": 1' in browser.get("/pages/pairs").text
