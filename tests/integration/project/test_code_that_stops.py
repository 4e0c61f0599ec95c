"""Code of a project that hangs, ends Python, hides Python's modules, or prints to an output that no process reads."""

from __future__ import annotations

import os
import subprocess

import pytest
from support.helpers import PROGRAM, Browser, Served, serve_command
from support.reloading import wait_until
from support.warm import refused, run, serve

ROOT = "hello/controllers/root.py"
LOOP = "import time\nwhile not __import__('os').path.exists('go'):\n    time.sleep(0.01)\n"


@pytest.mark.parametrize("reload", ["--reload", "--no-reload"])
def test_after_three_seconds_of_loading_the_line_is_reported(project, reload):
    root = project / ROOT
    root.write_text(LOOP + root.read_text())
    process = subprocess.Popen(
        serve_command(reload), cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert next(line for line in process.stdout if line.startswith("Warning: still loading, root.py line "))
        (project / "go").touch()
        assert any("Serving at" in line for line in process.stdout)
    finally:
        process.terminate()
        process.stdout.close()
        process.wait()


def test_a_save_that_does_not_finish_loading_is_reported_while_the_previous_worker_serves(project):
    root, log = project / ROOT, project / "log"
    with Served(["sh", "-c", 'exec "$@" 2> log', "sh", *serve_command("--reload")], project) as served:
        assert Browser(served.url).get("/").status == 200
        root.write_text(LOOP + root.read_text())
        wait_until(lambda: "still loading, root.py line " in log.read_text())
        assert Browser(served.url).get("/").status == 200
        (project / "go").touch()
        served.end()


@pytest.mark.parametrize("name", ["logging.py", "json.py", "secrets.py", "queue/__init__.py"])
def test_a_file_that_hides_pythons_module_is_refused_by_every_command(project, name):
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).touch()
    entry = name.partition("/")[0]
    line = (
        f"{name}: this file hides Python's own module {entry.removesuffix('.py')} from every library; rename {entry}, "
        f"for example to my_{entry}"
    )
    assert refused(project) == line
    for command in ("check", "routes", "shell"):
        assert line in run(command, cwd=project).stderr


@pytest.mark.parametrize("name", ["waitress.py", "jinja2.py", "tg/__init__.py"])
def test_a_file_that_hides_a_library_is_refused(project, name):
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).touch()
    entry = name.partition("/")[0]
    line = (
        f"{name}: this file hides the library {entry.removesuffix('.py')} from all other code; rename {entry}, for "
        f"example to my_{entry}"
    )
    assert refused(project) == line
    assert line in run("check", cwd=project).stderr


def test_a_file_that_hides_pythons_module_is_reported_after_a_save_too(project):
    with serve(project, "--reload") as served:
        (project / "secrets.py").touch()
        (project / ROOT).touch()
        wait_until(lambda: "secrets.py: this file hides" in Browser(served.url).get("/").text)


def test_printing_to_an_output_that_no_process_reads_is_no_error_of_the_page(project):
    root = project / ROOT
    root.write_text(
        f'{root.read_text()}\n    @expose()\n    def talk(self):\n        print("x" * 100000, flush=True)\n'
        '        return "talked"\n'
    )
    reading, writing = os.pipe()
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0", "--no-reload"], cwd=project, stdout=writing, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writing)
        with os.fdopen(reading) as output:
            url = next(line for line in output if "Serving" in line).split()[2]
        try:
            assert [Browser(url).get("/talk").text for _ in range(2)] == ["talked", "talked"]
        finally:
            process.terminate()
