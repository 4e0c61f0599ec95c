"""``check --url`` on foreign, hostile and slow sites; test_deployment_faults.py has the generated project's."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.deployment import certificate
from support.helpers import Browser, free_port, set_option
from support.warm import run, serve

from gearbox_lite.errors import UserError
from gearbox_lite.site import check_site
from gearbox_lite.site.address import parse_url

GOOD = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@contextlib.contextmanager
def site(reply, context=None):
    """Serve what ``reply(handler)`` sends, and yield the URL and the list of request lines."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            requests.append(self.requestline)
            with contextlib.suppress(OSError):
                reply(self)

        do_GET = do_POST = answer  # noqa: N815 (the library's names)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"{'https' if context else 'http'}://localhost:{server.server_port}", requests
        server.shutdown()
        thread.join()


def send(handler, status=200, body="hello", **headers):
    if handler.headers["Host"].startswith("gearbox-lite-check"):
        status = 404
    handler.send_response(status)
    for name, value in {**GOOD, "Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body.encode())


def found(url):
    return [str(finding) for finding in check_site.check_site(parse_url(url))]


def test_no_form_of_a_foreign_site_is_submitted():
    form = "<form method=post action=/subscribe><input type=hidden name=token value=1><input name=user></form>"
    with site(lambda handler: send(handler, body=form)) as (url, requests):
        assert found(url) == []
    assert len(requests) == 4
    assert all(line.startswith(("GET / ", "GET /?__debugger__", "GET /gearbox-lite-check/")) for line in requests)


@pytest.mark.parametrize(
    ("store", "finding"),
    [
        (
            lambda handler: send(handler, 303, Location="/"),
            "a value stored with the form is missing on the next page; ",
        ),
        (
            lambda handler: send(handler, 403),
            "the form is rejected with 403, although its page was loaded just before; ",
        ),
        (lambda handler: handler.connection.close(), "no response to the form: the connection was closed without a "),
        (
            lambda handler: send(handler, 303, Location="http://other.invalid/"),
            "/store redirects to another host, http",
        ),
    ],
    ids=["lost", "rejected", "closed", "redirected"],
)
def test_a_form_that_does_not_store_its_value_is_an_error(store, finding):
    form = "<form method=post action=/store><input type=hidden name=token value=1><input name=user></form>"

    def reply(handler):
        if handler.command == "POST":
            handler.rfile.read(int(handler.headers["Content-Length"]))
            store(handler)
        else:
            send(handler, body=form)

    with site(reply) as (url, requests):
        (line,) = found(url)
    assert line.startswith(f"{url}/: {finding}")
    assert "POST /store HTTP/1.1" in requests


def test_a_redirect_to_another_host_is_reported_and_not_followed():
    with site(send) as (other, requests):
        there = other.replace("localhost", "127.0.0.1")
        with site(lambda handler: send(handler, 302, Location=f"{there}/x")) as (url, _):
            (line,) = found(url)
            assert line.startswith(f"{url}/: / redirects to another host, {there}/x; if that is an internal name, ")
    assert requests == []


@pytest.mark.parametrize("location", ["file://localhost/etc/passwd", "ftp://localhost/", "http://[x", "//localhost:x/"])
def test_a_redirect_to_something_other_than_a_web_page_is_reported_and_not_followed(location):
    with site(lambda handler: send(handler, 302, Location=location)) as (url, _):
        assert found(url) == [f"{url}/: / redirects to {location}, which is not a web page; fix the redirect"]


def test_a_redirect_loop_ends_after_five_redirects():
    with site(lambda handler: send(handler, 302, Location=f"{handler.path}x")) as (url, requests):
        assert "more than 5 redirects" in found(url)[0]
    assert len(requests) == 5


@pytest.mark.parametrize("section", ["<![x[y]]>", "<![ ", "<![if]>", "<!", "<![CDATA["])
def test_malformed_html_is_parsed_as_browsers_do(section):
    with site(lambda handler: send(handler, body=f"<p>{section}<form action='")) as (url, _):
        assert found(url) == []


def test_only_the_beginning_of_an_endless_page_is_read():
    def endless(handler):
        send(handler, Content_Length=str(1 << 40))
        while True:
            handler.wfile.write(b"x" * 65536)

    with site(endless) as (url, requests):
        assert found(url) == []
    assert len(requests) == 4


def test_a_site_that_sends_one_byte_at_a_time_is_given_up_after_the_time_limit(monkeypatch):
    def dripping(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            handler.wfile.write(b"X")
            time.sleep(0.05)

    monkeypatch.setattr(check_site, "SITE_TIMEOUT", 0.5)
    with (
        site(dripping) as (url, _),
        pytest.raises(UserError, match="no complete response within 0 s; see the server's log"),
    ):
        check_site.check_site(parse_url(url))


def test_an_invalid_certificate_is_one_error_with_its_reason(tmp_path):
    tls = certificate(tmp_path / "tls")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "fullchain.pem", tls / "privkey.pem")
    with site(send, context) as (url, requests):
        result = run("check", "--url", url)
        assert result.returncode == 1
        assert result.stderr == (
            f"Error: {url}/: invalid certificate: self-signed certificate; use one for this host name that this "
            "machine trusts; SSL_CERT_FILE names a file of further certificate authorities\n"
        )
        assert result.stdout == f"{url}: 1 error, no warnings\n"
    assert requests == []


def test_nothing_from_the_network_controls_the_terminal_and_no_query_is_shown():
    with site(lambda handler: send(handler, 302, Location="//evil/\x1b]0;x\x07")) as (url, _):
        result = run("check", "--url", f"{url}/?token=secret")
    assert result.returncode == 1
    assert "\\x1b]0;x\\x07" in result.stderr
    assert (result.stderr + result.stdout).isascii()
    assert "\x1b" not in result.stderr
    assert "secret" not in result.stderr + result.stdout


@pytest.mark.parametrize(
    ("status", "body", "remedy"),
    [
        (502, "", "start the application, and check that it listens at the address that the proxy connects to"),
        (400, "Host 'x' is not allowed while debugging; ...", "serve an ini with debug = false"),
        (500, "", "see the server's log"),
    ],
)
def test_an_error_page_is_reported_with_its_likely_reason(status, body, remedy):
    with site(lambda handler: send(handler, status, body)) as (url, _):
        (line,) = found(url)
        assert line.startswith(f"{url}/: the page returns {status}")
        assert line.endswith(f"; {remedy}")


def test_cookies_without_httponly_or_samesite_are_warnings():
    with site(lambda handler: send(handler, Set_Cookie="seen=1; Path=/")) as (url, _):
        assert [line.partition(": ")[2] for line in found(url)] == [
            "JavaScript can read the cookie seen; set session.httponly = true",
            "requests from other sites include the cookie seen; set session.samesite = Lax",
        ]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("hello.example.org", "not the URL of a website"),
        ("ftp://hello.example.org", "not the URL of a website"),
        ("http://", "not the URL of a website"),
        ("http://localhost:x", "Port could not be cast to integer value as 'x'"),
        ("http://localhost:0", "not the URL of a website"),
        ("http://me:secret@localhost", "the URL has a user name"),
        ("http://localhost/\r\nX: y", "not the URL of a website"),
    ],
)
def test_an_invalid_url_is_a_usage_error(url, problem):
    result = run("check", "--url", url)
    assert result.returncode == 2
    assert result.stderr.startswith("Error: --url: ")
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr


