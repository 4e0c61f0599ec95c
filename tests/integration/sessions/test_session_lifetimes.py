"""When a session expires: after its timeout, after its absolute timeout, and if one of its times is invalid."""

from __future__ import annotations

import json
import time

import pytest
from conftest import options_of
from support.helpers import set_option, use_store
from support.sessions import COOKIE, Parts, aged, cookie_of, forged, make, values, visitor
from support.warm import run, session_of

from gearbox_lite.sessions.lifetime import Lifetime, is_time

HOUR = 3600
BOTH = {"session.timeout": str(HOUR), "session.absolute_timeout": str(24 * HOUR)}
INVALID = {
    "ahead": lambda now: now + 90,
    "far ahead": lambda _: 9e9,
    "infinite": lambda _: float("inf"),
    "not a number": lambda _: float("nan"),
    "huge": lambda _: 10**400,
    "negative and huge": lambda _: -(10**400),
    "text": lambda _: "soon",
    "true": lambda _: True,
    "list": lambda _: [1],
    "null": lambda _: None,
}


@pytest.fixture(params=["cookie", "file"])
def open_session(request, tmp_path):
    """Make sessions, of both kinds in turn, as one middleware does."""
    options = {**(COOKIE if request.param == "cookie" else options_of("file", tmp_path, None)), **BOTH}

    def open_with(cookie="", **more):
        session = make({**options, **{f"session.{name}": value for name, value in more.items()}}, cookie)
        if not cookie:
            session["user"] = "MVL"
        return session

    return open_with


def test_a_session_in_use_ends_after_its_absolute_timeout(open_session):
    assert values(open_session(aged(open_session(), accessed=10, created=24 * HOUR - 60))) == {"user": "MVL"}
    assert values(open_session(aged(open_session(), accessed=10, created=24 * HOUR + 1))) == {}
    assert values(open_session(aged(open_session(), accessed=HOUR + 1, created=HOUR + 1))) == {}


def test_every_store_keeps_to_the_absolute_timeout(store_options):
    parts = Parts({**store_options, "session.absolute_timeout": "100"})
    session = parts.session()
    session["user"] = "MVL"
    assert values(parts.session(aged(session, created=90))) == {"user": "MVL"}
    assert values(parts.session(aged(session, created=101))) == {}


def test_a_copied_cookie_in_constant_use_expires_after_the_absolute_timeout():
    """Each use renews the access time, never the creation time."""
    options = {**COOKIE, **BOTH, "session.reissue_time": "0"}
    thief = visitor(options)
    session = make(options)
    session["user"] = "MVL"
    thief.set_cookie("hello", aged(session, accessed=HOUR - 60, created=24 * HOUR - 5).partition("=")[2])
    answer = thief.get("/get")
    assert answer.json == {"user": "MVL"}
    renewed = make(options, f"hello={thief.cookies['hello']}")
    assert renewed["_accessed_time"] > time.time() - 60
    assert renewed["_creation_time"] < time.time() - 24 * HOUR + 60


@pytest.mark.parametrize("times", INVALID)
@pytest.mark.parametrize("name", ["_accessed_time", "_creation_time"])
def test_a_session_with_an_invalid_time_counts_as_expired(open_session, name, times):
    value = INVALID[times](time.time())
    cookie = forged(open_session(data_serializer="pickle"), **{name: value})
    assert values(open_session(cookie, data_serializer="pickle")) == {}


@pytest.mark.parametrize("name", ["_accessed_time", "_creation_time"])
def test_a_session_without_a_time_counts_as_expired(open_session, name):
    assert values(open_session(forged(open_session(), **{name: "missing"}))) == {}


@pytest.mark.parametrize("times", INVALID)
def test_without_a_timeout_an_invalid_time_does_no_harm(times, tmp_path):
    for kind in (COOKIE, options_of("file", tmp_path, None)):
        options = {**kind, "session.data_serializer": "pickle", "session.reissue_time": "0"}
        session = make(options)
        session["user"] = "MVL"
        browser = visitor(options)
        browser.set_cookie("hello", forged(session, _accessed_time=INVALID[times](time.time())).partition("=")[2])
        assert browser.get("/get").json == {"user": "MVL"}


