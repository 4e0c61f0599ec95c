"""``gearbox-lite setup-app``; test_other_servers runs it on a project of gearbox's own quickstart, with a database."""

from __future__ import annotations

import json

from support.helpers import set_option
from support.warm import run

WEBSETUP = """
import json

from hello.config.app_cfg import base_config


def setup_app(command, conf, vars):
    configured = base_config.configure(conf.global_conf, conf.local_conf)
    base_config.setup(configured)
    known = [command, conf.local_conf["serve_static"], conf.global_conf["color"], conf.filename, conf["color"], vars]
    print(json.dumps([*known, configured["package_name"]]))
    if vars["color"] == "bad":
        raise ValueError("this color cannot be set up")
"""


def test_a_projects_websetup_is_called_as_gearbox_does(project):
    (project / "hello" / "websetup.py").write_text(WEBSETUP)
    result = run("setup-app", "color=blue", cwd=project)
    assert result.returncode == 0, result.stderr
    first, printed = result.stdout.splitlines()
    assert first == "Running hello.websetup.setup_app"
    ini = str(project / "development.ini")
    assert json.loads(printed) == [None, "true", "blue", ini, "blue", {"color": "blue"}, "hello"]

    failed = run("setup-app", "-c", "development.ini", "-n", "hello", "color=bad", cwd=project)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[0] == "Traceback of your code (most recent call last):"
    assert failed.stderr.endswith(
        "ValueError: this color cannot be set up\n"
        "Error: development.ini: the websetup failed: ValueError in websetup.py line 13; fix it and try again\n"
    )


def test_the_older_setup_config_is_called_with_file_and_section(project):
    (project / "hello" / "websetup.py").write_text("def setup_config(*given): print(*given[:1], *given[2:])\n")
    result = run("setup-app", cwd=project)
    assert (result.returncode, result.stdout) == (0, "Running hello.websetup.setup_config\nNone app:hello {}\n")


def test_a_project_without_a_websetup_is_one_line_and_no_error(project):
    line = "development.ini: its project has no websetup, so there is nothing to set up.\n"
    result = run("setup-app", cwd=project)
    assert (result.returncode, result.stdout, result.stderr) == (0, line, "")
    (project / "single.py").write_text("def make(global_conf): return None\n")
    set_option(project / "development.ini", "paste.app_factory", "single:make")
    assert run("setup-app", cwd=project).stdout == line


def test_a_websetup_without_its_function_is_an_error(project):
    (project / "hello" / "websetup.py").write_text("def setup(): pass\n")
    result = run("setup-app", cwd=project)
    assert result.returncode == 2
    assert result.stderr == (
        "Error: hello/websetup.py: hello.websetup has no setup_app or setup_config; "
        "write one: def setup_app(command, conf, vars)\n"
    )
