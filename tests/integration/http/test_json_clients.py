"""Clients that ask for JSON get it for every error: of the server, of the debug guard and of the project."""

from __future__ import annotations

import json
import socket

import pytest
from support.helpers import Browser, set_option
from support.warm import serve

from gearbox_lite.json_clients import wants_json

FAILING = """
    @expose()
    def fail(self):
        raise RuntimeError("a detail")

    @expose()
    def leave(self):
        raise SystemExit(3)
"""


@pytest.fixture
def failing(project):
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + FAILING)
    return project


@pytest.mark.parametrize(("debug", "shown"), [("true", "RuntimeError: a detail"), ("false", "has been logged")])
def test_an_exception_of_the_project_is_json(failing, debug, shown):
    set_option(failing / "development.ini", "debug", debug)
    with serve(failing) as served:
        answer = Browser(served.url).get("/fail", Accept="application/json")
        page = Browser(served.url).get("/fail", Accept="text/html")
        served.end()
    assert (answer.status, answer.header("Content-Type")) == (500, "application/problem+json")
    assert shown in json.loads(answer.text)["detail"]
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert served.output.count("RuntimeError: a detail") == 2


def test_a_failure_that_only_the_server_can_answer_is_json(failing):
    with serve(failing) as served:
        answer = Browser(served.url).get("/leave", Accept="application/json")
        served.end()
    assert (answer.status, answer.header("Content-Type")) == (500, "application/problem+json")
    assert json.loads(answer.text)["status"] == 500
    assert "the application raised SystemExit(3) in root.py line 43" in served.output


def test_a_foreign_host_is_refused_as_json(project):
    with serve(project) as served:
        answer = Browser(served.url).get("/", Accept="application/json", Host="evil.example")
    assert answer.status == 400
    assert "is not allowed while debugging" in json.loads(answer.text)["detail"]


def test_a_request_that_the_server_refuses_is_answered_in_json(project):
    set_option(project / "development.ini", "max_request_body_size", "10")
    with serve(project) as served, socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2]))) as link:
        link.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Length: 99\r\n\r\n")
        head, _, body = link.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body)["status"] == 413


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("Application/JSON, text/plain, */*", True),
        ("application/json, text/html", True),
        ("text/html, application/json", False),
        ("text/html", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_the_accept_header_decides(accept, wanted):
    assert wants_json(accept) is wanted