def test_a_refused_connection_is_one_line():
    url = f"http://localhost:{free_port()}"
    result = run("check", "--url", url)
    assert result.returncode == 1
    assert result.stderr == f"Error: {url}/: Connection refused; start the server, or correct the URL\n"


def test_a_server_that_does_not_speak_http_is_one_short_line():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_with_noise, args=(listener,))
        thread.start()
        url = f"http://localhost:{listener.getsockname()[1]}/"
        result = run("check", "--url", url)
        thread.join()
    assert result.stderr == f"Error: {url}: the response is not HTTP; start the server, or correct the URL\n"


def answer_with_noise(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(1 << 16)
        connection.sendall(b"\0\xff" * 20_000)


def test_an_ini_and_a_url_are_both_checked_if_both_are_named(project):
    """The value that is stored with the form is deleted again."""
    with serve(project) as served:
        result = run("check", "development.ini", "--url", served.url, cwd=project)
        assert result.stdout == f"development.ini: no errors, no warnings\n{served.url}: 1 error, no warnings\n"
        assert "debug is on" in result.stderr
        assert result.returncode == 1
    set_option(project / "development.ini", "debug", "false")
    with serve(project) as served:
        result = run("check", "--url", served.url, cwd=project)
        assert "any other host name are answered too" in result.stderr
        assert result.returncode == 0
        assert "session is empty" in Browser(served.url).get("/").text
