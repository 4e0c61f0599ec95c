"""Write Python as ruff formats it, so that generated code needs no formatter."""

from __future__ import annotations

from collections.abc import Iterable

LINE = 88
"""Characters of a line in a generated project, as in ruff's default."""


def wrap(call: str, arguments: list[str], after: str, indent: int, brackets: str = "()") -> str:
    """Return a call, or another expression in brackets, on one line if it fits, else on several."""
    given = ", ".join(arguments)
    line = f"{call}{brackets[0]}{given}{brackets[1]}{after}"
    if indent + len(line) <= LINE:
        return line
    inner = (
        f"    {given}" if indent + 4 + len(given) <= LINE else "\n".join(f"    {argument}," for argument in arguments)
    )
    return f"{call}{brackets[0]}\n{inner}\n{brackets[1]}{after}"


def import_from(module: str, names: Iterable[str]) -> str:
    """Return an import whose names are sorted as ruff does it: constants, classes, functions."""
    ordered = sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= LINE:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"
