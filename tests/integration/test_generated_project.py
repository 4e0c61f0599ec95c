"""What quickstart writes: its own tests, its style, and the page a person sees."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from helpers import fresh_environment, new_project


def test_its_own_tests_pass_with_the_command_of_its_readme(tmp_path):
    """The command as printed, but for the call of pytest, whose script is in another environment."""
    project = new_project(tmp_path, "My.Shop2", "--package", "shop")
    command = re.search(r"## Test\n\n    (.*)\n", (project / "README.md").read_text())[1]
    python = fresh_environment(tmp_path / "environment", with_pip=True)
    result = subprocess.run(
        ["sh", "-c", command.replace("&& pytest", "&& python -m pytest -p no:xdist")],
        cwd=project, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"\d+ passed in", result.stdout), result.stdout
    assert "warning" not in result.stdout


def test_ruff_finds_nothing(project):
    for words in (["check", "--isolated"], ["format", "--check", "--isolated"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *words, project],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stdout


def test_every_setting_of_the_ini_has_a_comment(project):
    """The logging sections aside, which are in the standard library's own format and have one for all of them."""
    text = (project / "development.ini").read_text().partition("# Logging, in the format of")[0]
    lines = text.splitlines()
    settings = [number for number, line in enumerate(lines) if re.match(r"[a-z]", line)]
    assert len(settings) > 15
    assert [lines[number] for number in settings if not lines[number - 1].startswith("#")] == []


@pytest.mark.parametrize("store", ["file", "ext:database", "ext:memcached", "ext:redis"])
def test_each_other_store_is_a_commented_block(project, store):
    text = (project / "development.ini").read_text()
    block = re.search(rf"^#session.type = {store}\n((?:#session\..*\n)*)", text, re.MULTILINE)
    assert 1 <= len(block[0].splitlines()) <= 3
