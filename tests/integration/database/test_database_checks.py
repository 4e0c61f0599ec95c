"""``serve``, ``check``, ``shell`` and ``setup-app`` know a project's database."""

from __future__ import annotations

import subprocess

import pytest
from support import warm
from support.databases import add_pages
from support.helpers import PROGRAM, Browser, as_ordinary_user, line_of, new_project, serve, set_option
from support.reloading import wait_until
from support.warm import run


def warning(project, command="upgrade"):
    number = line_of(project / "development.ini", "sqlalchemy.url")
    return (
        f"development.ini:{number}: the database lacks the migration 0001 create the guest book; "
        f"run: gearbox-lite migrate development.ini {command}"
    )


def test_serve_warns_and_check_fails_while_migrations_are_pending(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    with warm.serve(project) as served:
        served.end()
        assert f"Warning: {warning(project)}" in served.output
    result = run("check", cwd=project)
    assert (result.returncode, result.stderr) == (1, f"Error: {warning(project)} [migration-pending]\n")
    assert run("setup-app", cwd=project).returncode == 0
    result = run("check", "--strict", cwd=project)
    assert (result.returncode, result.stderr) == (0, "")
    with warm.serve(project) as served:
        served.end()
        assert "the database" not in served.output


def test_serve_warns_after_a_reload_too(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    with serve(project, "--reload") as served:
        assert "Warning" not in served.output
        versions = project / "hello" / "migrations" / "versions"
        (versions / "0002_next.py").write_text('"""next"""\nrevision = "0002"\ndown_revision = "0001"\n')
        (project / "hello" / "model" / "more.py").write_text('"""More."""\n')
        root = project / "hello" / "controllers" / "root.py"
        root.write_text(root.read_text() + "\n# changed\n")
        wait_until(lambda: "the database lacks the migration 0002 next" in served.output)


@pytest.mark.parametrize(("options", "preloaded"), [(["--database"], True), ([], False)])
def test_workers_start_with_what_takes_sqlalchemy_long_if_the_project_has_a_database(tmp_path, options, preloaded):
    """TurboGears itself imports the rest of SQLAlchemy in each project if it is installed."""
    project = new_project(tmp_path, "hello", *options)
    code = "import sys\n\nprint('SQLite dialect:', 'sqlalchemy.dialects.sqlite' in sys.modules, flush=True)\n"
    (project / "hello" / "__init__.py").write_text(code)
    with serve(project, "--reload") as served:
        (project / "hello" / "__init__.py").write_text(f"{code}# changed\n")
        wait_until(lambda: served.output.count(f"SQLite dialect: {preloaded}") == 2)
        served.end()
        assert f"SQLite dialect: {not preloaded}" not in served.output


def test_a_database_that_cannot_be_reached_is_a_warning_and_an_error_of_check(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    set_option(project / "development.ini", "sqlalchemy.url", "postgresql://u:geheim@127.0.0.1:1/d")
    number = line_of(project / "development.ini", "sqlalchemy.url")
    result = run("check", cwd=project)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: development.ini:{number}: the database cannot be used: ")
    with warm.serve(project) as served:
        browser = Browser(served.url)
        assert browser.get("/").status == 503
        assert browser.get("/setsession").status == 200
        served.end()
        assert f"Warning: development.ini:{number}: the database cannot be used: " in served.output
        assert "geheim" not in served.output + result.stderr


def test_the_shell_has_the_session_and_the_models(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    add_pages(project)
    code = "db.add(Entry(name='Ada', text='Hello')); db.commit(); print('Ada' in app.get('/').text)"
    result = run("shell", "-c", code, cwd=project)
    assert (result.returncode, result.stdout) == (0, "True\n"), result.stderr


@pytest.mark.parametrize(
    ("path", "mode", "words", "message"),
    [
        ("data", 0o500, ["check"], "the database cannot be changed: this user may not write data; run chmod or chown"),
        ("data/hello.db", 0o400, ["check"], "this user may not write data/hello.db; run chmod or chown"),
        ("data/hello.db", 0o400, ["migrate", "downgrade", "base"], "nothing was changed: attempt to write a readonly "),
    ],
)
def test_a_file_or_folder_that_may_not_be_written_is_one_line(tmp_path, path, mode, words, message):
    project = new_project(tmp_path, "hello", "--database")
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    (project / path).chmod(mode)
    command = as_ordinary_user(PROGRAM, *words)
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    (project / path).chmod(0o700)
    errors = [line for line in result.stderr.splitlines() if not line.startswith("Warning: running as root")]
    assert (result.returncode, len(errors)) == (1, 1)
    number = line_of(project / "development.ini", "sqlalchemy.url")
    assert errors[0].startswith(f"Error: development.ini:{number}: ")
    assert message in errors[0]


def test_setup_app_is_one_line_if_the_database_cannot_be_reached(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    set_option(project / "development.ini", "sqlalchemy.url", "postgresql://u@127.0.0.1:1/d")
    number = line_of(project / "development.ini", "sqlalchemy.url")
    result = run("setup-app", cwd=project)
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: development.ini:{number}: the websetup failed: ")
    assert result.stderr.count("\n") == 1
