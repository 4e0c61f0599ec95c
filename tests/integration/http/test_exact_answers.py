"""Each byte of an answer is sent once and in order, whichever thread writes it."""

from __future__ import annotations

import hashlib
import re
import threading

import pytest
from support.threaded_site import TIMEOUT, ThreadedSite, read_all, read_until

EXCHANGES = 600
EXCHANGE = re.compile(
    rb"HTTP/1\.1 200 OK\r\n(\S+: .+\r\n)+\r\nfirst"
    rb"HTTP/1\.1 100 Continue\r\n\r\n"
    rb"HTTP/1\.1 200 OK\r\n(\S+: .+\r\n)+\r\nsecond"
)
STREAMED = [bytes([number]) * (1 + number * 997 % 60_000) for number in range(80)]


def application(environ, start_response):
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [])
        return iter(STREAMED)
    body = environ["wsgi.input"].read() or b"first"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def site():
    with ThreadedSite(application, outbuf_high_watermark="100000") as running:
        yield running


def post(headers: str, body: bytes = b"") -> bytes:
    return f"POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode() + body


def test_an_answer_before_a_request_that_expects_100_continue_is_sent_once(site):
    """One thread writes 100 Continue while another may be sending the first answer."""
    ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + post("Content-Length: 6\r\nExpect: 100-continue")
    wrong = []

    def exchange() -> None:
        with site.connect() as connection:
            for _ in range(EXCHANGES // 4):
                connection.sendall(ask)
                data = read_until(connection, b"100 Continue\r\n\r\n")
                connection.sendall(b"second")
                data += read_until(connection, b"second")
                if not EXCHANGE.fullmatch(data):
                    wrong.append(data)

    threads = [threading.Thread(target=exchange) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_long_streams_to_slow_readers_arrive_byte_for_byte(site):
    digests = []

    def read_slowly() -> None:
        with site.ask("/stream") as connection:
            data = b""
            while part := connection.recv(5000):
                data += part
        digests.append(hashlib.sha256(dechunked(data.partition(b"\r\n\r\n")[2])).digest())

    threads = [threading.Thread(target=read_slowly) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT * 3)
    assert digests == [hashlib.sha256(b"".join(STREAMED)).digest()] * 4


def dechunked(data: bytes) -> bytes:
    parts = []
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        parts.append(data[:length])
        assert data[length : length + 2] == b"\r\n"
        data = data[length + 2 :]
    return b"".join(parts)


def test_a_request_without_a_body_that_expects_100_continue_is_answered_and_so_is_the_next(site):
    with site.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n")
        assert read_until(connection, b"first").startswith(b"HTTP/1.1 200 OK")
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_until(connection, b"first").startswith(b"HTTP/1.1 200 OK")


def test_a_body_that_is_too_large_is_refused_without_100_continue():
    with ThreadedSite(application, max_request_body_size="1000") as site:
        data = site.answer(post("Content-Length: 1001\r\nExpect: 100-continue"))
    assert data.startswith(b"HTTP/1.1 413 ")
    assert data.count(b"HTTP/1.") == 1


@pytest.mark.parametrize(
    "headers", ["Content-Length: 20000000", "Transfer-Encoding: chunked"], ids=["length", "chunked"]
)
def test_a_client_that_keeps_sending_a_body_that_is_too_large_reads_one_413(headers):
    """Closing at once would reset the connection, and the client would lose the answer."""
    body = b"x" * 20_000_000 if "Length" in headers else b"186A0\r\n" + b"x" * 100_000 + b"\r\n"
    with ThreadedSite(application, max_request_body_size="100000") as site, site.connect() as connection:
        connection.sendall(post(headers, body))
        data = read_all(connection)
    assert data.startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")
    assert data.count(b"HTTP/1.") == 1
