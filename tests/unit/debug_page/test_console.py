"""The interactive console: what it runs, and for whom it runs nothing."""

from __future__ import annotations

import io
import logging
import re
from urllib.parse import urlencode

import pytest
from webob import Request

from gearbox_lite.debug_page.middleware import debug_filter


def crash(_environ, _start_response):
    number = 41
    raise ValueError(number)


class Client:
    """Asks the console of one filter, as the browser of this machine does."""

    def __init__(self, caplog, **settings):
        self.caplog = caplog
        self.application = debug_filter({"debug": "true"}, **{"debug.console": "true", **settings})(crash)

    def ask(self, path="/", environ=None, fields=None, **headers):
        request = Request.blank(
            path,
            {"REMOTE_ADDR": "127.0.0.1", **(environ or {})},
            headers={"Host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}},
        )
        if fields is not None:
            body = urlencode(fields).encode()
            request.environ |= {
                "REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)),
                "CONTENT_TYPE": "application/x-www-form-urlencoded",
            }  # fmt: skip
        return b"".join(self.application(request.environ, lambda *_: None)).decode()

    def open(self):
        with self.caplog.at_level(logging.WARNING):
            page = self.ask()
        self.token = re.search(r"asks for the token (\w+)", self.caplog.text)[1]
        self.error = re.search(r'name="error" value="(\w+)"', page)[1]
        self.frame = re.search(r'<option value="(\d+)" selected>', page)[1]
        return page

    def run(self, code, **changed):
        fields = {"token": self.token, "error": self.error, "frame": self.frame, "code": code}
        given = {"Origin": "http://localhost", **changed}
        return self.ask(
            "/__debug_console__", given.pop("environ", None),
            {**fields, **{name: given.pop(name) for name in ("token", "error", "frame") if name in given}}, **given,
        )  # fmt: skip


@pytest.fixture
def client(caplog):
    opened = Client(caplog)
    opened.open()
    return opened


def test_code_runs_in_the_frame_and_its_names_stay(client):
    assert "42" in client.run("number + 1")
    client.run("x = number * 2\ny = 1")
    assert "83" in client.run("print(x + y)")
    assert "NameError" in client.run("nothing")
    assert "SystemExit" in client.run("raise SystemExit")


def test_the_page_does_not_contain_the_token(caplog):
    client = Client(caplog)
    assert client.open().count(client.token) == 0


def test_the_output_is_escaped(client):
    assert "&lt;script&gt;" in client.run("print('<script>')")


def test_without_the_setting_there_is_no_console(caplog):
    client = Client(caplog, **{"debug.console": "false"})
    assert "<form" not in client.ask()
    assert "ValueError" in client.ask("/__debug_console__", fields={"code": "1"}), "a path of the application's"
    assert "token" not in caplog.text


@pytest.mark.parametrize(
    "changed",
    [
        {"Host": "evil.example"},
        {"Host": "hello.localhost"},
        {"Host": "[::1]"},
        {"Host": "127.0.0.2"},
        {"environ": {"REMOTE_ADDR": "192.0.2.1"}},
        {"X_Forwarded_For": "127.0.0.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"token": ""},
        {"token": "0" * 16},
        {"error": "0" * 16},
        {"frame": "-1"},
        {"frame": "9" * 5000},
        {"frame": "two"},
    ],
)
def test_nothing_runs_for_others(client, changed, tmp_path):
    page = client.run(f"open({str(tmp_path / 'ran')!r}, 'w').close()", **changed)
    assert not (tmp_path / "ran").exists()
    assert "Output" not in page
    assert client.token not in page


def test_the_page_of_another_name_offers_no_console(caplog):
    client = Client(caplog)
    page = client.ask(environ={"gearbox_lite.host_is_checked": True}, Host="hello.test")
    assert "ValueError" in page
    assert "<form" not in page


def test_after_ten_wrong_tokens_the_right_one_is_refused_too(client):
    for _ in range(10):
        assert "The token is wrong" in client.run("1", token="wrong")
    assert "closed after too many wrong tokens" in client.run("number + 1")


def test_for_an_exception_that_is_not_kept_no_token_is_asked_for(client):
    """After a reload, the page of an earlier process is still open, and the token is another one."""
    for _ in range(20):
        assert "not kept any more" in client.run("1", error="0" * 16, token="of the process before")
    assert "42" in client.run("number + 1")
