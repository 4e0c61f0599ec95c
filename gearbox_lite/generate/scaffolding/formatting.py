"""Write Python as ruff formats it, so that generated code needs no formatter."""

from __future__ import annotations

import re
from collections.abc import Iterable

LINE = 88
"""Characters of a line in a generated project, as in ruff's default."""


def wrap(call: str, arguments: list[str], after: str, indent: int, brackets: str = "()") -> str:
    """Return a call, or another expression in brackets, on one line if it fits, else on several."""
    given = ", ".join(arguments)
    line = f"{call}{brackets[0]}{given}{brackets[1]}{after}"
    if indent + len(line) <= LINE:
        return line
    # ruff keeps the arguments of a call together on the next line, but never the items of a list.
    is_short = brackets == "()" and indent + 4 + len(given) <= LINE
    inner = f"    {given}" if is_short else "\n".join(_argument(argument, indent + 4) for argument in arguments)
    return f"{call}{brackets[0]}\n{inner}\n{brackets[1]}{after}"


def _argument(argument: str, indent: int) -> str:
    """Return the line of one argument, or several lines if it is a call with one argument that is too long."""
    if indent + len(argument) + 1 > LINE and argument.endswith(")"):
        call, _, inner = argument[:-1].partition("(")
        argument = f"{call}(\n        {inner}\n    )"
    return f"    {argument},"


def natural(module: str) -> list[str | int]:
    """Return the key by which ruff sorts modules: x4 comes before x30."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"([0-9]+)", module)]


def sorted_imports(lines: Iterable[str]) -> str:
    """Return imports of single names in ruff's order, one below the other."""
    return "\n".join(sorted(set(lines), key=lambda line: natural(line.split()[1])))


def import_from(module: str, names: Iterable[str]) -> str:
    """Return an import whose names are sorted as ruff does it: constants, classes, functions."""
    ordered = sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= LINE:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"
