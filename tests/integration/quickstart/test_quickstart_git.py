"""quickstart --git: a repository with everything committed, or a project without one and one line that says why."""

from __future__ import annotations

import subprocess

import pytest
from support.helpers import run

IDENTITY = "[user]\nname = Ada\nemail = ada@example.com\n"


@pytest.fixture
def quickstart(tmp_path, monkeypatch):
    """Return a function that runs quickstart with an isolated git configuration, and returns the project and stderr."""
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


def test_git_commits_every_file(quickstart):
    project, warning = quickstart("--git")
    assert warning == ""
    assert git(project, "status", "--porcelain", "--ignored") == []
    assert git(project, "log", "--format=%an <%ae>: %s") == ["Ada <ada@example.com>: Initial commit"]
    assert {"development.ini", "production.ini", ".gitignore"} <= set(git(project, "ls-files"))


@pytest.mark.parametrize("option", [(), ("--no-git",), ("--git", "--no-git")])
def test_without_the_git_option_no_repository_is_created(quickstart, option):
    project, warning = quickstart(*option)
    assert warning == ""
    assert not (project / ".git").exists()


def test_a_repository_named_in_the_environment_is_not_changed(quickstart, tmp_path):
    """A git hook's environment, for example, points git to the hook's own repository."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    project, warning = quickstart("--git", GIT_DIR=str(other / ".git"), GIT_WORK_TREE=str(other))
    assert warning == ""
    assert len(git(project, "log", "--format=%s")) == 1
    assert git(other, "status", "--porcelain") == []


def test_inside_a_repository_no_nested_one_is_created(quickstart, tmp_path):
    (tmp_path / "gitconfig").touch()
    git(tmp_path, "init", "-q")
    project, warning = quickstart("--git")
    assert warning == f"Warning: the project is inside the git repository {tmp_path}, so no other was created\n"
    assert not (project / ".git").exists()


def test_without_git_installed_the_project_is_still_written(quickstart):
    project, warning = quickstart("--git", PATH="/nowhere")
    assert warning == "Warning: git is not installed, so no repository was created\n"
    assert not (project / ".git").exists()


def test_without_a_git_identity_the_suggested_commit_works_once_it_is_set(quickstart, tmp_path):
    project, warning = quickstart("--git", config="")
    assert warning.startswith(
        "Warning: the repository has no commit yet, because git does not know your name and address"
    )
    (tmp_path / "gitconfig").write_text(IDENTITY)
    git(project, *warning.strip().rpartition("then: git ")[2].replace("'Initial commit'", "Initial").split())
    assert git(project, "status", "--porcelain") == []


def test_the_reason_for_a_failed_commit_is_reported(quickstart, tmp_path):
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    project, warning = quickstart("--git", config=f"{IDENTITY}[core]\nhooksPath = {hooks}\n")
    assert warning == "Warning: the repository has no commit yet, because git commit failed: not today\n"
    assert git(project, "status", "--porcelain") != []


def test_a_broken_git_leaves_a_whole_project_without_a_repository(quickstart):
    project, warning = quickstart("--git", config="[broken\n")
    assert warning.startswith("Warning: git init failed, so no repository was created: ")
    assert not (project / ".git").exists()
