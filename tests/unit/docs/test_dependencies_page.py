"""docs/dependencies.md has the dependencies and extras of pyproject.toml, and no others."""

from __future__ import annotations

import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "dependencies.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}


def test_the_page_lists_each_dependency():
    table = PAGE.partition("Extras install")[0]
    assert set(re.findall(r"^\| (\w+) \| (?!why)", table, re.MULTILINE)) == names(PROJECT["dependencies"])


def test_the_page_lists_each_extra_with_its_packages():
    shown = dict(re.findall(r"^\| `([\w-]+)` \| ([\w, ]+) \|", PAGE, re.MULTILINE))
    extras = {name: required for name, required in PROJECT["optional-dependencies"].items() if name != "all"}
    assert {name: set(packages.split(", ")) for name, packages in shown.items()} == {
        name: names(required) for name, required in extras.items()
    }
