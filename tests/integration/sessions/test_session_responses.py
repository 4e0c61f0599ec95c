"""When the session is stored and what the response is, in every order in which an application can use the session."""

from __future__ import annotations

import os
import sqlite3
import sys
import time

import pytest
from conftest import options_of
from support.helpers import Browser, new_project, use_store
from support.sessions import COOKIE, KEY, Parts, cookie_of, values, visitor, without_folder
from support.warm import serve

from gearbox_lite.sessions.errors import SessionSaveError


def touch_late(environ, start_response):
    """Use the session only while the body is sent."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])

    def body():
        yield str(environ["beaker.session"].get("user")).encode()

    return body()


def touch_after_start(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [str(environ["beaker.session"].get("user")).encode()]


def use_write(environ, start_response):
    environ["beaker.session"]["user"] = "MVL"
    environ["beaker.session"].save()
    start_response("200 OK", [])(b"written")
    return []


def touch_in_the_middle(environ, start_response):
    start_response("200 OK", [])

    def body():
        yield b"first"
        yield str(environ["beaker.session"].get("user")).encode()

    return body()


@pytest.mark.parametrize("app", [touch_late, touch_after_start])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_store_failure_before_the_first_byte_is_answered_503(tmp_path, app, method):
    options = options_of("file", tmp_path, None)
    cookie, _ = Parts(options).stored(user="MVL")
    browser = visitor(options, app)
    browser.set_cookie("hello", cookie.partition("=")[2])
    assert browser.get("/").text == "MVL"
    with without_folder(tmp_path):
        answer = browser.request("/", method=method, status=503)
    assert answer.headers["Retry-After"] == "2"
    assert (answer.body == b"") == (method == "HEAD")


def test_a_store_failure_after_the_first_byte_ends_the_connection(tmp_path):
    options = options_of("file", tmp_path, None)
    cookie, _ = Parts(options).stored(user="MVL")
    browser = visitor(options, touch_in_the_middle)
    browser.set_cookie("hello", cookie.partition("=")[2])
    with without_folder(tmp_path), pytest.raises(RuntimeError, match="in the middle of a response"):
        browser.get("/")


def test_the_session_is_saved_before_the_write_callable_sends(tmp_path):
    options = options_of("file", tmp_path, None)
    browser = visitor(options, use_write)
    answer = browser.get("/")
    assert answer.text == "written"
    browser = visitor(options)
    browser.set_cookie("hello", answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2])
    assert browser.get("/get").json == {"user": "MVL"}


def test_an_error_page_that_replaces_the_response_drops_the_changes():
    def app(environ, start_response):
        environ["beaker.session"]["user"] = "changed"
        environ["beaker.session"].save()
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError:
            start_response("500 Oops", [], sys.exc_info())
        return [b"sorry"]

    answer = visitor(COOKIE, app).get("/", status=500)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("action", ["delete", "invalidate"])
@pytest.mark.parametrize("kind", ["cookie", "file"])
def test_ending_a_session_that_does_not_exist_writes_nothing(tmp_path, kind, action):
    options = COOKIE if kind == "cookie" else options_of(kind, tmp_path, None)
    assert "Set-Cookie" not in visitor(options).get(f"/{action}").headers
    assert list(tmp_path.rglob("*.cache")) == []


def test_values_set_after_invalidate_and_not_saved_are_dropped_with_the_session(parts):
    cookie, session_id = parts.stored(user="MVL")
    session = parts.session(cookie)
    session.invalidate()
    session["unsaved"] = 1
    session.persist(dirty=False)
    assert parts.store.read(session_id) is None
    assert "expires=Thu, 01 Jan 1970" in session.request["cookie_out"]


def test_signing_the_cookie_with_the_current_key_stores_no_unsaved_change(store_options):
    old = Parts(store_options)
    cookie, _ = old.stored(user="MVL")
    new = Parts({**store_options, "session.secret": "ab" * 32, "session.secret_fallbacks": KEY})
    new.use_store_of(old)
    session = new.session(cookie)
    session["unsaved"] = 1
    session.persist(dirty=False)
    assert session.request["set_cookie"]
    assert values(new.session(cookie_of(session))) == {"user": "MVL"}


def test_a_reissued_cookie_contains_no_unsaved_change():
    browser = visitor({**COOKIE, "session.reissue_time": "0"})
    browser.get("/set?user=MVL")

    def append(environ, start_response):
        environ["beaker.session"]["user"] += " unsaved"
        start_response("200 OK", [])
        return [b""]

    reader = visitor({**COOKIE, "session.reissue_time": "0"}, append)
    reader.set_cookie("hello", browser.cookies["hello"])
    reader.get("/")
    browser.set_cookie("hello", reader.cookies["hello"])
    assert browser.get("/get").json == {"user": "MVL"}


def test_deleting_a_session_that_was_loaded_by_its_id_takes_effect_at_once(parts):
    _, session_id = parts.stored(user="MVL")
    session = parts.sessions.session_by_id(session_id)
    session.delete()
    assert parts.store.read(session_id) is None


def test_the_cookie_is_expired_with_its_own_path():
    session = Parts({"session.type": "memory", "session.secret": KEY, "session.key": "hello"})
    made = session.session()
    made.path = "/app"
    made["user"] = "MVL"
    made.save()
    again = session.session(cookie_of(made))
    again.delete()
    again.persist(dirty=True)
    assert "Path=/app" in again.request["cookie_out"]


@pytest.mark.parametrize("key", [1, None, ("a", "b")])
def test_a_key_that_json_would_change_is_an_error_at_save(parts, key):
    session = parts.session()
    session[key] = 1
    with pytest.raises(SessionSaveError, match="use strings as keys"):
        session.save()


def test_any_key_works_with_pickle(store_options):
    parts = Parts({**store_options, "session.data_serializer": "pickle"})
    session = parts.session()
    session[1] = "one"
    session.save()
    assert parts.session(cookie_of(session))[1] == "one"


def test_a_record_that_memcached_refuses_is_not_reported_as_an_outage(tmp_path, shared_services):
    parts = Parts(options_of("memcached", tmp_path, shared_services))
    cookie, _ = parts.stored(user="MVL")
    first, second = parts.session(cookie), parts.session(cookie)
    first["first"] = os.urandom(400_000).hex()
    second["second"] = os.urandom(400_000).hex()
    first.save()
    with pytest.raises(SessionSaveError, match="takes"):
        second.save()
    assert set(values(parts.session(cookie))) == {"user", "first"}


def test_a_dropped_table_is_created_again(tmp_path):
    options = options_of("sqlite", tmp_path, None)
    browser = visitor(options)
    browser.get("/set?user=MVL")
    database = sqlite3.connect(tmp_path / "sessions.db")
    database.execute("DROP TABLE beaker_cache")
    database.close()
    deadline = time.monotonic() + 2
    while browser.get("/get", expect_errors=True).status_int == 503:
        assert time.monotonic() < deadline
    assert browser.get("/set?user=again").json == {"user": "again"}
    assert browser.get("/get").json == {"user": "again"}


def test_an_outage_during_a_streamed_page_blocks_neither_client_nor_server(tmp_path):
    """Over a real connection: the answer comes, and the server ends at once afterwards."""
    project = new_project(tmp_path)
    options = options_of("file", tmp_path, None)
    use_store(project, options)
    (project / "hello/controllers/root.py").write_text(
        "from tg import expose, session, TGController\n\n"
        "class RootController(TGController):\n"
        "    @expose()\n    def late(self):\n"
        "        return (str(session.get('user')).encode() for _ in range(1))\n"
    )
    cookie, _ = Parts(options).stored(user="MVL")
    with serve(project) as served:
        browser = Browser(served.url)
        assert browser.get("/late", Cookie=cookie).text == "MVL"
        with without_folder(tmp_path):
            answer = browser.get("/late", Cookie=cookie)
        assert answer.status == 503
        assert served.end() == 0
        assert "Traceback" not in served.output


def test_visitors_without_a_cookie_do_not_end_an_outage_in_the_log(tmp_path, caplog):
    options = options_of("file", tmp_path, None)
    browser = visitor(options)
    browser.get("/set?user=MVL")
    stranger_cookie = browser.cookies["hello"]
    with without_folder(tmp_path):
        for _ in range(3):
            browser.get("/get", status=503)
            browser.reset()
            assert browser.get("/get").json == {}
            browser.set_cookie("hello", stranger_cookie)
    assert len(caplog.records) == 1
