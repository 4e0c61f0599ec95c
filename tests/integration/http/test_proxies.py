"""What the server logs about a wrongly set up reverse proxy, and which proxy settings are refused."""

from __future__ import annotations

import pytest
from support.deployment import KEY
from support.helpers import Browser, add_line, line_of, set_option
from support.warm import run, serve

PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}


def warnings(served):
    served.end()
    return [line for line in served.output.splitlines() if '"WARNING"' in line]


def test_a_proxy_that_is_not_trusted_is_logged_once_with_the_line_to_write(project):
    set_option(project / "production.ini", "trusted_proxy", "192.0.2.7")
    with serve(project, "production.ini", "--workers", "1", **KEY) as served:
        for _ in range(3):
            assert Browser(served.url).get("/", **PROXY).status == 200
        (line,) = warnings(served)
    assert "X-Forwarded headers came from 127.0.0.1 and were ignored, since trusted_proxy is 192.0.2.7: " in line
    assert "set trusted_proxy = 127.0.0.1 in the [server:...] section" in line


@pytest.mark.parametrize(
    ("trusted", "headers", "remedy"),
    [
        ("127.0.0.1", {}, "put a proxy with TLS in front"),
        ("127.0.0.1", {**PROXY, "X-Forwarded-Proto": "http"}, "serve the site with TLS there, and let it send"),
        ("192.0.2.7", PROXY, "set trusted_proxy = 127.0.0.1 in the [server:...] section"),
    ],
)
def test_a_secure_cookie_over_plain_http_is_logged_once(project, trusted, headers, remedy):
    set_option(project / "production.ini", "trusted_proxy", trusted)
    with serve(project, "production.ini", "--workers", "1", **KEY) as served:
        browser = Browser(served.url)
        for _ in range(3):
            assert browser.get("/setsession", **headers).status == 200
        (line,) = [line for line in warnings(served) if "the cookie" in line]
    assert "the cookie hello is for HTTPS only, but was sent over plain HTTP: browsers will not send it back" in line
    assert remedy in line


def test_a_trusted_proxy_with_https_logs_no_warning(project):
    with serve(project, "production.ini", "--workers", "1", **KEY) as served:
        assert "secure" in Browser(served.url).get("/setsession", **PROXY).header("Set-Cookie").lower()
        assert warnings(served) == []


def test_only_the_check_header_is_answered_with_how_the_server_sees_the_request(project):
    with serve(project, "production.ini", "--workers", "1", **KEY) as served:
        browser = Browser(served.url)
        assert browser.get("/").header("X-Gearbox-Lite-Seen") is None
        asked = browser.get("/", **{"X-Gearbox-Lite-Check": "1"}, **PROXY)
        assert asked.header("X-Gearbox-Lite-Seen") == f"https://{served.url.removeprefix('http://')} trusted"


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("nginx", "write the proxy's IP address, for example 127.0.0.1, or localhost for a Unix socket"),
        ("10.0.0.0/24", "a network cannot be trusted; write the proxy's one IP address"),
        ("127.0.0.1:8080", "write 127.0.0.1, without the port"),
        ("0:0:0:0:0:0:0:1", "write ::1"),
    ],
)
def test_a_trusted_proxy_that_no_connection_can_match_is_refused(project, value, remedy):
    ini = project / "production.ini"
    set_option(ini, "trusted_proxy", value)
    line = (
        f"production.ini:{line_of(ini, 'trusted_proxy')}: trusted_proxy = {value}: no client has this address; {remedy}"
    )
    assert run("check", "production.ini", cwd=project, **KEY).stderr == f"Error: {line}\n"
    refused = run("serve", "production.ini", cwd=project, **KEY)
    assert refused.returncode == 2
    assert line in refused.stderr


def test_an_address_as_trusted_proxy_of_a_unix_socket_is_refused(project):
    ini = project / "production.ini"
    add_line(ini, "server:main", "unix_socket = web.sock")
    set_option(ini, "host", None)
    set_option(ini, "port", None)
    result = run("check", "production.ini", cwd=project, **KEY)
    assert result.returncode == 1
    assert "trusted_proxy = 127.0.0.1: no client of a Unix socket has this address; write localhost" in result.stderr
    set_option(ini, "trusted_proxy", "localhost")
    assert run("check", "production.ini", cwd=project, **KEY).returncode == 0


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/next", "/next"),
        ("/next?a=1#b", "/next?a=1#b"),
        ("https://example.org/next", "https://example.org/next"),
        ("http://HOST/next", "/next"),
        ("http://HOST//example.org/", "http://HOST//example.org/"),
        ("http://HOST/\\example.org/", "http://HOST/\\example.org/"),
        ("http://HOST/\t/example.org/", "http://HOST/\t/example.org/"),
        ("http://HOST.example.org/", "http://HOST.example.org/"),
        ("http://HOST", "http://HOST"),
    ],
)
def test_redirects_of_a_project_are_paths_unless_that_would_lead_elsewhere(project, target, location):
    redirects = {}
    exec((project / "hello/lib/redirects.py").read_text(), redirects)

    def application(environ, start_response):
        start_response("302 Found", [("Location", target.replace("HOST", "localhost:8080"))])
        return []

    seen = []
    environ = {"wsgi.url_scheme": "http", "HTTP_HOST": "localhost:8080"}
    redirects["RelativeRedirects"](application)(environ, lambda _, headers, __=None: seen.extend(headers))
    assert seen == [("Location", location.replace("HOST", "localhost:8080"))]
