"""Server-side sessions, on every store: never lost, and never accepted unless we have signed them."""

from __future__ import annotations

import pytest
from support.sessions import KEY, Parts, aged, application, cookie_of, values, visitor, wrap

from gearbox_lite.sessions.codec import sign, verify
from gearbox_lite.sessions.errors import SessionSaveError


def test_values_are_kept_changed_and_dropped(store_options):
    browser = visitor(store_options)
    assert "Set-Cookie" not in browser.get("/get").headers
    cookie = browser.get("/set?user=MVL&color=red").headers["Set-Cookie"]
    assert cookie.startswith("hello=")
    assert "HttpOnly" in cookie
    assert browser.get("/set?color=blue").json == {"user": "MVL", "color": "blue"}
    browser.get("/drop?key=user")
    answer = browser.get("/get")
    assert answer.json == {"color": "blue"}
    assert "Set-Cookie" not in answer.headers


def test_an_id_that_is_not_stored_is_never_used(parts):
    for planted in ("0" * 32, "f" * 31, "F" * 32, "../../x", "x" * 300, "", "0" * 31 + "\n"):
        for cookie in (f"hello={planted}", f"hello={sign(KEY, planted)}"):
            session = parts.session(cookie)
            assert session.is_new
            assert session.id != planted
    session = parts.session(f"hello={sign(KEY, '0' * 32)}")
    session["user"] = "MVL"
    session.save()
    assert parts.store.read("0" * 32) is None


def test_invented_ids_create_no_records_or_files(store_options, tmp_path):
    browser_store = wrap(store_options)
    before = sorted(tmp_path.rglob("*"))
    ids = list(browser_store.sessions.store.ids()) if store_options["session.type"] == "memory" else []
    for number in range(100):
        invented = f"{number:032x}"
        for value in (invented, sign(KEY, invented)):
            environ = {"PATH_INFO": "/get", "QUERY_STRING": "", "HTTP_COOKIE": f"hello={value}"}
            browser_store(environ, lambda *_: None)
    assert sorted(tmp_path.rglob("*")) == before
    if store_options["session.type"] == "memory":
        assert list(browser_store.sessions.store.ids()) == ids


def test_only_an_id_that_we_have_signed_is_looked_up(parts):
    cookie, session_id = parts.stored(user="MVL")
    assert values(parts.session(cookie)) == {"user": "MVL"}
    assert values(parts.session(f"hello={session_id}")) == {}
    assert values(parts.session(f"hello={sign('other' * 8, session_id)}")) == {}


def test_a_fallback_secret_is_accepted_and_the_cookie_is_signed_with_the_current_one(store_options):
    old = Parts(store_options)
    cookie, _ = old.stored(user="MVL")
    new = Parts({**store_options, "session.secret": "ab" * 32, "session.secret_fallbacks": KEY})
    new.use_store_of(old)
    session = new.session(cookie)
    assert values(session) == {"user": "MVL"}
    session.persist(dirty=False)
    assert verify("ab" * 32, cookie_of(session).partition("=")[2]) == session.id


def test_a_corrupt_record_starts_a_new_session_and_logs_the_start_of_its_id(parts, caplog):
    cookie, session_id = parts.stored(user="MVL")
    for garbage in ("garbage", "", "eJw=", "WzFd"):
        parts.store.update(session_id, lambda _, garbage=garbage: garbage)
        caplog.clear()
        assert values(parts.session(cookie)) == {}
        assert f"record {session_id[:8]}... in {parts.store} is corrupt" in caplog.text
        assert session_id not in caplog.text


def test_a_read_writes_nothing_within_the_reissue_time(parts):
    cookie, session_id = parts.stored(user="MVL")
    before = parts.store.read(session_id)
    session = parts.session(cookie)
    session.persist(dirty=False)
    assert parts.store.read(session_id) == before
    assert not session.request["set_cookie"]


