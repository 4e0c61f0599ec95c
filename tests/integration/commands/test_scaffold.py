"""``gearbox-lite scaffold controller``: the new controller works at once, and existing code is never lost."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from support.helpers import TEST_TIMEOUT, Browser, line_of, new_project
from support.warm import run, serve


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def own_tests(project, name):
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"tests/test_{name}.py"]
    result = subprocess.run(words, cwd=project, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=False)
    return result.returncode, result.stdout.splitlines()[-1]


def test_a_controller_passes_its_own_test_and_answers_under_serve(project):
    before = contents(project)
    result = run("scaffold", "controller", "movie_list", "--mount", "/my-films", cwd=project)
    assert result.returncode == 0, result.stderr
    new = ["hello/controllers/movie_list.py", "hello/templates/movie_list.jinja", "tests/test_movie_list.py"]
    assert result.stdout.splitlines()[:4] == [*new, "hello/controllers/root.py: my_films = MovieListController()"]
    after = contents(project)
    assert sorted(after.keys() - before.keys()) == new
    assert [name for name in before if after[name] != before[name]] == ["hello/controllers/root.py"]
    assert "loadapp" not in (project / "tests/test_movie_list.py").read_text(), "conftest.py loads the one application"
    code, last = own_tests(project, "movie_list")
    assert (code, last[:8]) == (0, "1 passed")
    with serve(project) as served:
        for address in ("/my-films", "/my_films/"):
            page = Browser(served.url).get(address)
            assert page.status == 200
            assert "<h1>Movie list</h1>" in page.text
        assert served.end() == 0
    for words in (["check", "--isolated", "--extend-select", "B,I,UP", "."], ["format", "--check", "--isolated", "."]):
        command = [sys.executable, "-m", "ruff", *words]
        linted = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert linted.returncode == 0, linted.stdout


def test_a_project_without_templates_gets_a_controller_that_returns_text(project):
    shutil.rmtree(project / "hello" / "templates")
    (project / "hello" / "lib" / "base.py").unlink()
    root = project / "hello" / "controllers" / "root.py"
    root.write_text("from tg import TGController\n\n\nclass RootController(TGController):\n    pass\n")
    result = run("scaffold", "controller", "movies", cwd=project)
    assert result.returncode == 0, result.stderr
    assert not (project / "hello" / "templates").exists()
    assert own_tests(project, "movies")[0] == 0
    (project / "tests" / "conftest.py").unlink()
    result = run("scaffold", "controller", "films", cwd=project)
    assert result.returncode == 0, result.stderr
    assert own_tests(project, "films")[0] == 0


def test_an_unusual_root_controller_is_not_changed_and_the_lines_are_printed(project):
    root = project / "hello" / "controllers" / "root.py"
    root.write_text(root.read_text().replace("class RootController(", "class Root(") + "\n\nRootController = Root\n")
    before = root.read_bytes()
    result = run("scaffold", "controller", "movies", cwd=project)
    assert result.returncode == 0, result.stderr
    assert root.read_bytes() == before
    assert "hello/controllers/root.py was not changed. Add" in result.stdout
    assert "  from hello.controllers.movies import MoviesController\n  movies = MoviesController()\n" in result.stdout
    assert (project / "hello" / "controllers" / "movies.py").exists()


@pytest.mark.parametrize(
    "taken", ["hello/controllers/movies.py", "hello/templates/movies.jinja", "tests/test_movies.py"]
)
def test_no_file_is_overwritten_and_no_other_is_written(project, taken):
    (project / taken).write_text("mine\n")
    before = contents(project)
    result = run("scaffold", "controller", "movies", cwd=project)
    assert result.returncode == 2
    assert result.stderr == f"Error: {taken}: this file exists; nothing was written; choose another name\n"
    assert contents(project) == before


def test_if_a_file_cannot_be_written_every_other_change_is_undone(project):
    """The last new file cannot be created, because its folder is a dangling symbolic link."""
    shutil.rmtree(project / "tests")
    (project / "tests").symlink_to(project / "nowhere")
    before = contents(project)
    result = run("scaffold", "controller", "movies", cwd=project)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "nothing was changed" in result.stderr
    assert contents(project) == before
    assert [path.name for path in project.iterdir() if "gearbox-lite" in path.name] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["class"], "controller name 'class': it is a Python keyword; for example 'movies'"),
        (["My-Films"], "'_', starting with a letter; for example 'my_films'"),
        (["../movies"], "for example 'movies'"),
        (["root"], "the project's own controllers use that name"),
        (["movies", "--mount", "/a/b"], "use one component of letters, digits, '-' and '_'"),
        (["movies", "--mount", "/index"], "this name is reserved in every controller"),
        (["movies", "--mount", "/getsession"], "RootController already has getsession, which answers /getsession"),
        (["movies", "nowhere.ini"], "nowhere.ini: there is no such file; found nearby: development.ini"),
    ],
)
def test_invalid_arguments_are_refused_in_one_line(shared_project, words, message):
    before = contents(shared_project)
    result = run("scaffold", "controller", *words, cwd=shared_project)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert contents(shared_project) == before


def test_an_ini_that_names_no_package_is_one_line_with_the_line_of_the_factory(project):
    ini = project / "development.ini"
    ini.write_text(ini.read_text().replace("paste.app_factory = hello.config.application:", "use = call::"))
    result = run("scaffold", "controller", "movies", cwd=project)
    assert result.returncode == 2
    assert result.stderr.startswith(f"Error: development.ini:{line_of(ini, 'use = call::')}: cannot tell which package")
    assert result.stderr.endswith("; write paste.app_factory = PACKAGE.MODULE:FUNCTION in its [app:...] section\n")


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory):
    """A project shared by tests that do not change it."""
    return new_project(tmp_path_factory.mktemp("shared"))
