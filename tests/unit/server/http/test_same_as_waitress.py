"""What tasks.py builds in less time is what waitress builds."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
from waitress.adjustments import Adjustments
from waitress.task import Task, WSGITask

from gearbox_lite.server.http.channel import Parser
from gearbox_lite.server.http.tasks import ApplicationTask

HEADERS = [
    [],
    [("content-type", "text/plain"), ("x-B", "1"), ("X-b", "2"), ("set-cookie", "b=1"), ("Set-Cookie", "a=2")],
    [("Content-length", "5"), ("date", "soon"), ("SERVER", "mine")],
    [("Content-Length", "5"), ("connection", "close")],
]


def channel_with(**settings):
    adj = Adjustments(**settings)
    server = SimpleNamespace(adj=adj, effective_port="8080", server_name="here")
    return SimpleNamespace(
        server=server, adj=adj, addr=("192.0.2.1", 5000), check_client_disconnected=lambda: False, service=None
    )


def request_of(text: str):
    request = Parser(Adjustments())
    request.received(text.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n")
    assert request.completed
    return request


def built_by(kind, method, channel, request, *, status, headers, length):
    task = kind(channel, request)
    task.start_time = 1_000_000_000.7
    task.status, task.response_headers, task.content_length = status, list(headers), length
    return method(task), task.close_on_finish, task.chunked_response


@pytest.mark.parametrize("ident", ["waitress", "", None])
@pytest.mark.parametrize("connection", ["", "\nConnection: close", "\nConnection: Keep-Alive", "\nConnection: x"])
@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0"])
def test_status_line_and_headers_are_the_same(ident, connection, version):
    channel, request = channel_with(ident=ident), request_of(f"GET / HTTP/{version}{connection}")
    for status, headers, length in itertools.product(
        ["200 OK", "204 No Content", "304 Not Modified", "404 Not Found"], HEADERS, [None, 0, 5]
    ):
        given = {"status": status, "headers": headers, "length": length}
        assert built_by(ApplicationTask, ApplicationTask.build_response_header, channel, request, **given) == built_by(
            ApplicationTask, Task.build_response_header, channel, request, **given
        )


@pytest.mark.parametrize("prefix", ["", "/sub"])
@pytest.mark.parametrize(
    "text",
    [
        "GET / HTTP/1.1\nHost: x",
        "GET //a//b/%41?c=%42#d HTTP/1.0",
        "POST /sub/a HTTP/1.1\nContent-Type: text/plain\nContent-Length: 0\nX-A: 1\nX-A: 2",
        "GET http://example.org/sub HTTP/1.1\nWsgi.Input: x\nRemote-Addr: x",
        "OPTIONS * HTTP/1.1",
    ],
)
def test_the_wsgi_environment_is_the_same(text, prefix):
    channel, request = channel_with(url_prefix=prefix), request_of(text)
    ours, theirs = ApplicationTask(channel, request).get_environment(), WSGITask(channel, request).get_environment()
    for environ in (ours, theirs):
        environ["wsgi.input"] = environ["wsgi.input"].read()
    assert ours == theirs
