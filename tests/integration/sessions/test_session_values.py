"""Which values of a session belong to the application, and which values it can store."""

from __future__ import annotations

import json
import sys

import pytest
from conftest import options_of
from support.sessions import COOKIE, KEY, Parts, cookie_of, make, visitor
from support.warm import run, session_of

from gearbox_lite.sessions.codec import INTERNAL, is_value, sign
from gearbox_lite.sessions.errors import SessionSaveError


@pytest.fixture(params=["cookie", "file"])
def options(request, tmp_path):
    return COOKIE if request.param == "cookie" else options_of("file", tmp_path, None)


@pytest.mark.parametrize("action", ["delete", "invalidate"])
def test_a_value_with_an_underscore_set_after_ending_a_session_is_kept(options, action):
    session = make(options)
    session["user"] = "MVL"
    session.save()
    again = make(options, cookie_of(session))
    getattr(again, action)()
    again["_csrf_token"] = "token"
    again.save()
    last = make(options, cookie_of(again))
    assert (last.get("_csrf_token"), last.get("user")) == ("token", None)


def test_only_the_five_names_that_beaker_uses_are_internal():
    from beaker.session import CookieSession, Session

    stock = [
        CookieSession({"cookie": ""}, key="hello", validate_key="k" * 32, data_serializer="json"),
        Session({"cookie": ""}, type="memory"),
    ]
    stock[0].save()
    assert {key for session in stock for key in session} == INTERNAL
    assert not any(is_value(key) for key in INTERNAL)
    assert is_value("_csrf_token")
    assert is_value(1)


def test_decode_shows_every_value_of_the_application(project):
    cookie = session_of(project)
    assert set(json.loads(run("session", "decode", cookie, cwd=project).stdout)["data"]) == {"user"}
    from support.helpers import Browser
    from support.warm import serve

    with serve(project) as served:
        browser = Browser(served.url)
        browser.get("/")
        cookie = browser.cookie("hello")
    if cookie:
        assert "_csrf_token" in json.loads(run("session", "decode", cookie, cwd=project).stdout)["data"]


def nested(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


def test_a_value_that_another_request_could_not_load_is_an_error_at_save(options):
    session = make(options)
    session["deep"], session["flat"] = nested(101), nested(2)
    with pytest.raises(SessionSaveError, match=r"nested over 100 levels deep: \['deep'\]"):
        session.save()
    for levels in (900, 5000):
        session["deep"] = nested(levels)
        with pytest.raises(SessionSaveError, match="deep"):
            session.save()
    session["deep"] = {"a": nested(99)}
    session.save()

    def load_from_deep_inside(depth):
        return load_from_deep_inside(depth - 1) if depth else make(options, cookie_of(session))

    used, frame = 0, sys._getframe()
    while frame:
        used, frame = used + 1, frame.f_back
    assert load_from_deep_inside(sys.getrecursionlimit() - used - 250)["deep"] == {"a": nested(99)}


def test_many_flat_values_do_not_count_as_nested(options):
    session = make({**options, "session.type": "memory", "session.secret": "s" * 32})
    session["rows"] = [[number] for number in range(500)]
    session.save()


@pytest.mark.parametrize("path", ["/a; Domain=evil.example", "/a\r\nSet-Cookie: x=y", "/ü", "a", "/a b", 1])
def test_a_path_cannot_inject_attributes_into_the_cookie(options, path):
    session = make(options)
    session["user"] = "MVL"
    with pytest.raises(SessionSaveError, match="path"):
        session.path = path
    session["_path"] = path
    with pytest.raises(SessionSaveError, match="path"):
        session.prepare()
    with pytest.raises(SessionSaveError, match="path"):
        session.save()


def test_a_domain_cannot_inject_attributes_into_the_cookie(options):
    session = make(options)
    with pytest.raises(SessionSaveError, match="domain"):
        session.domain = "example.com; Path=/other"
    session.domain = "example.com"
    session["user"] = "MVL"
    session.save()
    assert "Domain=example.com;" in session.request["cookie_out"]


def test_an_invalid_path_in_a_stored_session_is_ignored(tmp_path):
    parts = Parts(options_of("file", tmp_path, None))
    cookie, session_id = parts.stored(user="MVL")
    session = parts.session(cookie)
    bad = {**session._values(), "_path": "/; Domain=evil.example"}
    parts.store.update(session_id, lambda _: parts.sessions.records.encode(session_id, bad))
    session = parts.session(cookie)
    session["user"] = "again"
    session.regenerate_id()
    session.save()
    assert "Path=/;" in session.request["cookie_out"]
    assert "evil" not in session.request["cookie_out"]


def test_without_invalidate_corrupt_a_cookie_that_we_signed_and_cannot_decode_is_an_error():
    """A cookie that is not ours stays a new session either way."""
    cookie = cookie_of_saved(COOKIE)
    changed = {**COOKIE, "session.data_serializer": "pickle"}
    assert visitor(changed).get("/get", headers={"Cookie": cookie}).json == {}
    strict = visitor({**changed, "session.invalidate_corrupt": "false"})
    assert strict.get("/get", headers={"Cookie": "hello=forged"}).json == {}
    with pytest.raises(ValueError, match="Unpickling"):
        strict.get("/get", headers={"Cookie": cookie})


def cookie_of_saved(options):
    session = make(options)
    session["user"] = "MVL"
    session.save()
    return cookie_of(session)


def test_an_invalid_path_in_a_cookie_session_is_ignored_when_its_access_time_is_due():
    options = {**COOKIE, "session.reissue_time": "0"}
    session = make(options)
    session["user"] = "MVL"
    session.save()
    bad = {**session, "_path": "relative"}
    codec = session.codec
    cookie = f"hello={sign(KEY, codec.encode(codec.dump(bad)))}"
    answer = visitor(options).get("/get", headers={"Cookie": cookie})
    assert answer.json == {"user": "MVL"}
    assert "Path=/;" in answer.headers["Set-Cookie"]
