"""The filter follows PEP 3333: when bytes are sent, and when a body is closed."""

from __future__ import annotations

import pytest
from conftest import options_of
from support.sessions import COOKIE, Parts, without_folder, wrap


def run_raw(middleware, cookie=""):
    """Call the middleware as a strict server does, and return what it was given to send, in order."""
    events = []

    def start_response(status, headers, exc_info=None):
        events.append(status)
        return events.append

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "HTTP_COOKIE": cookie}
    body = middleware(environ, start_response)
    return events, body


def test_no_byte_is_sent_before_the_response_has_started():
    def app(environ, start_response):
        start_response("200 OK", [])
        yield b""
        yield b"x"

    events, body = run_raw(wrap(COOKIE, app))
    for chunk in body:
        assert events == ["200 OK"]
        events.append(chunk)
    assert events == ["200 OK", b"x"]


def test_the_session_is_stored_once_if_the_server_has_no_write_callable(monkeypatch):
    """Servers must return a callable from start_response, and small ones in tests return None."""
    from gearbox_lite.sessions.cookie import CookieSession

    persisted = []
    persist = CookieSession.persist
    monkeypatch.setattr(
        CookieSession, "persist", lambda self, *, dirty: persisted.append(dirty) or persist(self, dirty=dirty)
    )

    def app(environ, start_response):
        environ["beaker.session"]["user"] = "MVL"
        environ["beaker.session"].save()
        start_response("200 OK", [])
        yield b"a"
        yield b"b"

    answers = []
    environ = {"PATH_INFO": "/", "QUERY_STRING": ""}
    body = wrap(COOKIE, app)(environ, lambda status, *_: answers.append(status))
    assert b"".join(body) == b"ab"
    assert (answers, persisted) == (["200 OK"], [True])


def test_an_empty_body_starts_the_response_and_an_unread_body_is_closed():
    closed = []

    class Body:
        def __iter__(self):
            return iter(())

        def close(self):
            closed.append(True)

    def app(environ, start_response):
        start_response("204 No Content", [])
        return Body()

    events, body = run_raw(wrap(COOKIE, app))
    assert list(body) == []
    assert events == ["204 No Content"]
    body.close()
    _, unread = run_raw(wrap(COOKIE, app))
    unread.close()
    assert closed == [True, True]


def test_starting_a_response_twice_is_an_error_of_the_application():
    def app(environ, start_response):
        start_response("200 OK", [])
        start_response("404 Not Found", [])
        return []

    with pytest.raises(AssertionError, match="called twice"):
        run_raw(wrap(COOKIE, app))


def test_a_503_is_not_replaced_by_a_later_error_page(tmp_path):
    options = options_of("file", tmp_path, None)
    cookie, _ = Parts(options).stored(user="MVL")

    def app(environ, start_response):
        write = start_response("200 OK", [])
        environ["beaker.session"].save()
        write(b"page")
        start_response("500 Oops", [], (ValueError, ValueError(), None))
        return []

    middleware = wrap(options, app)
    with without_folder(tmp_path):
        events, body = run_raw(middleware, cookie)
        assert b"".join(body).startswith(b"The sessions of this site")
    assert events == ["503 Service Unavailable"]


def test_a_store_failure_while_the_body_is_closed_raises_an_exception(tmp_path):
    options = options_of("file", tmp_path, None)
    cookie, _ = Parts(options).stored(user="MVL")

    def app(environ, start_response):
        start_response("200 OK", [])

        class Body:
            def __iter__(self):
                return iter([b"page"])

            def close(self):
                environ["beaker.session"].get("user")

        return Body()

    middleware = wrap(options, app)
    with without_folder(tmp_path):
        _, body = run_raw(middleware, cookie)
        assert b"".join(body) == b"page"
        with pytest.raises(RuntimeError, match="at the end of a response"):
            body.close()
