"""Create a git repository for a new project, with an initial commit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LOCAL_VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX")
"""Environment variables that point git to another repository, as in its hooks (`git rev-parse --local-env-vars`)."""


def repository_obstacle(target: Path) -> str | None:
    """Return why no repository can be created for a project at ``target``; None if it can."""
    if shutil.which("git") is None:
        return "git is not installed, so no repository was created"
    for folder in target.resolve().parents:
        if (folder / ".git").exists():
            return f"the project is inside the git repository {folder}, so no other was created"
    return None


def create_repository(project: Path) -> str | None:
    """Create a repository in the project's folder and commit all files.

    Returns what failed and what to do about it, or None. The project's own files are never changed.
    """
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name not in LOCAL_VARIABLES}

    def git(*words: str) -> str | None:
        """Run git without prompts and without guessed e-mail addresses; return its first line of output if it fails."""
        done = subprocess.run(  # noqa: S603 (fixed words)
            ["git", "-c", "user.useConfigOnly=true", *words],  # noqa: S607 (the user's own git)
            cwd=project, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", check=False,
        )  # fmt: skip
        output = (done.stderr or done.stdout).split("\n")
        return None if done.returncode == 0 else next((line for line in output if line.strip()), "it gave no reason")

    problem = git("init", "-q")
    if problem:
        shutil.rmtree(project / ".git", ignore_errors=True)
        return f"git init failed, so no repository was created: {problem}"
    problem = git("add", "--all") or git("commit", "-q", "-m", "Initial commit")
    if problem and (git("var", "GIT_AUTHOR_IDENT") or git("var", "GIT_COMMITTER_IDENT")):
        return (
            "the repository has no commit yet, because git does not know your name and address; set user.name and "
            "user.email with git config --global, then: git commit -m 'Initial commit'"
        )
    return f"the repository has no commit yet, because git commit failed: {problem}" if problem else None
