"""docs/architecture.md names only files, tests and search words that exist, and shows the code's own tables."""

from __future__ import annotations

import ast
import importlib.util
import re

from support.helpers import REPOSITORY

from gearbox_lite.server.supervisor.worker_state import WorkerState
from gearbox_lite.server.worker import protocol

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
PATH = re.compile(r"`((?:gearbox_lite|templates|tests)/[\w./]*)`")

spec = importlib.util.spec_from_file_location("docstrings", REPOSITORY / "docs" / "docstrings.py")
docstrings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(docstrings)
BUILT = docstrings.on_page_markdown(PAGE, None, None, None)


def rows_below(title):
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[2:]


def test_every_file_it_names_exists():
    named = set(PATH.findall(BUILT))
    assert len(named) > 30
    assert [path for path in sorted(named) if not (REPOSITORY / path).exists()] == []


def test_the_words_to_search_for_are_in_the_files():
    rows = rows_below("To change X, look at Y")
    assert len(rows) > 20
    for question, files, word in rows:
        assert PATH.findall(files), question
        for path in PATH.findall(files):
            text = (REPOSITORY / path).read_text(encoding="utf-8").lower()
            assert word.lower() in text, f"{path} does not contain {word!r}"


def test_every_test_it_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", BUILT)
    assert len(named) > 30
    assert [
        f"{path}::{name}"
        for path, name in named
        if not (REPOSITORY / path).exists() or f"def {name}(" not in (REPOSITORY / path).read_text(encoding="utf-8")
    ] == []


def test_every_private_part_has_a_test():
    rows = rows_below("Private parts of other libraries")
    assert len(rows) > 9
    assert [row for row in rows if "::test_" not in row[-1]] == []


def private_names(path):
    """Yield what a module imports from other libraries, or reads as an attribute in spite of ruff's SLF001."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("gearbox_lite"):
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from (part for part in parts if re.match("_[a-z]", part))
    for line in source.splitlines():
        if "SLF001" in line and "of the same class" not in line and "documented" not in line:
            yield from re.findall(r"\.(_[a-z]\w+)", line.partition("#")[0])


def test_every_private_name_that_the_package_uses_is_listed():
    used = {name for path in (REPOSITORY / "gearbox_lite").rglob("*.py") for name in private_names(path)}
    assert {"_get_translator", "_run_exitfuncs", "_params"} <= used
    assert [name for name in sorted(used) if name not in BUILT] == []


def test_the_states_and_messages_are_those_of_the_code():
    assert docstrings.MARKER.search(BUILT) is None
    for state in WorkerState:
        assert f"| {state.name} | " in BUILT
    for message in {*protocol.FROM_SUPERVISOR, *protocol.FROM_WORKER}:
        assert f"| `{message}` | " in BUILT
