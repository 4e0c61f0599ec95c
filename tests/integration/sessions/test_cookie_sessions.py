"""Cookie sessions: Beaker's format, and what is saved when."""

from __future__ import annotations

import base64
import random
import re
import time
import zlib
from decimal import Decimal

import pytest
from beaker.session import CookieSession as StockSession
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sessions import COOKIE, KEY, OLD_KEY, OTHER_KEY, aged, cookie_of, make, values, visitor, wrap

from gearbox_lite.sessions.codec import COOKIE_SIGNATURE_DIGITS
from gearbox_lite.sessions.errors import SessionSaveError

CIPHER, OLD_CIPHER = "5a5b5c5d" * 8, "6a6b6c6d" * 8
KINDS = {
    "plain json": {},
    "plain pickle": {"session.data_serializer": "pickle"},
    "encrypted json": {"session.encrypt_key": CIPHER},
    "encrypted pickle": {"session.encrypt_key": CIPHER, "session.data_serializer": "pickle"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
VALUES = st.dictionaries(st.text(min_size=1, max_size=8).filter(lambda key: key[0] != "_"), JSON, max_size=4)


def stock(options, cookie=""):
    names = {name.removeprefix("session."): value for name, value in {**COOKIE, **options}.items()}
    names.pop("type")
    return StockSession({"cookie": cookie}, **{"data_serializer": "json", **names})


@pytest.mark.parametrize("kind", KINDS)
@given(data=VALUES)
@settings(max_examples=60, deadline=None)
def test_stock_beaker_and_we_read_each_others_cookies(kind, data):
    ours = make({**COOKIE, **KINDS[kind]})
    ours.update(data)
    ours.save()
    assert values(stock(KINDS[kind], cookie_of(ours))) == data
    theirs = stock(KINDS[kind])
    theirs.update(data)
    theirs.save()
    assert values(make({**COOKIE, **KINDS[kind]}, cookie_of(theirs))) == data


@pytest.mark.parametrize("cipher", [False, True])
def test_a_fallback_key_is_accepted_and_the_next_write_uses_the_current_key(cipher):
    old = {**COOKIE, "session.validate_key": OLD_KEY, **({"session.encrypt_key": OLD_CIPHER} if cipher else {})}
    new = {**COOKIE, "session.validate_key_fallbacks": f"{OTHER_KEY} {OLD_KEY}"}
    if cipher:
        new |= {"session.encrypt_key": CIPHER, "session.encrypt_key_fallbacks": f"{OTHER_KEY} {OLD_CIPHER}"}
    before = visitor(old)
    before.get("/set?user=MVL")
    after = visitor(new)
    after.set_cookie("hello", before.cookies["hello"])
    answer = after.get("/get")
    assert answer.json == {"user": "MVL"}
    written = after.cookies["hello"]
    assert written != before.cookies["hello"]
    without_fallback = {name: value for name, value in new.items() if "fallbacks" not in name}
    fresh = visitor(without_fallback)
    fresh.set_cookie("hello", written)
    assert fresh.get("/get").json == {"user": "MVL"}


def count_builds(monkeypatch):
    from gearbox_lite.sessions.codec import Codec

    built = []
    encode = Codec.encode
    monkeypatch.setattr(Codec, "encode", lambda self, dumped: built.append(1) or encode(self, dumped))
    return built


def test_a_write_builds_the_cookie_once_and_a_read_never(monkeypatch):
    built = count_builds(monkeypatch)
    browser = visitor(COOKIE)
    browser.get("/set?user=MVL")
    assert len(built) == 1
    answer = browser.get("/get")
    assert len(built) == 1
    assert "Set-Cookie" not in answer.headers


def test_a_change_after_save_is_in_the_cookie():
    def late(environ, start_response):
        environ["beaker.session"]["first"] = 1
        environ["beaker.session"].save()
        environ["beaker.session"]["second"] = 2
        start_response("200 OK", [])
        return [b""]

    first = visitor(COOKIE, late)
    first.get("/")
    second = visitor(COOKIE)
    second.set_cookie("hello", first.cookies["hello"])
    assert second.get("/get").json == {"first": 1, "second": 2}


def test_a_read_reissues_the_cookie_only_after_the_reissue_time():
    fresh = visitor({**COOKIE, "session.reissue_time": "1000"})
    fresh.get("/set?user=MVL")
    assert "Set-Cookie" not in fresh.get("/get").headers
    due = visitor({**COOKIE, "session.reissue_time": "0"})
    due.set_cookie("hello", fresh.cookies["hello"])
    answer = due.get("/get")
    assert "Set-Cookie" in answer.headers
    assert answer.json == {"user": "MVL"}
    never = visitor({**COOKIE, "session.reissue_time": "0", "session.save_accessed_time": "false"})
    never.set_cookie("hello", fresh.cookies["hello"])
    assert "Set-Cookie" not in never.get("/get").headers


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, 60),
        ({"session.timeout": "3600"}, 60),
        ({"session.timeout": "100"}, 10),
        ({"session.cookie_expires": "50"}, 5),
    ],
)
def test_the_default_reissue_time_is_a_minute_or_a_tenth_of_the_timeout(options, seconds):
    assert make({**COOKIE, **options}).reissue_time == seconds


