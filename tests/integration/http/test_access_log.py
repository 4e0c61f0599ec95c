"""The lines of the access log: who asked for what, what was answered, and no secrets."""

from __future__ import annotations

import io
import logging
import os
import queue
import re
import threading
import time

import pytest
from support.threaded_site import TIMEOUT, ThreadedSite

FILE = b"x" * 100_000


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/nothing":
        start_response("204 No Content", [])
        return []
    if path == "/unchanged":
        start_response("304 Not Modified", [])
        return [b"ignored"]
    if path == "/file":
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(FILE))
    if path == "/chunks":
        start_response("200 OK", [])
        return iter([b"12345", b"67890"])
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello, too long"]


@pytest.fixture(scope="module")
def site():
    with ThreadedSite(application, access_log=True, trusted_proxy="127.0.0.1", trusted_proxy_headers="x-forwarded-for",
                      clear_untrusted_proxy_headers="true") as running:  # fmt: skip
        yield running


@pytest.fixture
def line(site, capsys):
    """Make a request, and return its line without the time and the milliseconds."""

    def ask(target: str, *headers: str, request: str = "") -> str:
        head = "".join(f"{header}\r\n" for header in ["Host: x", "Connection: close", *headers])
        site.answer((request or f"GET {target} HTTP/1.1\r\n{head}\r\n").encode())
        text, deadline = "", time.monotonic() + TIMEOUT
        while not text.endswith("\n"):  # it is written after the answer
            assert time.monotonic() < deadline
            text += capsys.readouterr().err
        found = re.fullmatch(r"\d\d:\d\d:\d\d (.*) \d+\.\d ms(.*)\n", text)
        assert found, text
        return found[1] + found[2]

    return ask


@pytest.mark.parametrize(
    ("path", "status", "count"),
    [
        ("/", 200, 5),
        ("/chunks", 200, 10),
        ("/file", 200, len(FILE)),
        ("/nothing", 204, 0),
        ("/unchanged", 304, 0),
    ],
)
def test_a_line_counts_the_bytes_of_the_body_however_it_is_sent(line, path, status, count):
    assert line(path) == f"127.0.0.1 GET {path} {status} {count}"


def test_the_client_is_the_one_that_a_trusted_proxy_names(line):
    assert line("/", "X-Forwarded-For: 203.0.113.7").startswith("203.0.113.7 GET / ")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("a=b&token=t0p", "a=b&token=..."),
        ("access_token=t0p;next=%2F", "access_token=...;next=%2F"),
        ("api%5Fkey=t0p&API-KEY=t0p&apiKeys=t0p", "api%5Fkey=...&API-KEY=...&apiKeys=..."),
        ("password=t0p=t0p&passwd=t0p&user=ann", "password=...&passwd=...&user=ann"),
        ("code=t0p&state=1&X-Amz-Signature=t0p", "code=...&state=1&X-Amz-Signature=..."),
        ("session_id=t0p&client_secret=t0p&_csrf=t0p", "session_id=...&client_secret=...&_csrf=..."),
        ("__debugger__=yes&cmd=1&frm=0&s=t0p", "__debugger__=yes&cmd=1&frm=0&s=..."),
        ("s=words&author=ann&keyword=x&design=y&a", "s=words&author=ann&keyword=x&design=y&a"),
    ],
)
def test_values_whose_names_look_like_those_of_secrets_are_not_written(line, query, shown):
    assert line(f"/?{query}") == f"127.0.0.1 GET /?{shown} 200 5"


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        (["X-Request-ID: 7f-a.b:c/d"], " id=7f-a.b:c/d"),
        (["X-Request-ID: " + "a" * 100], " id=" + "a" * 100),
        (["X-Request-ID: " + "a" * 101], ""),
        (["X-Request-ID: two words"], ""),
        (["X-Request-ID: one", "X-Request-ID: two"], ""),
        (["X-Request-ID: \u00e9"], ""),
    ],
)
def test_the_request_id_of_a_proxy_is_logged_if_it_is_one_short_word(line, headers, shown):
    assert line("/", *headers) == f"127.0.0.1 GET / 200 5{shown}"


def test_a_path_with_spaces_is_one_word(line):
    assert line("/a%20200%205") == "127.0.0.1 GET /a%20200%205 200 5"


def test_a_malformed_request_is_logged(line):
    assert re.fullmatch(r"127\.0\.0\.1 - - 400 \d+", line("", request="nonsense\r\n\r\n"))


def test_a_formatter_of_the_ini_finds_the_fields_of_a_request_and_those_of_every_record(site):
    fields = "%(client)s|%(method)s|%(path)s|%(status)d|%(bytes)d|%(request_id)s|%(process)d|%(levelname)s|%(name)s"
    lines: queue.Queue[str] = queue.Queue()
    handler = logging.Handler()
    handler.emit = lambda record: lines.put(logging.Formatter(f"{fields}|%(threadName)s|%(created)f").format(record))
    log = logging.getLogger("gearbox_lite.access")
    log.addHandler(handler)
    try:
        before = time.time()
        site.answer(b"GET /?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-ID: r-1\r\n\r\n")
        *found, thread, created = lines.get(timeout=TIMEOUT).split("|")
    finally:
        log.removeHandler(handler)
    assert found == ["127.0.0.1", "GET", "/?a=1", "200", "5", "r-1", str(os.getpid()), "INFO", "gearbox_lite.access"]
    assert thread != threading.current_thread().name
    assert before - 0.001 <= float(created) <= time.time() + 0.001
