"""What the console shows of a server's records."""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from gearbox_lite.loggers import ACCESS_LOG
from gearbox_lite.server import log_routing
from gearbox_lite.server.terminal import Terminal

SETTINGS = SimpleNamespace(ini=Path("/srv/hello/development.ini"), session=("cookie", "hello"))


class FakeTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def announced(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    log_routing.use_console()
    return []


@pytest.fixture
def terminal(announced):
    return Terminal(lambda _settings, urls: announced.append(urls))


def request_record(status):
    fields = {"client": "::1", "status": status}
    return logging.LogRecord(ACCESS_LOG, logging.INFO, "", 0, "%(client)s GET / %(status)s", (fields,), None)


def test_the_banner_is_on_standard_output_and_the_callback_follows_it(terminal, announced, capsys):
    terminal.announce(SETTINGS, ["http://localhost:1", "unix:a.sock"], note="closes its socket")
    assert capsys.readouterr() == (
        (
            "Serving at http://localhost:1 and unix:a.sock\n"
            "  ini      /srv/hello/development.ini\n"
            "  session  type cookie, cookie hello\n"
            "  stop     Ctrl-C\n"
            "  note     closes its socket\n"
        ),
        "",
    )
    assert announced == [["http://localhost:1", "unix:a.sock"]]


def test_notes_are_on_standard_output_and_warnings_and_failures_on_standard_error(terminal, capsys):
    terminal.note("Reloaded.")
    terminal.warn("a 100 % sure \x1b[31m sign")
    terminal.fail("does not load", "Traceback:\n\tx\x07\n")
    assert capsys.readouterr() == (
        "Reloaded.\n",
        "Warning: a 100 % sure \\x1b[31m sign\nTraceback:\n\tx\\x07\nError: does not load\n",
    )


@pytest.mark.parametrize(
    ("status", "shown"),
    [(200, "\x1b[32m200\x1b[0m"), (302, "\x1b[36m302\x1b[0m"), (404, "\x1b[33m404\x1b[0m"), (500, "\x1b[31m500\x1b[0m"),
     (101, "101"), ("odd", "odd")],
)  # fmt: skip
def test_the_status_of_a_request_is_colored_on_a_terminal_only(announced, monkeypatch, status, shown):
    for stream, expected in ((FakeTerminal(), shown), (io.StringIO(), str(status))):
        monkeypatch.setattr(sys, "stderr", stream)
        logging.getLogger(ACCESS_LOG).handle(request_record(status))
        assert stream.getvalue()[8:] == f" ::1 GET / {expected}\n"


def test_labels_are_colored_on_a_terminal_and_plain_with_no_color(terminal, monkeypatch):
    monkeypatch.setattr(sys, "stderr", FakeTerminal())
    terminal.warn("w")
    terminal.fail("e")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.warn("w")
    labels = "\x1b[33m\x1b[1mWarning:\x1b[0m w\n\x1b[31m\x1b[1mError:\x1b[0m e\nWarning: w\n"
    assert sys.stderr.getvalue() == labels
