"""The line of every section and option in an ini's text, by configparser's rules, so that messages can name it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from gearbox_lite.errors import Setting

_HEADER = re.compile(r"\[(?P<name>.+)\]")
_OPTION = re.compile(r"(?P<name>[^=:]+?)\s*[=:]")


@dataclass(frozen=True)
class LineRange:
    """The lines of an option or of a section's header, from 1; ``last`` is where the option's value ends."""

    first: int
    last: int
    indent: str


def split_lines(text: str) -> list[str]:
    """Split as configparser does, at line feeds only; a carriage return stays on its line."""
    return text.split("\n")


def line_ranges(text: str) -> dict[tuple[str, str | None], LineRange]:
    """Map (section, option), and (section, None) for a header, to the lines where each first appears."""
    found: dict[tuple[str, str | None], LineRange] = {}
    section, depth, current = "", 0, None
    for number, line in enumerate(split_lines(text), start=1):
        content = line.strip()
        if not content or content[0] in "#;":
            continue
        indent = line[: len(line) - len(line.lstrip())]
        if current is not None and len(indent) > depth:
            found[current] = replace(found[current], last=number)  # a continuation line of the option above
            continue
        depth = len(indent)
        if header := _HEADER.match(content):
            section, current = header["name"], None
            found.setdefault((section, None), LineRange(number, number, indent))
        elif option := _OPTION.match(content):
            current = section, option["name"]
            found.setdefault(current, LineRange(number, number, indent))
    return found


def raw_value(text: str, lines: LineRange) -> str:
    """Return an option's value before interpolation, without the comments between its lines."""
    first, *further = (line.strip() for line in split_lines(text)[lines.first - 1 : lines.last])
    values = [_OPTION.sub("", first, count=1), *(line for line in further if line[:1] not in ("#", ";"))]
    return "\n".join(value.strip() for value in values).strip()


def is_literal(setting: Setting) -> bool:
    """Whether a setting's line of a file has the value itself, and not %(name)s or ``get``."""
    if not isinstance(setting.at.source, Path) or setting.at.line is None:
        return False
    text = setting.at.source.read_text(encoding="utf-8")
    for (_, name), lines in line_ranges(text).items():
        if name == setting.name and lines.first == setting.at.line:
            return "%(" not in "\n".join(split_lines(text)[lines.first - 1 : lines.last])
    return False
