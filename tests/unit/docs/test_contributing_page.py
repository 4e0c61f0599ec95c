"""CONTRIBUTING.md names only commands, sessions and files that exist, and its setup is that of the README."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import yaml
from support.helpers import REPOSITORY

PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_setup_is_the_first_half_of_the_test_command_in_the_readme():
    setup = re.search(r"^python3 -m venv .*$", PAGE, re.MULTILINE)[0]
    assert f"{setup} && .venv/bin/pytest" in README


def test_every_program_it_names_is_installed_by_its_setup():
    named = set(re.findall(r"\.venv/bin/([\w-]+)", PAGE))
    assert {"pytest", "nox", "pre-commit", "mkdocs"} <= named
    assert [name for name in named if not Path(sys.executable).with_name(name).exists()] == []


def test_every_file_it_names_exists():
    shown = re.sub(r"\.venv/bin/\S+", "", PAGE)
    named = set(re.findall(r"(?:\.ci|\.github|docs|gearbox_lite|tests)/[\w./-]*[\w/]", shown))
    assert len(named) > 10
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


def test_every_nox_session_it_names_exists():
    module = ast.parse((REPOSITORY / "noxfile.py").read_text(encoding="utf-8"))
    sessions = {one.name for one in module.body if isinstance(one, ast.FunctionDef) and one.decorator_list}
    named = {word for words in re.findall(r"nox -s ((?:[a-z]+ ?)+)", PAGE) for word in words.split()}
    assert named == sessions


def test_the_release_workflow_publishes_only_if_the_page_was_followed():
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    publish = workflow["jobs"]["publish"]
    variable = re.search(r"repository variable `(\w+)` with the value `true`", PAGE)[1]
    assert publish["if"] == f"vars.{variable} == 'true'"
    assert publish["needs"] == "build"
    assert f"environment `{publish['environment']['name']}`" in PAGE
    assert publish["permissions"] == {"id-token": "write"}  # what trusted publishing needs, and nothing else
