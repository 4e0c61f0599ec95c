"""A cookie that browsers drop is logged once, with the line of the setting that makes them drop it."""

from __future__ import annotations

import pytest

from gearbox_lite.sessions.middleware import filter_factory
from gearbox_lite.sessions.set_cookie import host_of, is_in_domain


def visit(middleware, host):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": host, "wsgi.url_scheme": "http"}
    return list(middleware(environ, lambda *_: None))


def test_a_host_outside_of_the_cookies_domain_is_logged_once(tmp_path, caplog):
    ini = tmp_path / "a.ini"
    options = {"session.type": "cookie", "session.validate_key": "k" * 32, "session.cookie_domain": "example.com"}
    ini.write_text("[filter:session]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()))

    def application(environ, start_response):
        environ["beaker.session"]["a"] = 1
        environ["beaker.session"].save()
        start_response("200 OK", [])
        return [b""]

    middleware = filter_factory({"__file__": str(ini)}, **options)(application)
    visit(middleware, "www.example.com")
    assert caplog.messages == []
    visit(middleware, "localhost:8080")
    visit(middleware, "localhost:8080")
    answer = (
        "session.cookie_domain = example.com, but a request came for the host localhost, so browsers drop the "
        "session's cookie; write a domain of that host, or remove the line"
    )
    assert caplog.messages == [f"{ini}:4: {answer}"]


@pytest.mark.parametrize(
    ("host", "domain", "is_in"),
    [
        ("example.com", "example.com", True), ("a.b.example.com", ".example.com", True),
        ("example.com", ".Example.com", True), ("badexample.com", "example.com", False), ("localhost", "x.y", False),
    ],
)  # fmt: skip
def test_a_domain_covers_its_hosts_only(host, domain, is_in):
    assert is_in_domain(host, domain) is is_in


def test_a_host_that_is_none_is_not_shown():
    assert host_of({"HTTP_HOST": "a\r\nX: y"}) == "?"
    assert host_of({"HTTP_HOST": "Example.com:80"}) == "example.com"
    assert host_of({"SERVER_NAME": "localhost"}) == "localhost"
