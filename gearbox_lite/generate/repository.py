"""A git repository for a new project, with an initial commit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LOCAL = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")
"""What makes git work on another repository, for example inside its hooks; from `git rev-parse --local-env-vars`."""


def obstacle(target: Path) -> str | None:
    """Say why a project there gets no repository; None if it can have one."""
    if shutil.which("git") is None:
        return "git is not installed, so the project has no repository"
    for folder in target.resolve().parents:
        if (folder / ".git").exists():
            return f"the project is inside the repository {folder}, so it has none of its own"
    return None


def start(project: Path) -> str | None:
    """Make a repository in the project's folder and commit all of it.

    Returns what has not worked and what to do about it; the project's own files are never changed.
    """
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name not in LOCAL}

    def git(*words: str) -> str | None:
        """Run git and return the last thing it says where it fails; it never asks, and never invents an address."""
        done = subprocess.run(  # noqa: S603 (fixed words)
            ["git", "-c", "user.useConfigOnly=true", *words],  # noqa: S607 (the user's own git)
            cwd=project, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", check=False,
        )  # fmt: skip
        said = (done.stderr or done.stdout).split("\n")
        return None if done.returncode == 0 else next((line for line in said if line.strip()), "it says no reason")

    problem = git("init", "-q")
    if problem:
        shutil.rmtree(project / ".git", ignore_errors=True)
        return f"git init does not work, so the project has no repository: {problem}"
    problem = git("add", "--all") or git("commit", "-q", "-m", "First version")
    if problem and (git("var", "GIT_AUTHOR_IDENT") or git("var", "GIT_COMMITTER_IDENT")):
        return (
            "the repository has no commit yet, because git does not know your name and address; set user.name and "
            "user.email with git config --global, then: git commit -m 'First version'"
        )
    return f"the repository has no commit yet, because git commit does not work: {problem}" if problem else None
