"""The generated project: its own tests, its style, its inis, and the store that they configure."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import venv

import pytest
from support.helpers import REPOSITORY, new_project, set_option
from support.warm import run, serve

from gearbox_lite import __version__


def test_the_readmes_install_commands_create_an_environment_that_passes_the_tests(tmp_path):
    """The environment has only the project and a clone of gearbox-lite, and none of the packages installed here."""
    project = new_project(tmp_path, "My.Shop2", "--package", "shop")
    text = (project / "README.md").read_text()
    make = re.search(r"^    (pip wheel .*)$", text, re.MULTILINE)[1]
    test = re.search(r"## Test\n\n.*\n\n    (.*)\n", text)[1]
    venv.create(tmp_path / "environment", with_pip=True)
    commands = f"{make.replace('PATH/TO/gearbox-lite', str(REPOSITORY))}\n{test}\ngearbox-lite quickstart inner -o ..\n"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    result = subprocess.run(
        ["sh", "-ec", commands],
        cwd=project, capture_output=True, text=True, timeout=300, check=False,
        env={**kept, "PATH": f"{tmp_path}/environment/bin:/usr/local/bin:/usr/bin:/bin", "PIP_NO_COMPILE": "1"},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"\d+ passed in", result.stdout), result.stdout
    assert "pytest" in {path.name for path in (tmp_path / "environment/bin").iterdir()}
    # A project generated in that environment requires the same gearbox-lite.
    assert f'"gearbox-lite=={__version__}"' in (tmp_path / "inner" / "pyproject.toml").read_text()


RULES = "B,C4,D,E,F,I,PT,RUF,S,SIM,UP,W"
NOT = "D1,D203,D213,S101,S603"  # no docstrings just for form, one of two styles; tests use assert and run Python


@pytest.mark.parametrize("options", [[], ["--minimal"]])
def test_ruff_and_mypy_find_nothing(tmp_path, options):
    project = new_project(tmp_path, "hello", *options)
    for words in (
        ["ruff", "check", "--no-cache"],
        ["ruff", "check", "--no-cache", "--select", RULES, "--ignore", NOT],
        ["ruff", "format", "--check", "--no-cache"],
        ["mypy", "--cache-dir", tmp_path / "cache"],
    ):
        result = subprocess.run(
            [sys.executable, "-m", *words, "."],
            cwd=project, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout


# The application is mounted at /shop: links, forms and redirects must stay below that path.
MOUNTED = """
import sys
from paste.deploy import loadapp
from webtest import TestApp
sys.path.insert(0, ".")
app = TestApp(loadapp("config:development.ini", relative_to="."), extra_environ={"SCRIPT_NAME": "/shop"})
page = app.get("/")
form = page.forms[0]
assert form.action == "/shop/store", form.action
form["user"] = "Ada"
page = form.submit().follow()
assert "user = Ada" in page
assert page.request.url == "http://localhost/shop/", page.request.url
assert "user = Ada" in app.get("/")
assert "/shop/css/style.css" in page
assert "session is empty" in page.forms[1].submit().follow()
"""


@pytest.mark.parametrize("store", ["cookie", "file", "database"])
def test_the_welcome_page_works_below_another_path_with_each_serverless_store(tmp_path, store):
    project = new_project(tmp_path, "hello", "--session", store)
    result = subprocess.run(
        [sys.executable, "-c", MOUNTED], cwd=project, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr


def test_every_setting_of_the_ini_has_a_comment(project):
    """Except in the logging sections, which are in the standard library's format and have one comment for all."""
    text = (project / "development.ini").read_text().partition("# Logging, in the format of")[0]
    lines = text.splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(r"[a-z]", line)]
    assert len(settings) > 15
    assert [lines[number] for number in settings if not lines[number - 1].startswith("#")] == []


@pytest.mark.parametrize("ini", ["development.ini", "production.ini"])
@pytest.mark.parametrize("store", ["cookie", "file", "dbm", "ext:database"])
def test_session_type_alone_selects_a_serverless_store(project, store, ini):
    """In production.ini, a database also needs its address from the environment."""
    if (ini, store) == ("production.ini", "ext:database"):
        set_option(project / ini, "session.url", "%(ENV_HELLO_SESSION_URL)s")
    set_option(project / ini, "session.type", store)
    variables = {
        "HELLO_SESSION_KEY": os.urandom(32).hex(),
        "HELLO_SESSION_URL": f"sqlite:///{project}/sessions.db",
        "HELLO_CSRF_KEY": os.urandom(32).hex(),
    }
    result = run("check", "--strict", ini, cwd=project, **variables)
    assert (result.returncode, result.stderr) == (0, "")
    with serve(project, ini, **variables) as served:
        served.end()
        assert f"type {store}, " in served.output


def test_each_store_servers_url_is_a_commented_line_below_its_extra(project):
    text = (project / "development.ini").read_text()
    for extra, address in (("postgresql", "postgresql:"), ("memcached", "localhost:"), ("redis", "redis:")):
        assert re.search(rf"^# .*\[{extra}\].*\n#session\.url = {address}", text, re.MULTILINE)


def test_lib_imports_no_layer_above_it(tmp_path):
    lib = new_project(tmp_path, "hello") / "hello" / "lib"
    imported = {name for path in lib.glob("*.py") for name in re.findall(r"hello\.(\w+)", path.read_text())}
    assert imported == {"lib", "templates"}, "templates are named, not imported"


@pytest.mark.parametrize("options", [[], ["--minimal"]])
def test_only_conftest_loads_an_application_in_the_test_process(tmp_path, options):
    """TurboGears supports one configuration in each process. Code for another process is a string here."""
    tests = new_project(tmp_path, "hello", *options) / "tests"
    names = {path.name: {getattr(node, "id", None) for node in ast.walk(ast.parse(path.read_text()))}
             for path in tests.glob("*.py")}  # fmt: skip
    assert [name for name, used in names.items() if "loadapp" in used] == ["conftest.py"]