def test_a_clock_that_is_a_little_ahead_is_accepted(open_session):
    assert values(open_session(aged(open_session(), accessed=-50, created=-50))) == {"user": "MVL"}


def test_a_new_id_does_not_prolong_a_session_and_invalidating_it_starts_another(open_session):
    session = open_session(aged(open_session(), created=HOUR))
    created = session["_creation_time"]
    session.regenerate_id()
    session.save()
    again = open_session(cookie_of(session))
    assert again["_creation_time"] == created
    again.invalidate()
    again["user"] = "other"
    again.save()
    assert open_session(cookie_of(again))["_creation_time"] > created + HOUR - 60


@pytest.mark.parametrize("action", ["clear", "revert"])
def test_clearing_the_values_neither_prolongs_nor_ends_a_session(open_session, action):
    cookie = aged(open_session(), created=HOUR)
    session = open_session(cookie)
    created = session["_creation_time"]
    getattr(session, action)()
    session["new"] = 1
    session.save()
    again = open_session(cookie_of(session) if session.request["set_cookie"] else cookie)
    assert again["new"] == 1
    assert again["_creation_time"] == created
    assert (again.get("user") == "MVL") == (action == "revert")


@pytest.mark.parametrize(("timeout", "absolute", "kept"), [(600, 6000, 600), (None, 600, 600), (600, None, 600)])
def test_the_store_expires_a_record_after_the_smaller_timeout(timeout, absolute, kept, tmp_path, shared_services):
    assert Lifetime(timeout, absolute).shortest == kept
    options = {
        f"session.{name}": str(value) for name, value in (("timeout", timeout), ("absolute_timeout", absolute)) if value
    }
    parts = Parts({**options_of("redis", tmp_path, shared_services), **options})
    _, session_id = parts.stored(user="MVL")
    assert kept < parts.store._client.ttl(parts.store._key(session_id)) <= kept + 120


def test_purge_removes_expired_records_and_continues_after_unreadable_ones(project, tmp_path):
    options = {**options_of("file", tmp_path, None), **BOTH}
    use_store(project, options)
    set_option(project / "development.ini", "session.data_serializer", "pickle")
    parts = Parts({**options, "session.data_serializer": "pickle"})

    def new():
        session = parts.session()
        session["user"] = "MVL"
        return session

    kept = new()
    kept.save()
    for name in ("_accessed_time", "_creation_time"):
        for times in INVALID.values():
            forged(new(), **{name: times(time.time())})
    aged(new(), created=25 * HOUR)
    unreadable = new()
    unreadable.save()
    parts.store.update(unreadable.id, lambda _: "garbage")
    folder = new()
    folder.save()
    path = parts.store._path(folder.id)
    path.unlink()
    path.mkdir()
    result = run("session", "purge", cwd=project)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("21 removed of 24 sessions; 21 expired, 2 unreadable\n")
    assert "--all removes" in result.stdout
    assert values(parts.session(cookie_of(kept))) == {"user": "MVL"}


def test_decode_shows_both_expiry_times_and_reports_an_expired_session(project):
    ini = project / "development.ini"
    set_option(ini, "session.timeout", "600")
    set_option(ini, "session.absolute_timeout", "6000")
    shown = json.loads(run("session", "decode", session_of(project), cwd=project).stdout)
    assert shown["last_accessed"] < shown["expires"] < shown["expires_at_the_latest"]
    key = next(line for line in ini.read_text().splitlines() if line.startswith("session.validate_key = "))
    options = {**COOKIE, "session.validate_key": key.partition(" = ")[2], "session.data_serializer": "json"}
    for time_of, message in (
        (1e9, "its session expired at 2001-09-09"),
        (float("inf"), "its session has an invalid time, so that it counts as expired"),
        ("x", "its session has an invalid time"),
    ):
        cookie = forged(make(options), _creation_time=time_of)
        over = run("session", "decode", cookie, cwd=project)
        assert over.returncode == 1
        assert message in over.stderr


def test_is_time_accepts_only_numbers():
    assert is_time(5, 5.0)
    assert is_time(64.9, 5.0)
    assert not any(is_time(value, 5.0) for value in (66, True, "5", None, float("nan"), float("inf"), 10**400, -1, 5j))
