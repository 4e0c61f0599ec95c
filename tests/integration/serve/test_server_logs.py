"""What the server reports goes to the ini's log if that names the server's logger, and to the console otherwise."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket

import pytest
from support.helpers import Browser, add_line, line_of, run, serve, set_option
from support.reloading import wait_until, workers_of

KEYS = {
    "HELLO_SESSION_KEY": "6d25cf734c49a1dd273e4d8fab5f5bdb" * 2,
    "HELLO_CSRF_KEY": "fe9a4556ff9a72ae2ecd94675e9a41cc" * 2,
}
LOGGER = "\n[logger_server]\nlevel = INFO\nhandlers = {handlers}\nqualname = {name}\n"


def entries(served) -> list[dict]:
    """Return the log; each line of the output must be an entry of it."""
    return [json.loads(line) for line in served.output.splitlines()]


def log_server(project, name="gearbox_lite", handlers=""):
    """Make development.ini log what the server reports."""
    ini = project / "development.ini"
    text = ini.read_text().replace("keys = root, hello\n", "keys = root, hello, server\n")
    ini.write_text(text + LOGGER.format(name=name, handlers=handlers))
    return ini


@pytest.mark.parametrize("workers", [1, 2])
def test_production_logs_all_that_the_server_reports_as_one_json_object_a_line(project, workers):
    with serve(project, "production.ini", "--access-log", "--workers", workers, **KEYS) as served:
        assert Browser(served.url).get("/?a=1&token=t0p", **{"X-Request-ID": "r-1"}).status == 200
        wait_until(lambda: "gearbox_lite.access" in served.output)
        assert served.end() == 0
    banner, *rest = entries(served)
    assert banner["message"] == f"Serving at {served.url}"
    assert banner["urls"] == [served.url]
    assert banner["ini"] == "production.ini"
    assert banner["session"] == "type cookie, cookie hello"
    (request,) = [entry for entry in rest if entry["logger"] == "gearbox_lite.access"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", request["time"])
    assert request["level"] == "INFO"
    assert request["duration_ms"] > 0
    assert request["bytes"] > 0
    shown = {name: request[name] for name in ("client", "method", "path", "status", "request_id")}
    assert shown == {
        "client": "127.0.0.1", "method": "GET", "path": "/?a=1&token=...", "status": 200, "request_id": "r-1",
    }  # fmt: skip


def test_reloads_and_workers_that_are_killed_are_entries_of_the_log(project):
    with serve(project, "production.ini", **KEYS) as served:
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Reloaded " in served.output)
        for worker in workers_of(served):
            with contextlib.suppress(ProcessLookupError):  # one that has drained after the reload
                os.kill(worker, signal.SIGKILL)
        wait_until(lambda: "SIGKILL" in served.output)
        assert served.end() == 0
    reports = [
        (entry["level"], entry["message"]) for entry in entries(served) if entry["logger"] == "gearbox_lite.server"
    ]
    assert any(
        level == "INFO" and re.fullmatch(r"Reloaded \(\d+ ms\)|Reloaded \(\d\.\d s\)", message)
        for level, message in reports
    )
    assert any(level == "WARNING" and "SIGKILL" in message for level, message in reports)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_keeps_production_from_serving_is_one_plain_line_for_whoever_starts_it(project, workers):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("serve", "production.ini", "--port", port, "--workers", workers, cwd=project, **KEYS)
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: --port: port = {port}: ")


def test_the_traceback_of_an_application_that_does_not_load_is_plain_too(project):
    (project / "hello/controllers/root.py").write_text("raise ValueError('mine')\n")
    result = run("serve", "production.ini", "--port", 0, "--workers", 1, cwd=project, **KEYS)
    assert result.returncode == 1
    assert result.stderr.startswith("Traceback of your code")
    *_, raised, line = result.stderr.splitlines()
    assert raised == "ValueError: mine"
    assert "the application does not load: ValueError in root.py line 1" in line


def test_a_reload_that_fails_is_an_entry_with_the_users_traceback(project):
    with serve(project, "production.ini", **KEYS) as served:
        (project / "hello/controllers/root.py").write_text("raise ValueError('mine')\n")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "does not load" in served.output)
        assert served.end() == 0
    failed = [entry for entry in entries(served) if "the application does not load" in entry["message"]]
    assert failed[0]["level"] == "ERROR"
    assert failed[0]["traceback"].endswith("ValueError: mine")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_ini_that_does_not_name_the_servers_logger_leaves_its_lines_on_the_console(project, workers):
    """development.ini logs to standard error with the time in front."""
    with serve(project, "--workers", workers, "--access-log") as served:
        assert Browser(served.url).get("/").status == 200
        wait_until(lambda: " GET / 200 " in served.output)
        assert served.end() == 0
    assert f"\nServing at {served.url}\n  ini      development.ini\n" in f"\n{served.output}"
    assert re.search(r"^\d\d:\d\d:\d\d 127\.0\.0\.1 GET / 200 \d+ \d+\.\d ms$", served.output, re.MULTILINE)


def test_the_access_log_alone_can_go_to_a_file(project):
    ini = log_server(project, "gearbox_lite.access", "requests")
    text = ini.read_text().replace("[handlers]\nkeys = console\n", "[handlers]\nkeys = console, requests\n")
    ini.write_text(f"{text}propagate = 0\n\n[handler_requests]\nclass = FileHandler\nargs = ('requests.log',)\n")
    with serve(project, "--workers", "2", "--access-log") as served:
        assert Browser(served.url).get("/").status == 200
        wait_until(lambda: "GET / 200" in (project / "requests.log").read_text())
        assert served.end() == 0
    assert "GET / 200" not in served.output
    assert f"\nServing at {served.url}\n" in f"\n{served.output}"


FORMATTER = """
import logging, os

