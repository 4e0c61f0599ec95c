"""An application that fails while it answers: its client gets 500, the log says why, and the server keeps running."""

from __future__ import annotations

import re
import signal
import sys
import time

import pytest
from support.helpers import Browser
from support.threaded_site import ThreadedSite, read_until
from support.warm import serve

APPLICATION = """
import sys

def make(global_conf):
    return answer

def answer(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/exit":
        sys.exit("bye")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
"""


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/exit":
        raise SystemExit(3)
    if path == "/interrupt":
        raise KeyboardInterrupt
    headers = [("Content-Length", "5")] if path.endswith("length") else []
    start_response("200 OK", headers)
    if path == "/raise":
        raise LookupError(path)
    if path == "/file":
        raise FileNotFoundError(2, "No such file or directory", "page.html")
    if path.startswith("/str"):
        return ["hello"]
    if path == "/number":
        return [7]
    if path == "/list":
        return iter([[7, 8]])
    if path == "/after":
        return iter([b"begun", "rest"])
    return [b"hello"]


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def failures(caplog) -> list[str]:
    """Return what is logged, without the warning about requests queued while the threads start."""
    return [record.getMessage() for record in caplog.records if record.name == "waitress"]


@pytest.fixture
def site():
    with ThreadedSite(application, access_log=True) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/str", "GET /str: the application returned a body of str, not bytes; encode it, for example text.encode()"),
        ("/str-length", "GET /str-length: the application returned a body of str, not bytes; encode it, for example"),
        ("/list", "GET /list: the application returned a body of list, not bytes; WSGI takes only bytes"),
        ("/exit", r"GET /exit: the application raised SystemExit\(3\) in test_failing_answers.py line \d+; the server"),
        ("/interrupt", r"GET /interrupt: the application raised KeyboardInterrupt\(\) in test_failing_answers.py line"),
        ("/raise", "Exception while serving /raise"),
        ("/file", "Exception while serving /file"),
        ("/number", "Exception while serving /number"),
    ],
)
def test_a_request_whose_application_fails_is_500_and_one_line_in_each_log(site, path, line, caplog, capsys):
    for _ in range(6):  # more often than there are threads
        answer = site.answer(get(path))
        assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
        assert answer.count(b"HTTP/1.") == 1
        assert b"hello" not in answer
    with site.ask("/") as connection:
        read_until(connection, b"hello")
    messages = failures(caplog)
    assert len(messages) == 6
    assert all(re.match(line, message) for message in messages), messages
    assert len(re.findall(rf" GET {path} 500 \d+ ", capsys.readouterr().err)) == 6


def test_an_oserror_of_the_application_is_500_even_if_socket_errors_are_not_logged(caplog):
    with ThreadedSite(application, log_socket_errors="false") as site:
        assert site.answer(get("/file")).startswith(b"HTTP/1.1 500 ")
    assert failures(caplog) == ["Exception while serving /file"]


INVALID_TARGETS = [
    "http://[/",
    "http://[::1/",
    *(["http://[x]/"] if sys.version_info >= (3, 11, 4) else []),  # earlier versions do not check what is in brackets
]


@pytest.mark.parametrize("target", INVALID_TARGETS)
def test_an_invalid_request_target_is_400_without_a_traceback(site, target, caplog):
    lines = [line for line in site.answer(get("/") + get(target)).splitlines() if b"HTTP/1." in line]
    assert [line.split()[-3:] for line in lines] == [[b"HTTP/1.1", b"200", b"OK"], [b"400", b"Bad", b"Request"]]
    assert failures(caplog) == []


def test_an_answer_that_fails_after_it_has_begun_is_cut_off_and_one_line_in_each_log(site, caplog, capsys):
    answer = site.answer(get("/after"))
    assert b"\r\n\r\n5\r\nbegun\r\n" in answer
    assert not answer.endswith(b"0\r\n\r\n")
    assert len(failures(caplog)) == 1
    assert re.findall(r"GET /after .*", capsys.readouterr().err)[0].startswith("GET /after 200 5 ")


def test_a_path_in_the_log_of_failures_is_one_line_without_escapes(site, caplog):
    site.answer(get("/str%0A%1b[31m"))
    assert failures(caplog)[0].startswith(r"GET /str\n\x1b[31m: the application returned")


def test_clients_see_the_traceback_only_with_expose_tracebacks():
    with ThreadedSite(application) as site:
        assert b"LookupError" not in site.answer(get("/raise"))
    with ThreadedSite(application, expose_tracebacks="true") as site:
        assert b"LookupError" in site.answer(get("/raise"))


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]])
def test_sys_exit_in_a_request_neither_ends_the_server_nor_delays_its_shutdown(tmp_path, workers):
    (tmp_path / "plain.py").write_text(APPLICATION)
    (tmp_path / "plain.ini").write_text(
        "[server:main]\nuse = egg:waitress#main\nport = 0\nthreads = 2\n"
        "[app:main]\npaste.app_factory = plain:make\n[serve]\ndrain_timeout = 50\n"
    )
    with serve(tmp_path, "plain.ini", "--keep-port", *workers) as served:
        browser = Browser(served.url)
        statuses = [browser.get(path).status for path in ["/exit"] * 5 + ["/"] * 5]
        assert statuses == [500] * 5 + [200] * 5
        started = time.monotonic()
        assert served.end(signal.SIGTERM) == 0
        assert time.monotonic() - started < 25
        assert (
            len(
                re.findall(r"GET /exit: the application raised SystemExit\('bye'\) in plain.py line 10;", served.output)
            )
            == 5
        )
