"""The debug filter around any WSGI application: what it answers, to whom, and what it leaves alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from webob import Request, Response
from webtest import TestApp

from gearbox_lite.debug_page.middleware import debug_filter
from gearbox_lite.errors import UserError


def crash(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    raise ValueError("it broke <b>here</b>")


def filtered(application, **settings):
    return debug_filter({"debug": "true"}, **settings)(application)


def ask(application, path="/", environ=None, **headers):
    names = {"Host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    request = Request.blank(path, {"REMOTE_ADDR": "127.0.0.1", **(environ or {})}, headers=names)
    started = []
    body = filtered(application)(request.environ, lambda status, headers, *_: started.append((status, headers)))
    text = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    status, headers = started[-1]
    return Response(status=status, headerlist=headers, app_iter=[text])


def test_an_exception_is_answered_with_a_page_that_escapes_it():
    answer = ask(crash, "/a b")
    assert (answer.status_int, answer.content_type) == (500, "text/html")
    assert "it broke &lt;b&gt;here&lt;/b&gt;" in answer.text
    assert "<code>GET /a%20b</code>" in answer.text
    assert "test_middleware.py" in answer.text


def test_an_exception_that_the_page_cannot_show_is_named_and_logged(caplog):
    class OddExceptionGroup(Exception):  # noqa: N818 (as groups are named)
        @property
        def exceptions(self):
            raise KeyError("hunter22")

    def application(_environ, _start_response):
        raise OddExceptionGroup

    answer = ask(application)
    assert (answer.status_int, answer.content_type) == (500, "text/html")
    assert "<h1>OddExceptionGroup</h1>" in answer.text
    assert "hunter22" not in answer.text
    assert [record.exc_info[0] for record in caplog.records] == [OddExceptionGroup, KeyError]


def test_the_policy_of_the_page_allows_its_own_style_and_script_only():
    policy = ask(crash).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/]{43}='", policy)) == 2


def test_clients_that_ask_for_json_get_problem_details():
    answer = ask(crash, Accept="application/json")
    assert (answer.status_int, answer.content_type) == (500, "application/problem+json")
    problem = json.loads(answer.body)
    assert problem["title"] == "Internal Server Error"
    assert problem["detail"] == "ValueError: it broke <b>here</b>"
    assert "test_middleware.py" in problem["traceback"][-1]


@pytest.mark.parametrize(
    ("environ", "headers"),
    [
        ({"REMOTE_ADDR": "192.0.2.1"}, {}),
        ({"REMOTE_ADDR": ""}, {}),
        ({}, {"Host": "evil.example"}),
        ({}, {"X_Forwarded_Host": "evil.example"}),
        ({}, {"X_Forwarded_For": "192.0.2.1, 127.0.0.1"}),
        ({}, {"X_Forwarded_For": "unknown"}),
        ({}, {"X_Real_IP": "192.0.2.1"}),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_outside_of_serve_only_this_machine_and_its_names_see_a_page(environ, headers, accept):
    answer = ask(crash, environ=environ, Accept=accept, **headers)
    assert answer.status_int == 500
    assert "it broke" not in answer.text
    assert "localhost only" in answer.text


def test_a_proxy_on_this_machine_for_this_machine_shows_the_page():
    assert "it broke" in ask(crash, X_Forwarded_For="127.0.0.1, ::1", X_Real_IP="127.0.0.1").text


def test_serve_itself_has_checked_the_host():
    environ = {"REMOTE_ADDR": "192.0.2.1", "gearbox_lite.host_is_checked": True}
    assert "it broke" in ask(crash, environ=environ, Host="hello.test").text
    assert "it broke" not in ask(crash, environ={"REMOTE_ADDR": "192.0.2.1"}, Gearbox_Lite_Host_Is_Checked="1").text


def test_an_exception_before_the_first_piece_of_a_body_is_shown_and_the_body_is_closed():
    closed = []

    class Body:
        def __iter__(self):
            raise KeyError("late")
            yield b""

        def close(self):
            closed.append(True)

    def application(_environ, start_response):
        start_response("200 OK", [])
        return Body()

    answer = ask(application)
    assert answer.status_int == 500
    assert "KeyError" in answer.text
    assert closed == [True]


def test_an_exception_while_a_body_is_closed_is_logged_and_leaves_the_answer_complete(caplog):
    class Body:
        def __iter__(self):
            yield b"all of it"

        def close(self):
            raise KeyError("in close")

    def application(_environ, start_response):
        start_response("200 OK", [])
        return Body()

    assert ask(application).body == b"all of it"
    assert [record.exc_info[0] for record in caplog.records] == [KeyError]


def test_an_exception_after_the_first_piece_goes_on_to_the_server():
    """The headers have been sent; a server raises again what it gets as exc_info (PEP 3333)."""

    def application(_environ, start_response):
        start_response("200 OK", [])
        yield b"begun"
        raise KeyError("late")

    def start(_status, _headers, exc_info=None):
        if exc_info:
            raise exc_info[1]

    body = iter(filtered(application)({"REQUEST_METHOD": "GET"}, start))
    assert next(body) == b"begun"
    with pytest.raises(KeyError):
        next(body)


def test_what_does_not_fail_passes_through_unchanged():
    class FileWrapper:
        pass

    for body in ([b"a"], (b"a",), FileWrapper()):
        started = []

        def application(_environ, start_response, body=body):
            start_response("404 Not Found", [("X-A", "b")])
            return body

        environ = {"wsgi.file_wrapper": FileWrapper, "REQUEST_METHOD": "GET", "HTTP_ACCEPT": "text/html"}
        assert filtered(application)(environ, lambda *given: started.append(given)) is body  # noqa: B023
        assert started == [("404 Not Found", [("X-A", "b")])]


def test_a_test_client_gets_the_exception_itself(caplog):
    with pytest.raises(ValueError, match="it broke"):
        TestApp(filtered(crash)).get("/")
    assert caplog.text == ""


def test_an_answer_to_head_has_no_body():
    answer = ask(crash, environ={"REQUEST_METHOD": "HEAD"})
    assert answer.status_int == 500
    assert answer.body == b""


@pytest.mark.parametrize("debug", [{}, {"debug": "false"}, {"debug": "0"}])
@pytest.mark.parametrize("settings", [{}, {"debug.console": "true"}], ids=["no console", "console"])
def test_without_debug_the_filter_returns_the_application_itself(debug, settings):
    assert debug_filter(debug, **settings)(crash) is crash


def test_the_section_can_switch_debug_on_itself():
    assert debug_filter({}, debug="true")(crash) is not crash


def test_without_debug_nothing_else_is_imported():
    code = (
        "import sys\nfrom gearbox_lite.debug_page.middleware import debug_filter\ndebug_filter({'debug': 'false'})(1)\n"
        "print(*(name for name in sys.modules if name.startswith('gearbox_lite.debug_page.')))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "jinja2" not in shown
    assert set(shown.split()) <= {"gearbox_lite.debug_page.middleware", "gearbox_lite.debug_page.filter_settings"}


def test_an_unknown_setting_is_refused_with_its_line(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_text("[filter:debug]\nuse = egg:gearbox_lite#debug\ndebgu = true\n")
    with pytest.raises(UserError, match=r"a\.ini:3: debgu = true: the debug filter has no such setting; did you mean"):
        debug_filter({"__file__": str(ini)}, debgu="true")
    with pytest.raises(UserError, match="debug = maybe: not a boolean"):
        debug_filter({}, debug="maybe")
