"""HEAD is answered without a body, whatever the application returns, so that keep-alive works."""

from __future__ import annotations

import io
import itertools
import re
import threading

import pytest
from support.threaded_site import TIMEOUT, ThreadedSite, read_all, read_until

ended = threading.Event()


class Endless:
    """A body without an end."""

    def __iter__(self):
        return itertools.repeat(b"part")

    def close(self):
        ended.set()


def application(environ, start_response):
    path = environ["PATH_INFO"]
    headers = [("Content-Length", "5")] if path.startswith("/length") else []
    write = start_response("200 OK", headers)
    if path == "/write":
        write(b"hello")
        write(b"hello")
        return []
    if path == "/file":
        return environ["wsgi.file_wrapper"](io.BytesIO(b"hello"))
    if path == "/fails":
        raise LookupError(path)
    if path == "/endless":
        return Endless()
    return iter([b"hel", b"lo"]) if path.endswith("parts") else [b"hello"]


@pytest.fixture
def site():
    with ThreadedSite(application, access_log=True) as running:
        yield running


def ask(path: str) -> bytes:
    return f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@pytest.mark.parametrize("path", ["/", "/length", "/length-parts", "/file"])
def test_an_answer_to_head_is_only_headers_and_the_next_answer_follows(site, path, capsys):
    with site.connect() as connection:
        connection.sendall(ask(path) + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        data = read_until(connection, b"hello")
    assert re.fullmatch(rb"(HTTP/1\.1 200 OK\r\nContent-Length: 5\r\n(\S+: .+\r\n)+\r\n){2}hello", data), data
    assert f" HEAD {path} 200 0 " in capsys.readouterr().err


@pytest.mark.parametrize("path", ["/parts", "/write", "/fails"])
def test_an_answer_to_head_of_unknown_length_has_no_body(site, path):
    data = site.answer(ask(path))
    assert data.endswith(b"\r\n\r\n")
    assert data.count(b"\r\n\r\n") == 1


def test_an_endless_stream_is_closed_when_the_client_disconnects(site):
    ended.clear()
    with site.connect() as connection:
        connection.sendall(ask("/endless"))
        assert connection.recv(1000).endswith(b"\r\n\r\n")
    assert ended.wait(TIMEOUT)


def test_a_refused_head_request_gets_no_body():
    with ThreadedSite(application, max_request_body_size="10") as site, site.connect() as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n")
        assert read_all(connection).endswith(b"\r\n\r\n")
