"""What live reload adds to pages, and that everything else passes through byte for byte."""

from __future__ import annotations

import re
import time
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest

from gearbox_lite.server.live_reload import middleware
from gearbox_lite.server.live_reload.middleware import LiveReload

HTML = [("Content-Type", "text/html; charset=utf-8")]
PAGE = b"<!doctype html><html><body>caf\xc3\xa9</body></html>"
TAG = re.compile(rb'<script src="(\S+)" data-page="(\S+)~(\d+)"([\w -]*)( nonce="[^"]*")? async></script>\n\Z')


class Answer:
    """What a server gets from an application."""

    def __init__(self, application, path="/", **environ):
        self.environ = {
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SCRIPT_NAME": "",
            "HTTP_SEC_FETCH_DEST": "document",
            **environ,
        }
        setup_testing_defaults(self.environ)
        self.written = []

        def start_response(status, headers, exc_info=None):
            self.status, self.headers = status, headers
            return self.written.append

        self.result = application(self.environ, start_response)
        self.parts = list(self.result)
        if hasattr(self.result, "close"):
            self.result.close()
        self.body = b"".join([*self.written, *self.parts])

    def header(self, name):
        return dict(self.headers).get(name)


def site(body=PAGE, status="200 OK", headers=HTML, is_lazy=False):
    """Return an application; a lazy one starts its answer when its first part is asked for, as generators do."""

    def at_once(environ, start_response):
        start_response(status, list(headers))
        return [body]

    def lazily(environ, start_response):
        start_response(status, list(headers))
        yield body[:10]
        yield body[10:]

    return lazily if is_lazy else at_once


def ask(application, *arguments, **environ):
    return Answer(LiveReload(application, "v1"), *arguments, **environ)


@pytest.mark.parametrize("is_lazy", [False, True])
@pytest.mark.parametrize("destination", ["document", "iframe"])
@pytest.mark.parametrize("status", ["200 OK", "201 Created", "403 Forbidden", "404 Not Found", "500 Internal"])
def test_a_page_gets_one_script_at_its_end_and_the_right_length(is_lazy, destination, status):
    headers = [*HTML, ("Content-Length", str(len(PAGE)))]
    before = time.monotonic_ns()
    answer = ask(site(PAGE, status, headers, is_lazy), HTTP_SEC_FETCH_DEST=destination)
    assert answer.status == status
    assert answer.body.startswith(PAGE)
    found = TAG.fullmatch(answer.body, len(PAGE))
    assert found is not None, answer.body
    assert found[1].startswith(b"/__live_reload__/client.js?")
    assert found[2] == b"v1"
    assert before <= int(found[3]) <= time.monotonic_ns()
    assert (found[4] == b" data-error") == status.startswith("5")
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("Cache-Control") == "no-store"


def test_a_list_of_one_part_stays_one_so_that_servers_can_tell_its_length():
    assert len(ask(site()).result) == 1


def test_what_is_streamed_stays_streamed():
    """Each part arrives before the application is asked for the next one."""
    asked = []

    def application(environ, start_response):
        start_response("200 OK", HTML)
        for number in range(3):
            asked.append(number)
            yield b"%d" % number

    environ = {"PATH_INFO": "/", "REQUEST_METHOD": "GET", "HTTP_SEC_FETCH_DEST": "document"}
    parts = iter(LiveReload(application, "v1")(environ, lambda *_: None))
    for number in range(3):
        assert next(parts) == b"%d" % number
        assert asked[-1] == number
    assert TAG.fullmatch(next(parts))
    assert list(parts) == []


def test_what_is_written_instead_of_returned_comes_before_the_script():
    def application(environ, start_response):
        start_response("200 OK", HTML)(PAGE)
        return []

    assert TAG.fullmatch(ask(application).body, len(PAGE))


def test_a_page_whose_application_fails_in_the_middle_has_the_script_and_is_closed_once():
    class Body:
        closed = 0

        def __iter__(self):
            yield b"<p>"
            raise ValueError("in the middle")

        def close(self):
            self.closed += 1

    body = Body()

    def application(environ, start_response):
        start_response("200 OK", HTML)
        return body

    environ = {"PATH_INFO": "/", "REQUEST_METHOD": "GET", "HTTP_SEC_FETCH_DEST": "document"}
    result = LiveReload(application, "v1")(environ, lambda *_: None)
    parts = iter(result)
    assert next(parts) == b"<p>"
    assert TAG.fullmatch(next(parts))
    with pytest.raises(ValueError, match="in the middle"):
        next(parts)
    result.close()
    assert body.closed == 1


