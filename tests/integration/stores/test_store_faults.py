"""A store that is down is 503, not a logout; a process that is killed leaves old or new values, never neither."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import options_of
from support import services
from support.helpers import REPOSITORY, Browser, free_port, new_project, use_store
from support.sessions import KEY, visitor, without_folder
from support.warm import serve


def unavailable_answer(browser, path="/get"):
    answer = browser.get(path, status=503)
    assert answer.headers["Retry-After"] == "2"
    assert "Set-Cookie" not in answer.headers
    return answer


def wait_for_the_store(browser):
    back = time.monotonic()
    while browser.get("/get", expect_errors=True).status_int == 503:
        assert time.monotonic() - back < 2
        time.sleep(0.02)


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
def test_files_that_cannot_be_used_are_503_and_the_session_is_there_when_they_are_back(kind, tmp_path, caplog):
    options = options_of(kind, tmp_path, None)
    if kind == "sqlite":
        options["session.url"] += "?timeout=0.1"
    browser = visitor(options)
    browser.get("/set?user=MVL")
    with store_down(kind, options, tmp_path):
        unavailable_answer(browser)
        unavailable_answer(browser, "/set?user=lost")
        assert browser.get("/none").status_int == 200
    wait_for_the_store(browser)
    assert browser.get("/get").json == {"user": "MVL"}
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert ("sessions.db" if kind == "sqlite" else str(tmp_path / "data")) in lines[0]
    assert "is back" in lines[1]


def test_a_server_that_is_down_is_503_and_the_session_is_there_within_two_seconds_of_its_return(breakable, caplog):
    browser = visitor({**breakable.options(), "session.secret": KEY, "session.key": "hello"})
    browser.get("/set?user=MVL")
    breakable.kill()
    unavailable_answer(browser)
    unavailable_answer(browser, "/set?user=lost")
    assert browser.get("/none").status_int == 200
    breakable.start()
    wait_for_the_store(browser)
    keeps = not isinstance(breakable, services.Memcached)
    assert browser.get("/get").json == ({"user": "MVL"} if keeps else {})
    lines = [record.getMessage() for record in caplog.records if record.name == "gearbox_lite.sessions"]
    assert len(lines) == 2
    assert str(breakable.port) in lines[0]


def test_a_server_that_accepts_and_says_nothing_is_503():
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


def test_an_application_that_swallows_everything_is_answered_503_all_the_same(tmp_path):
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


COUNTER = """
from tg import expose, session, TGController

class RootController(TGController):
    @expose("json")
    def add(self, number):
        session[number] = session.get(number, 0) + 1
        session.save()
        return {"value": session[number]}

    @expose("json")
    def values(self):
        return {key: session[key] for key in session if not key.startswith("_")}
"""


def test_killing_the_store_under_load_loses_no_session(breakable, tmp_path):
    """Every acknowledged write is there afterwards; while the store is down, there is only 503."""
    project = new_project(tmp_path)
    use_store(project, breakable.options())
    (project / "hello/controllers/root.py").write_text(COUNTER)
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


@pytest.mark.parametrize("kind", ["file", "dbm", "sqlite", "redis", "memcached", "postgresql", "cookie"])
def test_two_servers_behind_nginx_share_the_sessions(kind, tmp_path, shared_services):
    project = new_project(tmp_path)
    (project / "hello/controllers/root.py").write_text(COUNTER)
    if kind != "cookie":
        use_store(project, options_of(kind, tmp_path, shared_services))
    with serve(project) as first, serve(project) as second:
        ports = [int(served.url.rpartition(":")[2]) for served in (first, second)]
        with services.running(services.Nginx, ports) as nginx:
            browser = Browser(f"http://127.0.0.1:{nginx.port}")
            for expected in range(1, 9):
                assert json.loads(browser.get("/add?number=n").text) == {"value": expected}
            for served in (first, second):
                cookie = f"hello={browser.cookie('hello')}"
                assert json.loads(Browser(served.url).get("/values", Cookie=cookie).text) == {"n": 8}


# Saves sessions for ever in a child, which is killed in the middle, many times; each time the session must be readable.
KILLER = """
import json, os, random, signal, sys, time
sys.path.insert(0, sys.argv[1])
from support.sessions import wrap, application
options, rounds = json.loads(sys.argv[2]), int(sys.argv[3])