@pytest.mark.parametrize("action", ["delete", "invalidate", "regenerate_id"])
def test_the_old_record_is_deleted_and_a_replayed_old_id_starts_a_new_session(parts, action):
    cookie, session_id = parts.stored(user="MVL")
    session = parts.session(cookie)
    getattr(session, action)()
    session.persist(dirty=True)
    assert parts.store.read(session_id) is None
    assert values(parts.session(cookie)) == {}
    if action == "regenerate_id":
        assert session.id != session_id
        assert values(parts.session(cookie_of(session))) == {"user": "MVL"}
    else:
        assert "expires=Thu, 01 Jan 1970" in session.request["cookie_out"]


def test_values_set_after_delete_are_a_new_session(parts):
    cookie, session_id = parts.stored(old=1)
    session = parts.session(cookie)
    session.delete()
    session["new"] = 2
    session.save()
    assert parts.store.read(session_id) is None
    assert values(parts.session(cookie_of(session))) == {"new": 2}


def test_a_failed_save_leaves_the_stored_session_unchanged(parts):
    cookie, session_id = parts.stored(user="MVL")
    before = parts.store.read(session_id)
    session = parts.session(cookie)
    session["bad"] = {1, 2}
    with pytest.raises(SessionSaveError, match=r"'bad' \(set\)"):
        session.save()
    assert parts.store.read(session_id) == before

    def fail(_text):
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        parts.store.update(session_id, fail)
    assert parts.store.read(session_id) == before


def test_an_idle_session_expires_after_the_timeout(store_options):
    parts = Parts({**store_options, "session.timeout": "600"})
    session = parts.session()
    session["user"] = "MVL"
    assert values(parts.session(aged(session, accessed=540))) == {"user": "MVL"}
    assert values(parts.session(aged(session, accessed=601))) == {}


def test_a_read_extends_the_expiry_of_the_cookie(store_options):
    browser = visitor({**store_options, "session.cookie_expires": "600", "session.reissue_time": "0"})
    browser.get("/set?user=MVL")
    assert "expires=" in browser.get("/get").headers["Set-Cookie"]


@pytest.mark.parametrize("path", ["/crash", "/set?user=other&status=503 Oops", "/delete?status=500 Oops"])
def test_an_exception_or_a_5xx_drops_the_changes(store_options, path):
    browser = visitor(store_options)
    browser.get("/set?user=MVL")
    if path == "/crash":
        with pytest.raises(RuntimeError, match="on purpose"):
            browser.get(path)
    else:
        browser.get(path, status="5*")
    assert browser.get("/get").json == {"user": "MVL"}


def test_a_session_can_be_loaded_by_its_id(store_options):
    found = []

    def app(environ, start_response):
        session = environ["beaker.session"]
        found.append(session.get_by_id(environ["QUERY_STRING"]))
        return application({**environ, "QUERY_STRING": ""}, start_response)

    middleware = wrap(store_options, app)
    session = middleware._get_session()
    session["user"] = "MVL"
    session.save()
    middleware({"PATH_INFO": "/get", "QUERY_STRING": session.id}, lambda *_: None)
    middleware({"PATH_INFO": "/get", "QUERY_STRING": "0" * 32}, lambda *_: None)
    assert values(found[0]) == {"user": "MVL"}
    assert found[1] is None


def test_a_session_saved_after_invalidate_is_kept(parts):
    cookie, _ = parts.stored(user="MVL")
    session = parts.session(cookie)
    session.invalidate()
    session["new"] = 1
    session.save()
    kept = cookie_of(session)
    session.save(accessed_only=True)
    assert values(parts.session(kept)) == {"new": 1}
    assert cookie_of(session) == kept, "the cookie is not expired"


def test_loading_again_after_a_new_id_keeps_the_values(parts):
    cookie, _ = parts.stored(user="MVL")
    session = parts.session(cookie)
    session.regenerate_id()
    session.load()
    assert values(session) == {"user": "MVL"}
    session.save()
    assert values(parts.session(cookie_of(session))) == {"user": "MVL"}
