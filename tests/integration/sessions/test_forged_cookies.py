"""A cookie that this site has not signed starts a new session, with any content and in any number."""

from __future__ import annotations

import json
import logging
import random
import socket

import pytest
from conftest import options_of
from support.helpers import Browser, new_project, use_store
from support.sessions import COOKIE, COUNTING_CONTROLLER, OLD_KEY, OTHER_KEY, cookie_of, make, values, visitor
from support.warm import serve


def test_an_unknown_key_is_rejected():
    foreign = visitor({**COOKIE, "session.validate_key": OTHER_KEY})
    foreign.get("/set?user=MVL")
    ours = visitor({**COOKIE, "session.validate_key_fallbacks": OLD_KEY})
    ours.set_cookie("hello", foreign.cookies["hello"])
    assert ours.get("/get").json == {}


def test_an_invalid_cookie_starts_a_new_session_and_logs_one_debug_line(caplog):
    session = make(COOKIE)
    session["user"] = "MVL"
    session.save()
    good = cookie_of(session).partition("=")[2]
    bad = [
        good[:-1],
        good[:40],
        good[40:],
        "x" + good[1:],
        good.upper(),
        "",
        "é",
        "\x00",
        "a" * 9000,
        '"',
        "=;=",
        good[:60] + "é" + good[61:],
    ]
    for value in bad:
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="gearbox_lite.sessions"):
            assert values(make(COOKIE, f"hello={value}")) == {}
        assert len(caplog.records) <= 1
        assert all(record.levelno == logging.DEBUG for record in caplog.records)


def test_a_planted_cookie_of_the_same_name_does_not_hide_ours():
    session = make(COOKIE)
    session["user"] = "MVL"
    session.save()
    assert values(make(COOKIE, f"{cookie_of(session)}; hello=planted")) == {"user": "MVL"}
    assert values(make(COOKIE, f"hello=planted; {cookie_of(session)}")) == {"user": "MVL"}


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
def test_none_of_twenty_thousand_mutated_cookies_is_accepted_or_causes_an_error(kind, tmp_path):
    """Half of the 20,000 on each store, over real connections to a real server."""
    project = new_project(tmp_path)
    (project / "hello/controllers/root.py").write_text(COUNTING_CONTROLLER)
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