def request(app, query, cookie=""):
    answers = []
    environ = {"PATH_INFO": "/set" if query else "/get", "QUERY_STRING": query, "HTTP_COOKIE": cookie}
    body = b"".join(app(environ, lambda status, headers, exc=None: answers.append((status, dict(headers)))))
    return answers[0], json.loads(body)

answer, _ = request(wrap(options), "value=start")
cookie = answer[1]["Set-Cookie"].partition(";")[0]
seen, randomness = set(), random.Random(7)
for number in range(rounds):
    ready, write = os.pipe()
    child = os.fork()
    if child == 0:
        app, count = wrap(options), 0
        while True:
            request(app, f"value={number}-{count}-" + "x" * 3000, cookie)
            count += 1
            if count == 1:
                os.write(write, b"x")
    os.read(ready, 1)
    time.sleep(randomness.random() * 0.004)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(write)
    answer, values = request(wrap(options), "", cookie)
    assert answer[0] == "200 OK", answer
    assert values["value"].startswith(f"{number}-") and values["value"].endswith("x" * 3000), values
    seen.add(values["value"].split("-")[1])
print("readable", rounds, "at", len(seen), "different points")
"""


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_killed_save_leaves_the_old_or_the_new_value(kind, tmp_path):
    options = options_of(kind, tmp_path, None)
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLER, REPOSITORY / "tests", json.dumps(options), "200"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("readable 200 at ")


def mutate(value: str, randomness: random.Random) -> str:
    """Change a cookie's value in one of many ways."""
    kind, at = randomness.randrange(7), randomness.randrange(len(value))
    letters = 'abcdef0123456789ABCXYZ+/=%;é\x01 "'
    if kind == 0:
        return value[:at] + randomness.choice(letters) + value[at + 1 :]
    if kind == 1:
        return value[:at]
    if kind == 2:
        return value[:at] + value[at + 1 :]
    if kind == 3:
        return value[:at] + "".join(randomness.choices(letters, k=randomness.randrange(1, 200))) + value[at:]
    if kind == 4:
        return value[40:] + value[:40]
    if kind == 5:
        return "".join(randomness.choices(letters, k=randomness.randrange(1, 5000)))
    return value[:40] + value[at:]


def answer_to(cookie, connection, stream):
    """Ask with a cookie as it is, and return the status and body; http.client would take longer than the server."""
    connection.sendall(b"GET /values HTTP/1.1\r\nHost: localhost\r\nCookie: hello=%s\r\n\r\n" % cookie)
    status, length = int(stream.readline().split()[1]), 0
    while (line := stream.readline()).strip():
        if line.startswith(b"Content-Length:"):
            length = int(line.split()[1])
    return status, stream.read(length)


@pytest.mark.parametrize("kind", ["cookie", "file"])
def test_twenty_thousand_mutated_cookies_are_answered_and_none_is_believed(kind, tmp_path):
    """Half of the 20,000 on each store, over real connections to a real server."""
    project = new_project(tmp_path)
    (project / "hello/controllers/root.py").write_text(COUNTER)
    if kind == "file":
        use_store(project, options_of("file", tmp_path, None))
    randomness = random.Random(20_000)
    with serve(project) as served:
        browser = Browser(served.url)
        browser.get("/add?number=secret")
        good = browser.cookie("hello")
        port = int(served.url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), timeout=30) as connection,
            connection.makefile("rb") as stream,
        ):
            for _ in range(10_000):
                bad = mutate(good, randomness)
                if bad.strip().strip('"') == good or bad.split(";")[0].strip() == good:
                    continue
                cookie = bad.encode("latin-1").replace(b"\x01", b"\t")
                assert answer_to(cookie, connection, stream) == (200, b"{}"), bad
        assert json.loads(browser.get("/values").text) == {"secret": 1}
        served.end()
        assert "Traceback" not in served.output
