"""The [serve] section and its options: they are checked, and the command line takes precedence."""

from __future__ import annotations

import re

import pytest
from support.helpers import Browser, free_port, run, serve, set_option, set_serve
from support.reloading import wait_until


def test_the_access_log_has_a_line_for_each_request_and_none_when_it_is_off(project):
    set_serve(project / "development.ini", "access_log = true")
    with serve(project) as served:
        Browser(served.url).get("/getsession?a=b")
        Browser(served.url).get("/nowhere")
        served.end()
        assert re.search(
            r"^\d\d:\d\d:\d\d 127\.0\.0\.1 GET /getsession\?a=b 200 \d+ \d+\.\d ms$", served.output, re.MULTILINE
        )
        assert re.search(r" GET /nowhere 404 \d+ ", served.output)
    with serve(project, "--no-access-log") as served:
        Browser(served.url).get("/getsession")
        served.end()
        assert "GET" not in served.output


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("relaod = true", "[serve] has no such setting; did you mean reload?"),
        ("reload = maybe", "not a boolean; write true or false"),
        ("workers = 0", "not a valid number of workers; write a number from 1 to 1000"),
        ("drain_timeout = soon", "not a valid time in seconds; write a number, 0 or more"),
    ],
)
def test_an_invalid_serve_setting_is_one_line(project, line, message):
    ini = set_serve(project / "development.ini", line)
    number = ini.read_text().splitlines().index(line) + 1
    result = run("serve", "--port=0", cwd=project)
    assert result.returncode == 2
    assert result.stderr == f"Error: development.ini:{number}: {line}: {message}\n"


def test_an_invalid_serve_option_is_one_line(project):
    result = run("serve", "--port=0", "--workers=many", cwd=project)
    assert result.returncode == 2
    assert (
        result.stderr
        == "Error: --workers: workers = many: not a valid number of workers; write a number from 1 to 1000\n"
    )


def test_workers_of_ours_are_refused_for_another_server(project):
    ini = set_serve(project / "development.ini", "workers = 2")
    ini.write_text(ini.read_text().replace("egg:waitress#main", "egg:gunicorn#main").replace("\nthreads", "\n#threads"))
    result = run("serve", cwd=project)
    assert result.returncode == 2
    assert "workers in [serve] are only for waitress; set workers = 1 there" in result.stderr


def test_a_reload_refuses_workers_of_ours_for_another_server(project):
    ini = set_serve(project / "development.ini", "reload = true")
    ini.write_text(
        ini.read_text().replace("egg:waitress#main", "egg:gearbox#wsgiref").replace("\nthreads", "\n#threads")
    )
    port = free_port()
    set_option(ini, "port", str(port))
    with serve(project, "--keep-reload", "--keep-port") as served:
        set_serve(ini, "reload = true", "workers = 2")
        wait_until(lambda: "workers in [serve] are only for waitress; set workers = 1 there" in served.output)
        set_serve(ini, "reload = true", "workers = 1")
        wait_until(lambda: "Reloaded " in served.output)


def test_workers_that_cannot_load_are_one_error_and_exit_1(project):
    (project / "hello/controllers/root.py").write_text("def broken(:\n")
    result = run("serve", "--port=0", "--workers=2", "--no-reload", cwd=project)
    assert result.returncode == 1
    assert result.stderr.count("SyntaxError in root.py line 1; fix it and try again") == 1
