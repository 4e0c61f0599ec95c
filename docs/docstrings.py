"""Shows tables and diagrams of the code's docstrings on pages, so that there is one copy of each.

``<!-- table of gearbox_lite.server.worker.protocol -->`` on a line of its own becomes the tables of that module's
docstring. ``diagram of`` shows its drawing, ``internals of`` its list of another library's private parts, and
``states of`` the states of an enum with their transitions.
"""

from __future__ import annotations

import ast
import re
import textwrap
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
MARKER = re.compile(r"^<!-- (table|diagram|states|internals) of ([\w.]+) -->$", re.MULTILINE)


def on_page_markdown(markdown, page, config, files):
    """Replace the markers of a page."""
    return MARKER.sub(lambda found: SHOW[found[1]](found[2]), markdown)


def table(module):
    """Return the tables in a module's docstring."""
    found = re.findall(r"(?:^\|.*\|\n?)+", docstring(module), re.MULTILINE)
    return "\n".join(_as_markdown(text) for text in found)


def diagram(module):
    """Return the drawing in a module's docstring, the first block that is indented."""
    block = re.search(r"^ {4}.*(?:\n(?: {4}.*)?)*", docstring(module), re.MULTILINE)
    return "```text\n" + textwrap.dedent(block[0]).strip("\n") + "\n```"


def states(module):
    """Return a table of the states of WorkerState, what each one means, and which may follow it."""
    transitions = import_module(module).TRANSITIONS
    meanings = _member_docstrings(module)
    rows = ["| State | Meaning | May be followed by |", "| --- | --- | --- |"]
    for state, following in transitions.items():
        names = ", ".join(one.name for one in transitions if one in following)
        rows.append(f"| {state.name} | {meanings[state.name]} | {names} |")
    return "\n".join(rows)


def internals(module):
    """Return the list of private parts in a module's docstring as a table.

    An entry is a line with a module and names in it; below it, indented, a line of our files and a line for each test.
    """
    folder = module.replace(".", "/")
    entries = re.findall(r"^([\w.]+): (.+)\n {4}(.+)\n((?: {4}\S+::\w+\n)+)", docstring(module) + "\n", re.MULTILINE)
    rows = ["| Part | Used in | Test |", "| --- | --- | --- |"]
    for library, names, files, tests in entries:
        cells = [
            f"`{library}`: {', '.join(f'`{name}`' for name in names.split(', '))}",
            ", ".join(f"`{folder}/{file}`" for file in files.split(", ")),
            ", ".join(f"`tests/{test}`" for test in tests.split()),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


SHOW = {"table": table, "diagram": diagram, "states": states, "internals": internals}


def docstring(module):
    """Return a module's docstring, without importing it."""
    return ast.get_docstring(_parse(module)) or ""


def _parse(module):
    path = REPOSITORY.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(source.read_text(encoding="utf-8"))


def _member_docstrings(module):
    enum = next(one for one in _parse(module).body if isinstance(one, ast.ClassDef) and one.name == "WorkerState")
    return {
        member.targets[0].id: " ".join(text.value.value.split())
        for member, text in zip(enum.body, enum.body[1:], strict=False)
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr)
    }


def _as_markdown(text):
    return text.replace("``", "`")
