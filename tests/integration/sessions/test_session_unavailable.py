"""The 503 response while the store is down, and requests that never wait for the store."""

from __future__ import annotations

import pytest
from conftest import options_of
from support.helpers import Browser, free_port, set_option, use_store
from support.sessions import KEY, Parts, cookie_of, make, values, visitor, wrap
from support.warm import serve
from tg import FullStackApplicationConfigurator, TGController, expose, flash, session

DOWN = {"session.type": "ext:redis", "session.secret": KEY, "session.key": "hello"}


@pytest.fixture
def down():
    """The options of a store that is down, with the cookie of a session that it had."""
    options = {**DOWN, "session.url": f"redis://127.0.0.1:{free_port()}/0"}
    from gearbox_lite.sessions.codec import sign

    return options, sign(KEY, "0" * 32)


def test_the_503_has_the_security_headers_of_the_generated_project(down):
    options, cookie = down
    browser = visitor(options)
    browser.set_cookie("hello", cookie)
    answer = browser.get("/get", status=503)
    headers = answer.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Retry-After"] == "2"


def test_a_generated_project_sends_the_security_headers_with_every_response_including_503(project, down):
    use_store(project, {"session.type": "ext:redis", "session.url": down[0]["session.url"], "session.secret": KEY})
    set_option(project / "development.ini", "debug", "false")
    with serve(project) as served:
        page = Browser(served.url).get("/up")
        broken = Browser(served.url).get("/getsession", Cookie=f"hello={down[1]}")
    assert (page.status, broken.status) == (200, 503)
    names = ("Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options")
    assert all(page.header(name) and broken.header(name) for name in names)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/problem+json"),
        ("text/html,application/json;q=0.9,*/*", "text/plain"),
        ("*/*", "text/plain"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_client_that_asks_for_json_gets_json(down, accept, kind, method):
    options, cookie = down
    browser = visitor(options)
    browser.set_cookie("hello", cookie)
    answer = browser.request("/get", method=method, headers={"Accept": accept}, status=503)
    assert answer.content_type == kind
    if method == "HEAD":
        assert answer.body == b""
    elif kind == "application/problem+json":
        assert answer.json["status"] == 503
        assert "cannot be reached" in answer.json["detail"]


def test_printing_the_environ_reads_no_store(down):
    """A log line or a debug page that shows the whole environ, and truth values."""
    options, cookie = down

    def app(environ, start_response):
        assert "not loaded" in repr(environ)
        assert environ["beaker.session"]
        assert environ["beaker.session"] is not None
        assert dict(environ)
        start_response("200 OK", [])
        return [b"plain"]

    browser = visitor(options, app)
    browser.set_cookie("hello", cookie)
    assert browser.get("/").text == "plain"
    loaded = make({"session.type": "memory", "session.secret": KEY})
    loaded["user"] = "MVL"
    assert "MVL" in repr(loaded)


class RootController(TGController):
    @expose()
    def plain(self):
        flash("stored")
        return "plain"

    @expose()
    def mine(self):
        return str(session.get("user"))


def test_a_turbogears_page_that_does_not_use_the_session_works_while_the_store_is_down(down):
    options, cookie = down
    configurator = FullStackApplicationConfigurator()
    configurator.update_blueprint({
        "root_controller": RootController(), "session.enabled": False, "i18n.enabled": False,
        "errorpage.enabled": False, "debug": False, "serve_static": False, "renderers": [], "cache.enabled": False,
        "trace_errors.enable": False,
    })  # fmt: skip
    browser = visitor(options, configurator.make_wsgi_app({"debug": "false"}, {}))
    browser.set_cookie("hello", cookie)
    assert browser.get("/plain").text == "plain"
    browser.get("/mine", status=503)


def test_filters_of_one_process_share_memory_sessions_as_with_beaker():
    options = {"session.type": "memory", "session.secret": KEY, "session.key": "shared"}
    login, shop = Parts(options), Parts({**options, "session.timeout": "60"})
    other = Parts({**options, "session.key": "other"})
    session = login.session()
    session["user"] = "MVL"
    session.save()
    cookie = cookie_of(session)
    assert values(shop.session(cookie)) == {"user": "MVL"}
    assert other.store is not shop.store
    assert shop.store.expiry is None


def test_memory_sessions_are_freed_with_their_last_filter():
    import gc

    from gearbox_lite.sessions.stores import memory

    options = {"session.type": "memory", "session.secret": KEY, "session.key": "short-lived"}
    wrap(options)
    assert "short-lived" in memory._stores_by_cookie
    from support import sessions

    sessions.close_all()
    gc.collect()
    assert "short-lived" not in memory._stores_by_cookie
    assert options_of("memory", None, None)["session.type"] == "memory"
