"""quickstart --git: a repository with everything in it, or the project and one line that says why not."""

from __future__ import annotations

import subprocess

import pytest
from support.helpers import run

IDENTITY = "[user]\nname = Ada\nemail = ada@example.com\n"


@pytest.fixture
def quickstart(tmp_path, monkeypatch):
    """Runs quickstart with a git configuration of its own, and returns the project and what was said."""
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")

    def call(*arguments, config=IDENTITY, **environment):
        (tmp_path / "gitconfig").write_text(config)
        result = run("quickstart", "hello", *arguments, cwd=tmp_path, **environment)
        assert result.returncode == 0, result.stderr
        assert result.stderr.count("\n") <= 1
        assert (tmp_path / "hello/development.ini").is_file()
        assert "gearbox-lite serve" in result.stdout.splitlines()[-1]
        return tmp_path / "hello", result.stderr

    return call


def git(project, *words):
    return subprocess.run(
        ["git", *words], cwd=project, capture_output=True, text=True, check=True, timeout=30
    ).stdout.splitlines()


def test_everything_is_in_the_first_commit(quickstart):
    project, said = quickstart("--git")
    assert said == ""
    assert git(project, "status", "--porcelain", "--ignored") == []
    assert git(project, "log", "--format=%an <%ae>: %s") == ["Ada <ada@example.com>: First version"]
    assert {"development.ini", "production.ini", ".gitignore"} <= set(git(project, "ls-files"))


@pytest.mark.parametrize("option", [(), ("--no-git",), ("--git", "--no-git")])
def test_without_it_there_is_no_repository(quickstart, option):
    project, said = quickstart(*option)
    assert said == ""
    assert not (project / ".git").exists()


def test_a_git_that_works_on_another_repository_is_left_alone(quickstart, tmp_path):
    """As inside a hook, whose environment names the repository that it is of."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    project, said = quickstart("--git", GIT_DIR=str(other / ".git"), GIT_WORK_TREE=str(other))
    assert said == ""
    assert len(git(project, "log", "--format=%s")) == 1
    assert git(other, "status", "--porcelain") == []


def test_inside_a_repository_there_is_no_second_one(quickstart, tmp_path):
    (tmp_path / "gitconfig").touch()
    git(tmp_path, "init", "-q")
    project, said = quickstart("--git")
    assert said == f"Warning: the project is inside the repository {tmp_path}, so it has none of its own\n"
    assert not (project / ".git").exists()


def test_without_git_the_project_is_written_all_the_same(quickstart):
    project, said = quickstart("--git", PATH="/nowhere")
    assert said == "Warning: git is not installed, so the project has no repository\n"
    assert not (project / ".git").exists()


def test_without_a_name_the_commit_is_left_to_the_user_and_works_when_he_has_one(quickstart, tmp_path):
    project, said = quickstart("--git", config="")
    assert said.startswith("Warning: the repository has no commit yet, because git does not know your name and address")
    (tmp_path / "gitconfig").write_text(IDENTITY)
    git(project, *said.strip().rpartition("then: git ")[2].replace("'First version'", "First").split())
    assert git(project, "status", "--porcelain") == []


def test_what_git_says_against_it_is_passed_on(quickstart, tmp_path):
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    project, said = quickstart("--git", config=f"{IDENTITY}[core]\nhooksPath = {hooks}\n")
    assert said == "Warning: the repository has no commit yet, because git commit does not work: not today\n"
    assert git(project, "status", "--porcelain") != []


def test_a_broken_git_leaves_a_whole_project_without_a_repository(quickstart):
    project, said = quickstart("--git", config="[broken\n")
    assert said.startswith("Warning: git init does not work, so the project has no repository: ")
    assert not (project / ".git").exists()