def test_a_body_that_is_a_kind_of_list_is_closed_too():
    class Body(list):
        is_closed = False

        def close(self):
            self.is_closed = True

    body = Body([PAGE])

    def application(environ, start_response):
        start_response("200 OK", HTML)
        return body

    assert TAG.fullmatch(ask(application).body, len(PAGE))
    assert body.is_closed


def test_an_answer_that_is_replaced_by_an_error_page_is_judged_again():
    """As PEP 3333 allows: start_response is called again with exc_info before anything has been sent."""

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError
        except ValueError as error:
            start_response("500 Failed", HTML, (ValueError, error, None))
        return [PAGE]

    assert TAG.fullmatch(ask(application).body, len(PAGE))


def test_an_error_page_has_its_script_also_if_the_answer_has_begun_as_something_else():
    """A generator is run after start_response has been called."""

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])

        def body():
            start_response("500 Failed", [*HTML, ("Content-Length", str(len(PAGE)))], (ValueError, ValueError(), None))
            yield PAGE

        return body()

    answer = ask(application)
    assert TAG.fullmatch(answer.body, len(PAGE))
    assert answer.header("Content-Length") == str(len(answer.body))


def test_an_error_page_that_comes_too_late_adds_nothing_to_what_has_been_sent():
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"begun"
        start_response("500 Failed", HTML, (ValueError, ValueError("late"), None))

    def start(status, headers, exc_info=None):
        if exc_info:
            raise exc_info[1]

    environ = {"PATH_INFO": "/", "REQUEST_METHOD": "GET", "HTTP_SEC_FETCH_DEST": "document"}
    parts = iter(LiveReload(application, "v1")(environ, start))
    assert next(parts) == b"begun"
    with pytest.raises(ValueError, match="late"):
        next(parts)


@pytest.mark.parametrize(
    ("status", "headers", "environ"),
    [
        ("200 OK", HTML, {"HTTP_SEC_FETCH_DEST": "empty"}),
        ("200 OK", HTML, {"HTTP_SEC_FETCH_DEST": "script"}),
        ("200 OK", HTML, {"HTTP_SEC_FETCH_DEST": None}),
        ("200 OK", HTML, {"REQUEST_METHOD": "HEAD"}),
        ("204 No Content", HTML, {}),
        ("206 Partial Content", HTML, {}),
        ("302 Found", HTML, {}),
        ("304 Not Modified", HTML, {}),
        ("200 OK", [], {}),
        ("200 OK", [("Content-Type", "text/plain")], {}),
        ("200 OK", [("Content-Type", "text/html-sandboxed")], {}),
        ("200 OK", [("Content-Type", "application/xhtml+xml")], {}),
        ("200 OK", [("content-type", "text/html; charset=UTF-16")], {}),
        ("200 OK", [*HTML, ("Content-Encoding", "gzip")], {}),
        ("200 OK", [*HTML, ("content-encoding", "BR")], {}),
        ("200 OK", [*HTML, ("Content-Disposition", "Attachment; filename=a.html")], {}),
        ("200 OK", [*HTML, ("Content-Length", "many")], {}),
    ],
)
@pytest.mark.parametrize("is_lazy", [False, True])
def test_everything_else_passes_through_byte_for_byte(status, headers, environ, is_lazy):
    environ = {name: value for name, value in {"HTTP_SEC_FETCH_DEST": "document", **environ}.items() if value}
    headers = [*headers, ("ETag", '"1"'), ("Cache-Control", "max-age=60")]
    given = {"PATH_INFO": "/", "REQUEST_METHOD": "GET", **environ}
    starts = []
    application = site(PAGE, status, headers, is_lazy)
    parts = list(LiveReload(application, "v1")(given, lambda *start: starts.append(start)))
    assert parts == list(application(given, lambda *_: None))
    assert starts == [(status, headers)]


def test_a_file_that_is_no_page_reaches_the_server_as_the_object_that_it_is(tmp_path):
    """Servers send files of their own kind (wsgi.file_wrapper) faster."""
    (tmp_path / "picture.png").write_bytes(b"png")
    with (tmp_path / "picture.png").open("rb") as file:
        wrapped = FileWrapper(file)

        def application(environ, start_response):
            start_response("200 OK", [("Content-Type", "image/png")])
            return wrapped

        assert ask(application, **{"wsgi.file_wrapper": FileWrapper}).result is wrapped


