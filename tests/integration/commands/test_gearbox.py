"""gearbox, TurboGears' own tool, and the commands of tg.devtools, in an installed generated project."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import zipfile
from pathlib import Path

import pytest
from support.helpers import TEST_TIMEOUT, fresh_environment, new_project

MAIN = "import sys; from gearbox.main import main; sys.argv[0] = 'gearbox'; sys.exit(main())"
METADATA = "from setuptools import build_meta; build_meta.get_requires_for_build_editable()"


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    return fresh_environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def installed(python, tmp_path_factory) -> Path:
    """A project with a database whose distribution and package have different names, after ``pip install -e .``."""
    project = new_project(tmp_path_factory.mktemp("installed"), "My-Shop", "-p", "shop", "--database")
    subprocess.run([python, "-c", METADATA], cwd=project, check=True, timeout=TEST_TIMEOUT, capture_output=True)
    pip(python, "install", "-e", project)
    with (project / "shop/websetup.py").open("a") as websetup:
        websetup.write("    print('set up', conf['auto_reload_templates'])\n")
    return project


def pip(python, *words):
    subprocess.run(
        [python, "-m", "pip", words[0], "-q", "--no-deps", "--no-build-isolation", *words[1:]],
        check=True, timeout=120, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )  # fmt: skip


def gearbox(python, project, *words):
    result = subprocess.run(
        [python, "-c", MAIN, *words], cwd=project, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("words", [[], ["--name", "shop"], ["-c", "development.ini#shop"], ["--name", "app:shop"]])
def test_setup_app_runs_the_projects_websetup(python, installed, words):
    """That of a project with a database creates its tables."""
    (installed / "data/shop.db").unlink(missing_ok=True)
    assert gearbox(python, installed, "setup-app", *words) == "Running shop.websetup.setup_app\nset up true\n"
    with contextlib.closing(sqlite3.connect(installed / "data/shop.db")) as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (0,)


def test_the_commands_of_tg_devtools_work(python, installed):
    (installed / "script.py").write_text("print(app.get('/').status, config['package_name'])\n")
    assert gearbox(python, installed, "tgshell", "script.py") == "200 OK shop\n"
    summary = gearbox(python, installed, "tginfo", "summary")
    assert "Package: shop\n" in summary
    assert "Root controller: shop.controllers.root.RootController" in summary
    assert "/store [action] shop.controllers.root.RootController.store" in gearbox(
        python, installed, "tginfo", "routes"
    )
    listed = gearbox(python, installed, "--help")
    assert {"i18n", "migrate"} <= {line.split()[0] for line in listed.splitlines() if line.startswith("  ")}


def test_a_wheel_of_the_project_has_its_pages_and_public_files_and_nothing_else(python, tmp_path):
    project = new_project(tmp_path, "hello")
    cache = project / "hello/templates/__pycache__/x.cpython-311.pyc"
    cache.parent.mkdir()
    cache.touch()
    pip(python, "wheel", "-w", tmp_path / "wheels", project)
    (wheel,) = (tmp_path / "wheels").iterdir()
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = [path for path in (project / "hello").rglob("*") if path.is_file() and path != cache]
    assert names == {path.relative_to(project).as_posix() for path in files}
