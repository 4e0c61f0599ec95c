"""What the guard of a debug page refuses to other sites."""

from __future__ import annotations

import re

import pytest
from backlash import DebuggedApplication
from webob import Request

from gearbox_lite.host_names import AllowedHosts
from gearbox_lite.server.debug.guard import DebugGuard


def crash(environ, _start_response):
    number = 41
    raise ValueError(environ["PATH_INFO"], number)


def generous(environ, start_response):
    """Answer 500 with headers that would share it with every site."""
    start_response("500 Oh", [("Access-Control-Allow-Origin", "*"), ("x-frame-options", "ALLOWALL")])
    return [b"secret"]


class Client:
    """Sends requests to a guarded application."""

    def __init__(self, application, *, one_process=True):
        allowed = AllowedHosts.of([], any_address=False)
        self.application = DebugGuard(application, allowed, one_process=one_process)

    def get(self, path, headers=None, **environ):
        return Request.blank(path, environ, headers={"Host": "localhost", **(headers or {})}).get_response(
            self.application
        )


@pytest.fixture
def debugged():
    """A client of an application whose debug page has been opened, and the query that runs code there."""
    client = Client(DebuggedApplication(crash))
    page = client.get("/").text
    secret, frame = re.search(r'SECRET = "(\w+)"', page)[1], re.findall(r'id="frame-(\d+)"', page)[-1]
    return client, f"/?__debugger__=yes&frm={frame}&s={secret}&cmd="


def test_the_debug_page_itself_runs_code(debugged):
    client, run = debugged
    assert "42" in client.get(run + "number%2B1").text
    same_origin = {"Sec-Fetch-Site": "same-origin", "Referer": "http://localhost/"}
    assert "42" in client.get(run + "number%2B1", same_origin).text
    assert "jQuery" in client.get("/?__debugger__=yes&cmd=resource&f=jquery.js").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of localhost
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Referer": "http://evil.example/localhost"},
        {"Referer": "http://[evil"},
    ],
)
@pytest.mark.parametrize("name", ["__debugger__", "%5f_debugger__", "a=b&__debugger_%5F"])
def test_other_sites_cannot_use_the_debugger(debugged, headers, name):
    client, run = debugged
    answer = client.get(run.replace("__debugger__", name) + "1", headers)
    assert answer.status_int == 403
    assert answer.text == "Other sites may not use the debugger.\n"


def test_the_console_is_not_served_wherever_the_application_is_mounted():
    client = Client(DebuggedApplication(crash))
    for path in ("/__console__", "/sub/__console__", "/%5F_console__"):
        assert client.get(path).status_int == 404


def test_other_sites_cannot_frame_read_or_run_a_traceback():
    answer = Client(generous).get("/")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers.getall("X-Frame-Options") == ["SAMEORIGIN"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    traceback = Client(DebuggedApplication(crash)).get("/")
    assert traceback.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_an_answer_that_is_no_failure_is_passed_on_unchanged():
    def application(_environ, start_response):
        start_response("200 OK", [("Access-Control-Allow-Origin", "*"), ("Content-Type", "text/plain")])
        return [b"shared"]

    answer = Client(application).get("/?a=%20__b")
    assert answer.headerlist == [("Access-Control-Allow-Origin", "*"), ("Content-Type", "text/plain")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Host": "localhost, evil.example"},
        {"Forwarded": 'for=127.0.0.1;host="evil.example"'},
        {"Forwarded": "host=localhost, for=127.0.0.1; Host = evil.example"},
        {"Host": "evil.example", "X-Forwarded-Host": "localhost", "Forwarded": "host=localhost"},
    ],
)
def test_a_foreign_host_is_refused_in_one_line_that_names_it_and_the_setting(headers):
    answer = Client(crash).get("/", headers)
    assert answer.status_int == 400
    assert answer.text.startswith("Host 'evil.example' is not allowed while debugging; ")
    assert "allowed_hosts in the ini's section [serve]" in answer.text
    assert answer.text.count("\n") == 1
    assert answer.content_type == "text/plain"


def test_what_a_refusal_shows_of_a_host_is_escaped_and_short():
    answer = Client(crash).get("/", {"Host": "\x1b]0;<script>" + "x" * 1000})
    assert answer.text.startswith(r"Host '\x1b]0;<script>xxx")
    assert len(answer.text) < 250


def test_only_http_1_0_requests_may_omit_host():
    for protocol, status in (("HTTP/1.0", 500), ("HTTP/1.1", 400)):
        request = Request.blank("/", {"SERVER_PROTOCOL": protocol})
        del request.environ["HTTP_HOST"]
        assert request.get_response(Client(generous).application).status_int == status


def test_the_console_of_several_processes_asks_for_one_worker():
    client = Client(DebuggedApplication(crash), one_process=False)
    assert "ValueError" in client.get("/").text
    assert "jQuery" in client.get("/?__debugger__=yes&cmd=resource&f=jquery.js").text
    for command in ("cmd=1", "cmd=source", ""):
        answer = client.get(f"/?__debugger__=yes&frm=1&s=x&{command}")
        assert answer.text.startswith("The console needs workers = 1: ")
