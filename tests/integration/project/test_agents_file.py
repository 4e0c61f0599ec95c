"""AGENTS.md of a generated project: what coding assistants and new people are told is true."""

from __future__ import annotations

import re
import shlex

import pytest
from support.helpers import PROGRAM, Browser, Served, new_project
from support.warm import run


@pytest.fixture(params=[(), ("--minimal",)], ids=["whole", "minimal"])
def any_project(request, tmp_path):
    return new_project(tmp_path, "hello", *request.param)


def test_every_command_works_and_does_what_its_comment_says(any_project):
    text = (any_project / "AGENTS.md").read_text()
    commands = [shlex.split(line, comments=True) for line in re.findall(r"^    gearbox-lite (.*)$", text, re.MULTILINE)]
    assert [words[0] for words in commands] == ["serve", "check", "info", "shell", "scaffold"]
    for words in commands[1:]:
        result = run(*words, cwd=any_project)
        assert result.returncode == 0, result.stderr
        assert words[0] != "shell" or result.stdout == "200 OK\n"
    with Served([PROGRAM, *commands[0], "--port", "0"], any_project) as served:
        assert Browser(served.url).get("/movies/").status == 200
    (install,) = re.findall(r"^    (pip install .*?)  #", text, re.MULTILINE)
    assert install in (any_project / "README.md").read_text()


def test_it_is_short_and_names_only_files_that_exist(any_project):
    text = (any_project / "AGENTS.md").read_text()
    assert len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) <= 120
    layout = text.partition("## Layout")[2].partition("## Conventions")[0]
    names = re.findall(r"`([^`]+)`", layout)
    assert len(names) >= 6
    assert [name for name in names if not list(any_project.rglob(name))] == []
