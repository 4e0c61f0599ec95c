"""A store that is down is answered 503, no visitor is logged out, and sessions are available again once it is back."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import options_of
from support import services
from support.helpers import Browser, free_port, new_project, use_store
from support.sessions import COUNTING_CONTROLLER, KEY, visitor, wait_for_store, without_folder
from support.warm import serve


def unavailable_answer(browser, path="/get"):
    answer = browser.get(path, status=503)
    assert answer.headers["Retry-After"] == "2"
    assert "Set-Cookie" not in answer.headers
    return answer


@contextlib.contextmanager
def store_down(kind, options, tmp_path):
    """Take away a store that lives in files."""
    if kind == "sqlite":
        lock = sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        yield
        lock.close()
    else:
        with without_folder(tmp_path):
            yield


@pytest.mark.parametrize("kind", ["file", "dbm", "sqlite"])
def test_unusable_files_are_answered_503_and_the_session_survives(kind, tmp_path, caplog):
    options = options_of(kind, tmp_path, None)
    if kind == "sqlite":
        options["session.url"] += "?timeout=0.1"
    browser = visitor(options)
    browser.get("/set?user=MVL")
    with store_down(kind, options, tmp_path):
        unavailable_answer(browser)
        unavailable_answer(browser, "/set?user=lost")
        assert browser.get("/none").status_int == 200
    assert wait_for_store(browser).json == {"user": "MVL"}
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert ("sessions.db" if kind == "sqlite" else str(tmp_path / "data")) in lines[0]
    assert "is back" in lines[1]


def test_a_server_that_is_down_is_answered_503_and_its_sessions_survive(breakable, caplog):
    browser = visitor({**breakable.options(), "session.secret": KEY, "session.key": "hello"})
    browser.get("/set?user=MVL")
    breakable.kill()
    unavailable_answer(browser)
    unavailable_answer(browser, "/set?user=lost")
    assert browser.get("/none").status_int == 200
    breakable.start()
    keeps = not isinstance(breakable, services.Memcached)
    assert wait_for_store(browser).json == ({"user": "MVL"} if keeps else {})
    lines = [record.getMessage() for record in caplog.records if record.name == "gearbox_lite.sessions"]
    assert len(lines) == 2
    assert str(breakable.port) in lines[0]


def test_a_server_that_accepts_connections_and_never_answers_is_answered_503():
    def visit(options):
        browser = visitor({**options, "session.secret": KEY, "session.key": "hello"})
        unavailable_answer(browser, "/set?user=MVL")

    with socket.socket() as silent, ThreadPoolExecutor() as threads:  # at once, as each waits for some seconds
        silent.bind(("127.0.0.1", 0))
        silent.listen(100)
        port = silent.getsockname()[1]
        stores = (
            {"session.type": "ext:redis", "session.url": f"redis://127.0.0.1:{port}/0"},
            {"session.type": "ext:memcached", "session.url": f"127.0.0.1:{port}"},
            {"session.type": "ext:database", "session.url": f"postgresql+psycopg://u@127.0.0.1:{port}/d"},
        )
        assert list(threads.map(visit, stores)) == [None] * 3


def test_an_application_cannot_suppress_the_503(tmp_path):
    def stubborn(environ, start_response):
        with contextlib.suppress(BaseException):
            environ["beaker.session"].get("user")
        start_response("200 OK", [("Content-Length", "4")])
        yield b"fine"

    options = options_of("file", tmp_path, None)
    first = visitor(options)
    first.get("/set?user=MVL")
    browser = visitor(options, stubborn)
    browser.set_cookie("hello", first.cookies["hello"])
    with store_down("file", options, tmp_path):
        assert b"cannot be reached" in unavailable_answer(browser).body


def test_a_password_is_not_in_the_log(caplog):
    url = f"redis://user:hunter2@127.0.0.1:{free_port()}/0"
    browser = visitor({"session.type": "ext:redis", "session.url": url, "session.secret": KEY})
    unavailable_answer(browser, "/set?user=MVL")
    assert "hunter2" not in caplog.text
    assert "redis://user:***@127.0.0.1" in caplog.text


def test_killing_the_store_under_load_loses_no_session(breakable, tmp_path):
    """Every acknowledged write is there afterwards; while the store is down, there is only 503."""
    project = new_project(tmp_path)
    use_store(project, breakable.options())
    (project / "hello/controllers/root.py").write_text(COUNTING_CONTROLLER)
    keeps = not isinstance(breakable, services.Memcached)
    with serve(project) as served:
        stop, problems = threading.Event(), []
        acknowledged = [0] * 4
        answers = [0] * 4

        def visit(number):
            browser = Browser(served.url)
            while not stop.is_set():
                answer = browser.get(f"/add?number={number}")
                answers[number] += 1
                if answer.status == 200:
                    value = json.loads(answer.text)["value"]
                    if keeps and value <= acknowledged[number]:
                        problems.append((number, value, acknowledged[number]))
                    acknowledged[number] = value
                elif answer.status != 503:
                    problems.append((number, answer.status, answer.text[:200]))

        visitors = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
        for thread in visitors:
            thread.start()
        for _ in range(3):
            wait_for_more(answers, 20)
            breakable.kill()
            wait_for_more(answers, 8)
            breakable.start()
            wait_for_more(acknowledged, 5)
        stop.set()
        for thread in visitors:
            thread.join()
        assert problems == []


def wait_for_more(counts, more):
    """Wait until each count has grown, or started again after a loss, by so many."""
    changes, last = [0] * len(counts), list(counts)
    deadline = time.monotonic() + 30
    while min(changes) < more:
        assert time.monotonic() < deadline, counts
        for number, count in enumerate(counts):
            if count != last[number]:
                changes[number] += 1
                last[number] = count
        time.sleep(0.005)
