"""Projects that quickstart --database writes: complete, tested, and of one style, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support import helpers
from support.databases import KINDS, database_project, use_postgresql
from support.helpers import Browser, new_project, set_option
from support.warm import run, serve

STORES = ("cookie", "file", "database", "postgresql", "memcached", "redis")
STYLE = ["--select", "B,C4,D,E,F,I,PT,RUF,S,SIM,UP,W", "--ignore", "D1,D203,D213,S101,S603"]
"""As in test_generated_project.py."""
PLAIN_WORDS = re.compile(r"(?i)alembic|lib\.database|DATABASE_URL|migrations?/|guest_book|websetup")


def in_project(project: Path, *words: object) -> str:
    """Run a module of Python in a project; return what it printed."""
    result = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=project, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_a_project_without_a_database_has_no_trace_of_one(tmp_path):
    for options in ([], ["--minimal"]):
        project = new_project(tmp_path / str(len(options)), "hello", *options)
        files = [path for path in project.rglob("*") if path.is_file() and path.suffix != ".ico"]
        assert [path for path in files if PLAIN_WORDS.search(path.read_text()) and path.name != "README.md"] == []
        assert not (project / "hello" / "model").exists()


def test_their_own_tests_pass_with_each_database_and_sessions_in_cookies_or_a_store(tmp_path, shared_services):
    """One pytest process for all. In test.ini, all stores are one: memory. Each two of the choices occur together."""
    projects = [
        new_project(tmp_path, f"site-{number}", "--database", *options)
        for number, options in enumerate(
            ([], ["--minimal", "--session", "redis"], ["--minimal"], ["--session", "redis"])
        )
    ]
    for project in projects[2:]:
        use_postgresql(project, shared_services("postgresql"), "test.ini")
    same = f"--ignore={projects[3]}/tests/test_production.py"  # which loads only production.ini
    printed = in_project(
        tmp_path, "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--import-mode=importlib",
        f"--rootdir={tmp_path}", "-c", os.devnull, "-W", "ignore:'cgi' is deprecated", same, *projects,
    )  # fmt: skip
    assert int(re.search(r"(\d+) passed in", printed)[1]) > 200
    assert "skipped" not in printed


def test_ruff_and_mypy_find_nothing_and_the_session_store_changes_no_code_but_one_test(tmp_path):
    for options in (["--database"], ["--database", "--minimal"], []):
        projects = [
            new_project(tmp_path / f"{store}{'-'.join(options)}", "hello", *options, "--session", store)
            for store in STORES
        ]
        trees = []
        for project in projects:
            code = sorted(path for path in project.rglob("*") if path.suffix in (".py", ".mako", ".jinja"))
            trees.append({path.relative_to(project): path.read_text() for path in code})
        others = [project / "tests" / "test_production.py" for project in projects[1:] if "--minimal" not in options]
        for tree in trees:
            tree.pop(Path("tests", "test_production.py"), None)  # minimal projects have none
            assert tree == trees[0]
        if options:  # test_generated_project.py does the same for projects without a database
            in_project(projects[0], "ruff", "check", "--no-cache", *STYLE, ".", *others)
            in_project(projects[0], "ruff", "format", "--check", "--no-cache", ".", *others)
        if options == ["--database"]:
            in_project(projects[0], "mypy", "--cache-dir", tmp_path / "cache", ".")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("store", STORES)
def test_a_form_writes_a_row_with_each_database_and_session_store(tmp_path, shared_services, kind, store):
    options = ["--encrypt"] if kind == "postgresql" else []
    project = database_project(tmp_path, kind, shared_services, "--session", store, *options)
    if store in ("postgresql", "memcached", "redis"):
        set_option(project / "development.ini", "session.url", shared_services(store).options()["session.url"])
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    result = run("check", "--strict", cwd=project)
    assert (result.returncode, result.stderr) == (0, "")
    with serve(project, "--no-reload") as served:
        browser = Browser(served.url)
        token = re.search(r'name="_csrf_token" value="(\w+)"', browser.get("/").text)[1]
        page = browser.post("/sign", {"name": "Ada", "text": "Hello!", "_csrf_token": token})
        assert "Thank you!" in page.text
        assert "Ada" in Browser(served.url).get("/").text


def test_the_production_ini_gets_its_database_from_the_environment(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    url = f"sqlite:///{tmp_path}/new/folder/hello.db"
    variables = {
        "HELLO_SESSION_KEY": os.urandom(32).hex(),
        "HELLO_CSRF_KEY": os.urandom(32).hex(),
        "HELLO_DATABASE_URL": url,
    }
    assert run("migrate", "production.ini", "upgrade", cwd=project, **variables).returncode == 0
    result = run("check", "--strict", "production.ini", cwd=project, **variables)
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "new" / "folder").stat().st_mode & 0o777 == 0o700


def test_the_readme_backs_up_and_migrates_before_new_code_serves(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    readme = (project / "README.md").read_text()
    for before, after in (
        (" migrate production.ini upgrade", "gearbox-lite check production.ini"),
        ("VACUUM INTO", "systemd-run"),
        ("run --rm app gearbox-lite migrate production.ini upgrade", "compose.yaml up --detach"),
        ("hello gearbox-lite migrate production.ini upgrade", "-p 127.0.0.1:8080:8080"),
    ):
        assert readme.index(before) < readme.index(after)
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    assert run("shell", "-c", "db.add(Entry(name='Ada', text='Hello')); db.commit()", cwd=project).returncode == 0
    backup = re.search(r"^    (python3 -c .*VACUUM.*)$", readme, re.MULTILINE)[1]
    with contextlib.closing(sqlite3.connect(project / "data" / "hello.db")) as connection:  # in use, as by a server
        connection.execute("SELECT 1")
        subprocess.run(["sh", "-c", backup], cwd=project, check=True, timeout=30)
    with contextlib.closing(sqlite3.connect(project / "data" / "backup.db")) as connection:
        assert connection.execute("SELECT name, text FROM entry").fetchall() == [("Ada", "Hello")]


def test_the_documented_step_deletes_the_guest_book_and_leaves_a_project_that_works(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    section = re.search(r"## Delete the guest book\n\n(.*?)\n## ", (project / "README.md").read_text(), re.DOTALL)[1]
    first, *others = re.findall(r"^    (.*)$", section, re.MULTILINE)
    assert run(*first.split()[1:], cwd=project).returncode == 0
    subprocess.run(["sh", "-ec", "\n".join(others)], cwd=project, check=True, timeout=30)
    tests = ["pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--ignore=tests/test_production.py"]
    assert re.search(r"\d+ passed in", in_project(project, *tests))
    in_project(project, "ruff", "check", "--no-cache", ".")
    in_project(project, "ruff", "format", "--check", "--no-cache", ".")
    result = run("check", "--strict", cwd=project)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_fixture_of_a_projects_tests_refuses_a_database_that_is_not_for_tests(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    assert "recreate_tables(" in (project / "tests" / "conftest.py").read_text()
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    settings = {"sqlalchemy.url": f"sqlite:///{project}/data/hello.db"}
    code = f"from gearbox_lite.database.testing import recreate_tables; recreate_tables('hello', {settings})"
    result = run("shell", "-c", code, cwd=project)
    assert "names a database that tests would empty" in result.stderr
    assert "applied  0001" in run("migrate", "status", cwd=project).stdout


def test_the_wheel_of_a_project_installed_elsewhere_migrates_and_runs(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, project], check=True, timeout=120
    )
    (wheel,) = tmp_path.glob("hello*.whl")
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", tmp_path / "site", wheel], check=True, timeout=120
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(project / "development.ini", elsewhere)
    shutil.rmtree(project)
    path = {"PYTHONPATH": str(tmp_path / "site")}
    result = helpers.run("migrate", "upgrade", cwd=elsewhere, **path)
    assert result.stdout.startswith("Upgrading: 0001"), result.stderr
    with helpers.serve(elsewhere, **path) as served:
        assert "no entries yet" in Browser(served.url).get("/").text
