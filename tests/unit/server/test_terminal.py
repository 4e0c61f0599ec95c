"""What the console shows of a server's records."""

from __future__ import annotations

import io
import logging
import re
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
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM_PROGRAM", "TMUX", "STY", "VTE_VERSION", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("KONSOLE_VERSION", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    log_routing.use_console()
    return []


@pytest.fixture
def terminal(announced):
    return Terminal(lambda _settings, urls: announced.append(urls))


def request_record(status=200, method="GET", milliseconds=4.0):
    fields = {"client": "::1", "method": method, "status": status, "duration_ms": milliseconds}
    message = "%(client)s %(method)s / %(status)s %(duration_ms).1f ms"
    return logging.LogRecord(ACCESS_LOG, logging.INFO, "", 0, message, (fields,), None)


def shown_request(monkeypatch, stream, **fields):
    monkeypatch.setattr(sys, "stderr", stream)
    logging.getLogger(ACCESS_LOG).handle(request_record(**fields))
    time, _, line = stream.getvalue().partition(" ")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", time)
    return line.rstrip("\n")


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


def test_the_url_of_the_banner_is_bold_on_a_terminal_and_a_link_where_links_are_known(terminal, monkeypatch):
    url, bold = "http://localhost:1", "\x1b[1mhttp://localhost:1\x1b[0m"
    link = f"\x1b]8;;{url}\x1b\\{bold}\x1b]8;;\x1b\\"
    for environment, expected in (
        ({}, bold),
        ({"TERM_PROGRAM": "vscode"}, link),
        ({"TERM_PROGRAM": "vscode", "TMUX": "/tmp/tmux"}, bold),
        ({"TERM_PROGRAM": "Apple_Terminal"}, bold),
        ({"VTE_VERSION": "7003"}, link),
        ({"VTE_VERSION": "5000"}, bold),
        ({"TERM": "xterm-kitty"}, link),
        ({"TERM": "dumb"}, url),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, url),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", FakeTerminal())
            for name, value in environment.items():
                patch.setenv(name, value)
            terminal.announce(SETTINGS, [url])
            assert sys.stdout.getvalue().splitlines()[0] == f"Serving at {expected}", environment


def test_force_color_colors_a_pipe_but_puts_no_link_into_it(terminal, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM_PROGRAM", "vscode")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    terminal.announce(SETTINGS, ["http://localhost:1"])
    assert sys.stdout.getvalue().startswith("Serving at \x1b[1mhttp://localhost:1\x1b[0m\n")


def test_notes_are_on_standard_output_and_warnings_and_failures_on_standard_error(terminal, capsys):
    terminal.note("Now serving")
    terminal.warn("a 100 % sure \x1b[31m sign")
    terminal.fail("does not load", "Traceback:\n\tx\x07\n")
    out, err = capsys.readouterr()
    assert re.fullmatch(r"\d\d:\d\d:\d\d Now serving\n", out)
    assert err == "Warning: a 100 % sure \\x1b[31m sign\nTraceback:\n\tx\\x07\nError: does not load\n"


@pytest.mark.parametrize(
    ("files", "milliseconds", "shown"),
    [
        (["hello/controllers/root.py"], 67.8, "Reloaded hello/controllers/root.py (68 ms)"),
        (["a.py", "b.py", "c.py"], 1234, "Reloaded a.py and 2 more (1.2 s)"),
        (["/elsewhere/\x1b.py"], 1, "Reloaded /elsewhere/\\x1b.py (1 ms)"),
        ([], 70, "Reloaded (70 ms)"),
        ([], None, "Reloaded"),
    ],
)
def test_a_reload_is_shown_with_the_time_its_files_and_how_long_it_took(
    terminal, capsys, tmp_path, monkeypatch, files, milliseconds, shown
):
    monkeypatch.chdir(tmp_path)
    terminal.reloaded([str(tmp_path / name) for name in files], milliseconds)
    time, _, line = capsys.readouterr().out.partition(" ")
    assert re.fullmatch(r"\d\d:\d\d:\d\d", time)
    assert line == f"{shown}\n"


@pytest.mark.parametrize(
    ("status", "shown"),
    [(200, "\x1b[32m200\x1b[0m"), (302, "\x1b[36m302\x1b[0m"), (404, "\x1b[33m404\x1b[0m"), (500, "\x1b[31m500\x1b[0m"),
     (101, "101"), ("odd", "odd")],
)  # fmt: skip
def test_the_status_of_a_request_is_colored_on_a_terminal_only(announced, monkeypatch, status, shown):
    line = shown_request(monkeypatch, FakeTerminal(), status=status)
    assert line == f"::1 \x1b[36mGET\x1b[0m / {shown} 4.0 ms"
    assert shown_request(monkeypatch, io.StringIO(), status=status) == f"::1 GET / {status} 4.0 ms"


def test_methods_that_change_something_and_slow_requests_stand_out(announced, monkeypatch):
    status = "\x1b[32m200\x1b[0m"
    for method, milliseconds, expected in (
        ("POST", 299.9, f"::1 \x1b[35mPOST\x1b[0m / {status} 299.9 ms"),
        ("HEAD", 300.0, f"::1 \x1b[36mHEAD\x1b[0m / {status} \x1b[33m300.0 ms\x1b[0m"),
        ("DELETE", 1000.0, f"::1 \x1b[35mDELETE\x1b[0m / {status} \x1b[31m1000.0 ms\x1b[0m"),
    ):
        assert shown_request(monkeypatch, FakeTerminal(), method=method, milliseconds=milliseconds) == expected


def test_labels_are_colored_on_a_terminal_and_plain_with_no_color(terminal, monkeypatch):
    monkeypatch.setattr(sys, "stderr", FakeTerminal())
    terminal.warn("w")
    terminal.fail("e")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.warn("w")
    labels = "\x1b[33m\x1b[1mWarning:\x1b[0m w\n\x1b[31m\x1b[1mError:\x1b[0m e\nWarning: w\n"
    assert sys.stderr.getvalue() == labels
