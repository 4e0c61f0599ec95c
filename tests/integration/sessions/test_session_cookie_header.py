"""Cookie headers with several cookies of our name, and several Cookie headers."""

from __future__ import annotations

import json
import socket

import pytest
from conftest import options_of
from support.helpers import use_store
from support.sessions import COOKIE, KEY, Parts, application, cookie_of, make, values, wrap
from support.warm import run, serve, session_of

from gearbox_lite.sessions.codec import sign
from gearbox_lite.sessions.cookie_header import MAX_CANDIDATES, cookie_values


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("hello=a", ["a"]),
        ("hello=a; hello=b", ["b", "a"]),
        ("hello=a; hello=a; hello=a", ["a"]),
        ('x=1; hello="a" ;y=2', ["a"]),
        ("x=1, hello=a", ["a"]),
        ("hello=a, x=1", ["a"]),
        ("hello=a, hello=b; x=1", ["a", "b"]),
        ("x=1,2,3; hello=a", ["a"]),
        ("x=one,hello=planted; hello=a", ["a", "planted"]),
        ("hello=a==; other=hello", ["a=="]),
        ("hello", []),
        ("other=1", []),
        ("", []),
        (None, []),
    ],
)
def test_the_values_of_a_cookie_are_found_with_any_separator(header, expected):
    assert list(cookie_values(header, "hello")) == expected


def count_reads(monkeypatch, store):
    reads = []
    read = type(store).read
    monkeypatch.setattr(type(store), "read", lambda self, session: reads.append(session) or read(self, session))
    return reads


def test_copies_of_a_cookie_cost_one_read_and_different_cookies_three(monkeypatch, tmp_path):
    parts = Parts(options_of("file", tmp_path, None))
    cookie, session_id = parts.stored(user="MVL")
    reads = count_reads(monkeypatch, parts.store)
    gone = f"hello={sign(KEY, '0' * 32)}"
    assert values(parts.session("; ".join([gone] * 2877))) == {}
    assert reads == ["0" * 32]
    reads.clear()
    many = [f"hello={sign(KEY, f'{number:032x}')}" for number in range(1000)]
    assert values(parts.session("; ".join([cookie, *many]))) == {}
    assert len(reads) == MAX_CANDIDATES
    reads.clear()
    assert values(parts.session("; ".join([cookie, *many[:2], "hello=forged"]))) == {"user": "MVL"}
    assert reads[-1] == session_id


def test_no_more_than_three_cookies_of_ours_are_decoded(monkeypatch):
    from gearbox_lite.sessions.codec import Codec

    decoded = []
    decode = Codec.decode
    monkeypatch.setattr(Codec, "decode", lambda self, *rest: decoded.append(1) or decode(self, *rest))
    bad = "; ".join(f"hello={sign(KEY, f'{number}')}" for number in range(1000))
    assert make(COOKIE, bad).is_new
    assert len(decoded) == MAX_CANDIDATES


@pytest.mark.parametrize("kind", ["cookie", "file"])
def test_two_cookie_headers_of_one_request_keep_the_session(project, tmp_path, kind):
    if kind == "file":
        use_store(project, options_of("file", tmp_path, None))
    cookie = session_of(project)
    with serve(project) as served:
        port = int(served.url.rpartition(":")[2])
        for lines in (
            (f"hello={cookie}", "other=1"),
            ("other=1", f"hello={cookie}"),
            ("a=1; b=2,3", f"hello={cookie}"),
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                headers = "".join(f"Cookie: {line}\r\n" for line in lines)
                request = f"GET /getsession HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n"
                connection.sendall(request.encode())
                with connection.makefile("rb") as stream:
                    assert b"MVL" in stream.read()
    for header in (f"Cookie: other=1, hello={cookie}", f"hello={cookie},other=1; hello=forged"):
        shown = run("session", "decode", header, cwd=project)
        assert json.loads(shown.stdout)["data"] == {"user": "MVL"}, shown.stderr


def test_a_value_with_a_comma_in_another_cookie_does_not_replace_ours():
    """Applications may keep a visitor's text in their own cookies; the text could contain another valid session."""
    mine, other = make(COOKIE), make(COOKIE)
    mine["user"], other["user"] = "mine", "other"
    mine.save()
    other.save()
    header = f"{cookie_of(mine)}; note=text,{cookie_of(other)}"
    answer = []
    environ = {"PATH_INFO": "/get", "QUERY_STRING": "", "HTTP_COOKIE": header}
    answer += wrap(COOKIE, application)(environ, lambda *_: None)
    assert json.loads(answer[0]) == {"user": "mine"}
