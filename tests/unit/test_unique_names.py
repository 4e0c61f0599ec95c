"""One name, one thing: searching the package for a public name leads to one definition."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from support.helpers import REPOSITORY

SHARED = {
    "command",  # each module of a command, as cli.py expects it
    "log",  # each package's logger
    "T",  # type variables
    # aliases for types of PEP 3333
    "Headers", "StartResponse", "WSGIApplication",
}  # fmt: skip
"""Names that several modules define for the same purpose."""


def public_names(source: str) -> set[str]:
    """Return the functions, classes and constants that a module defines at its top level."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def defined_twice(package: Path) -> dict[str, list[str]]:
    modules = defaultdict(list)
    for file in sorted(package.rglob("*.py")):
        for name in public_names(file.read_text()) - SHARED:
            modules[name].append(file.relative_to(package).as_posix())
    return {name: files for name, files in modules.items() if len(files) > 1}


def test_no_two_modules_define_the_same_public_name():
    assert defined_twice(REPOSITORY / "gearbox_lite") == {}


def test_a_name_that_two_modules_define_is_found(tmp_path):
    (tmp_path / "a.py").write_text("def find(): ...\nLIMIT = 1\n_private = 1\nclass Only: ...\n")
    (tmp_path / "b.py").write_text("def find(): ...\nLIMIT: int = 2\n_private = 2\nT = 1\n")
    (tmp_path / "c.py").write_text("T = 2\n")
    assert defined_twice(tmp_path) == {"find": ["a.py", "b.py"], "LIMIT": ["a.py", "b.py"]}