def test_a_page_with_the_script_is_never_cached_as_the_plain_one():
    """Neither is a plain one that the browser has shown instead, from the time before live reload."""
    seen = {}

    def application(environ, start_response):
        seen.update(environ)
        cached = [("ETag", '"1"'), ("Last-Modified", "yesterday"), ("Expires", "tomorrow"), ("Repr-Digest", "x")]
        start_response("200 OK", [*HTML, *cached, ("Cache-Control", "max-age=60"), ("Vary", "Cookie")])
        return [PAGE]

    answer = ask(application, HTTP_IF_NONE_MATCH='"1"', HTTP_IF_MODIFIED_SINCE="yesterday")
    assert answer.headers == [*HTML, ("Vary", "Cookie"), ("Cache-Control", "no-store")]
    assert not {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"} & seen.keys()
    seen.clear()
    ask(application, HTTP_SEC_FETCH_DEST="image", HTTP_IF_NONE_MATCH='"1"')
    assert seen["HTTP_IF_NONE_MATCH"] == '"1"'


@pytest.mark.parametrize(
    ("policy", "nonce"),
    [
        ("default-src 'self'; base-uri 'self'", None),
        ("script-src 'nonce-aB+/_-1==' 'strict-dynamic'", b' nonce="aB+/_-1=="'),
        ("default-src 'nonce-x'; style-src 'nonce-y'", b' nonce="x"'),
        ("style-src 'nonce-y'; script-src 'self'", None),
    ],
)
def test_a_policy_that_asks_scripts_for_a_nonce_gets_it(policy, nonce):
    answer = ask(site(headers=[*HTML, ("Content-Security-Policy", policy)]))
    assert TAG.fullmatch(answer.body, len(PAGE))[5] == nonce
    assert answer.header("Content-Security-Policy") == policy


def test_the_script_tells_an_answer_to_a_form_and_where_the_server_is_mounted():
    answer = ask(site(), REQUEST_METHOD="POST", SCRIPT_NAME='/a"b')
    assert b'src="/a&quot;b/__live_reload__/client.js' in answer.body
    assert b" data-posted" in answer.body


def test_the_application_can_tell_that_its_page_gets_the_script():
    seen = []

    def application(environ, start_response):
        seen.append(environ.get(middleware.IS_LIVE))
        return site()(environ, start_response)

    ask(application)
    ask(application, HTTP_SEC_FETCH_DEST="empty")
    assert seen == [True, None]


def test_the_script_is_served_under_an_address_that_changes_with_it():
    page = ask(site())
    script = ask(site(), "/__live_reload__/client.js", HTTP_SEC_FETCH_DEST="script")
    assert script.status == "200 OK"
    assert script.header("Content-Type") == "text/javascript"
    assert "immutable" in script.header("Cache-Control")
    assert b"EventSource" in script.body
    (address,) = re.findall(rb'src="/__live_reload__/client.js\?([0-9a-f]+)"', page.body)
    assert len(address) == 12


EVENTS = {"path": "/__live_reload__/events", "QUERY_STRING": "page=v1~5", "HTTP_SEC_FETCH_DEST": "empty"}


def test_the_connection_of_an_event_stream_is_handed_over_with_the_page_that_asks():
    pages = []
    own = {**EVENTS, "HTTP_SEC_FETCH_SITE": "same-origin", middleware.HAND_OVER: pages.append}
    answer = ask(site(), **own)
    assert (answer.parts, hasattr(answer, "status")) == ([], False)
    ask(site(), **{**own, "QUERY_STRING": "page=" + "x" * 1000})
    ask(site(), **{**own, "QUERY_STRING": ""})
    assert pages == ["v1~5", "x" * middleware.MAX_PAGE_LENGTH, ""]


@pytest.mark.parametrize("site_of_request", ["cross-site", "same-site", "none", None])
def test_other_sites_and_other_programs_get_no_events(site_of_request):
    pages = []
    environ = {**EVENTS, middleware.HAND_OVER: pages.append}
    if site_of_request is not None:
        environ["HTTP_SEC_FETCH_SITE"] = site_of_request
    answer = ask(site(), **environ)
    assert answer.status == "403 Forbidden"
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
    assert answer.header("Cross-Origin-Resource-Policy") == "same-origin"
    assert pages == []


@pytest.mark.parametrize(
    ("path", "method"),
    [("/__live_reload__/", "GET"), ("/__live_reload__/client.js", "POST"), ("/__live_reload__/events", "POST")],
)
def test_live_reload_has_no_other_addresses(path, method):
    assert ask(site(), path, REQUEST_METHOD=method).status == "404 Not Found"


@pytest.mark.parametrize("is_lazy", [False, True])
def test_it_is_middleware_as_pep_3333_describes_it(is_lazy):
    """The standard library's validator raises for anything else."""
    answer = Answer(validator(LiveReload(validator(site(is_lazy=is_lazy)), "v1")))
    assert TAG.fullmatch(answer.body, len(PAGE))