def test_a_read_extends_the_expiry_of_the_cookie():
    browser = visitor({**COOKIE, "session.cookie_expires": "600", "session.reissue_time": "0"})
    first = browser.get("/set?user=MVL").headers["Set-Cookie"]
    expires = re.search(r"expires=([^;]+)", first)[1]
    deadline = time.monotonic() + 5
    while expires in browser.get("/get").headers["Set-Cookie"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_request_that_does_not_use_the_session_sends_no_cookie():
    assert "Set-Cookie" not in visitor(COOKIE).get("/none").headers
    assert "Set-Cookie" not in visitor(COOKIE).get("/get").headers


def test_a_cookie_that_is_too_big_for_browsers_is_an_error_at_save_that_names_the_keys():
    noise = random.Random(1).randbytes(3000).hex()
    session = make(COOKIE)
    session["small"], session["big"] = 1, noise
    with pytest.raises(
        SessionSaveError, match=r"would have \d+ bytes, browsers keep 4096; its values have 'big' 6002, 'small' 1 bytes"
    ):
        session.save()


def test_cookies_up_to_4096_bytes_are_sent():
    biggest = 0
    for size in range(2900, 3100):
        session = make({**COOKIE, "session.data_serializer": "pickle"})
        session["big"] = "x" * size
        try:
            session.save()
        except SessionSaveError:
            break
        biggest = len(cookie_of(session))
    assert 4090 < biggest <= 4096


def test_save_raises_inside_the_applications_call():
    stack = []

    def app(environ, start_response):
        environ["beaker.session"]["price"] = Decimal(1)
        try:
            environ["beaker.session"].save()
        except SessionSaveError as error:
            stack.append(str(error))
            environ["beaker.session"].revert()
        start_response("200 OK", [])
        return [b""]

    visitor(COOKIE, app).get("/")
    assert stack == [
        (
            "json cannot store these values of the session: 'price' (Decimal); store str, int, float, bool, None, "
            "lists and dicts of these, or set session.data_serializer = pickle"
        )
    ]


@pytest.mark.parametrize("action", ["delete", "invalidate"])
def test_delete_and_invalidate_drop_the_values_and_the_cookie(action):
    browser = visitor(COOKIE)
    browser.get("/set?user=MVL")
    answer = browser.get(f"/{action}")
    assert "expires=Thu, 01 Jan 1970" in answer.headers["Set-Cookie"]
    assert browser.get("/get").json == {}


def test_regenerate_id_changes_the_id_and_keeps_the_values():
    browser = visitor(COOKIE)
    browser.get("/set?user=MVL")
    before = make(COOKIE, f"hello={browser.cookies['hello']}")
    browser.get("/regenerate_id")
    after = make(COOKIE, f"hello={browser.cookies['hello']}")
    assert before.id != after.id
    assert values(before) == values(after) == {"user": "MVL"}


def test_values_set_after_delete_are_a_new_session():
    session = make(COOKIE)
    session["old"] = 1
    session.save()
    again = make(COOKIE, cookie_of(session))
    again.delete()
    again["new"] = 2
    again.save()
    assert values(make(COOKIE, cookie_of(again))) == {"new": 2}
    assert again.id != session.id


def test_an_expired_session_is_replaced_by_a_new_one():
    options = {**COOKIE, "session.timeout": "600"}
    session = make(options)
    session["user"] = "MVL"
    assert values(make(options, aged(session, accessed=540))) == {"user": "MVL"}
    assert values(make(options, aged(session, accessed=601))) == {}


@pytest.mark.parametrize("path", ["/crash", "/set?user=other&status=500 Oops"])
def test_an_exception_or_a_5xx_drops_the_changes(path):
    browser = visitor(COOKIE)
    browser.get("/set?user=MVL")
    if path == "/crash":
        with pytest.raises(RuntimeError, match="on purpose"):
            browser.get(path)
    else:
        assert "Set-Cookie" not in browser.get(path, status=500).headers
    assert browser.get("/get").json == {"user": "MVL"}


def test_with_auto_changes_are_saved_without_a_call_of_save():
    def app(environ, start_response):
        environ["beaker.session"]["seen"] = "yes"
        start_response("200 OK", [])
        return [b""]

    browser = visitor({**COOKIE, "session.auto": "true"}, app)
    assert "Set-Cookie" in browser.get("/").headers


def test_the_key_is_not_in_the_cookie():
    session = make(COOKIE)
    session["user"] = "MVL"
    session.save()
    signed = cookie_of(session).partition("=")[2]
    assert session.codec.validate_keys == (KEY,)
    assert KEY not in signed
    assert KEY.encode() not in zlib.decompress(base64.b64decode(signed[COOKIE_SIGNATURE_DIGITS:]))


def test_webtest_and_the_registry_see_the_session():
    assert visitor({**COOKIE, "session.webtest_varname": "session"}).get("/set?user=MVL").session["user"] == "MVL"
    assert wrap(COOKIE)._get_session().is_new