with open(os.path.join(os.path.dirname(__file__), "imported"), "a") as file:
    print(os.getpid(), file=file)


class Shout(logging.Formatter):
    def format(self, record):
        return "!" + super().format(record)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_the_supervisor_does_not_import_a_formatter_of_the_project(project, workers):
    (project / "hello/shout.py").write_text(FORMATTER)
    ini = log_server(project)
    add_line(ini, "formatter_generic", "class = hello.shout.Shout")
    with serve(project, "--workers", workers, "--access-log") as served:
        assert Browser(served.url).get("/").status == 200
        wait_until(lambda: re.search(r"^!.* GET / 200 ", served.output, re.MULTILINE))
        assert served.end() == 0
    imported = {int(line) for line in (project / "hello/imported").read_text().split()}
    warning = (
        f"Warning: development.ini:{line_of(ini, 'class = hello')}: class = hello.shout.Shout: the supervisor cannot "
        "import the project, so its own lines are plain text; use "
    )
    assert (served.process.pid in imported) == (workers == 1)
    assert served.output.count(warning) == (workers == 2)
    assert bool(re.search(r"^Serving at ", served.output, re.MULTILINE)) == (workers == 2)


def test_logging_that_becomes_invalid_is_reported_while_the_last_workers_keep_serving(project):
    ini = log_server(project)
    with serve(project, "--workers", "2", "--access-log") as served:
        set_option(ini, "formatter", "nice")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "logging cannot be set up" in served.output)
        assert Browser(served.url).get("/").status == 200
        assert served.end() == 0


def test_an_ini_whose_logging_is_invalid_is_reported_in_the_log_as_it_was_configured_before(project):
    with serve(project, "production.ini", "--workers", "2", **KEYS) as served:
        set_option(project / "production.ini", "formatter", "nice")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "logging cannot be set up" in served.output)
        set_option(project / "production.ini", "formatter", "json")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Reloaded " in served.output)
        assert served.end() == 0
    assert any("logging cannot be set up" in entry["message"] for entry in entries(served))


DISABLES_LOGGING = """
    @expose("json")
    def disable(self):
        logging.config.dictConfig({"version": 1})
        logging.disable()
        return {}


import logging.config

logging.config.dictConfig({"version": 1})
logging.disable()
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_an_application_that_configures_logging_itself_disables_no_access_log(project, workers):
    """Python's dictConfig and fileConfig disable all loggers that they do not name."""
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + DISABLES_LOGGING)
    with serve(project, "--workers", workers, "--access-log") as served:
        browser = Browser(served.url)
        assert browser.get("/").status == 200
        wait_until(lambda: " GET / 200 " in served.output)
        assert browser.get("/disable").status == 200
        assert browser.get("/?after").status == 200
        wait_until(lambda: " GET /?after 200 " in served.output)
        assert served.end() == 0
    assert f"\nServing at {served.url}\n" in f"\n{served.output}"


def test_the_access_log_of_the_error_page_goes_to_the_log_too(project):
    (project / "hello/controllers/root.py").write_text("raise ValueError('mine')\n")
    ini = log_server(project)
    set_option(ini, "format", "logged %(name)s %(message)s")
    with serve(project, "--reload", "--access-log") as served:
        assert Browser(served.url).get("/").status == 500
        wait_until(lambda: "logged gearbox_lite.access 127.0.0.1 GET / 500 " in served.output)
        set_option(ini, "session.secure", "maybe")  # which the worker refuses before it loads the application
        wait_until(lambda: "session.secure = maybe" in served.output)
        assert Browser(served.url).get("/?second").status == 500
        wait_until(lambda: "logged gearbox_lite.access 127.0.0.1 GET /?second 500 " in served.output)
        assert served.end() == 0
