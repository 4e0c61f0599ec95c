"""Lines of an ini that mean something else than they seem to: indented ones, open headers, invisible characters.

An indented line continues the value of the setting above it, without any message of configparser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gearbox_lite.errors import Location, UserError, conflict_marker
from gearbox_lite.ini.parsing.lines import split_lines

_NAME = re.compile(r"(?P<name>[A-Za-z_][\w.-]*(?: [\w.-]+)?)\s*[=:](?!/)")
_HEADER = re.compile(r"\[{1,2}(?P<name>[A-Za-z_][\w:. -]*)\]{0,2}$")
_WRONG_HEADER = re.compile(
    r"\[\[([^\[\]]+)\]\]"  # [[serve]]
    r"|([A-Za-z_][\w:-]*)\]$"  # serve]
    r"|[{(<]([A-Za-z_][\w:-]*)[})>]$"  # {serve}
)
_NO_NAME = re.compile(r"[-*{\"'<]|export ")
"""What a line of YAML, JSON, HTML or a shell begins with."""
_KNOWN_PREFIXES = ("app", "application", "composite", "pipeline", "filter", "filter-app", "server")
_KNOWN_HEADERS = ("DEFAULT", "serve", "loggers", "handlers", "formatters")
_OUR_SECTIONS = ("DEFAULT", "server", "serve", "pipeline", "filter")
_KNOWN_NAMES = ("use", "paste.app_factory", "paste.filter_factory", "paste.server_factory", "filter-with")


@dataclass(frozen=True)
class _Line:
    number: int
    text: str
    continues: int | None
    """The number of the line whose value it continues."""
    section: str


def check_layout(path: Path, text: str) -> None:
    """Raise UserError, with the line, for the first line that was meant to be a setting or a header and is not."""
    for line in _lines(text):
        at = Location(path, line.number)
        conflict = conflict_marker(line.text)
        if conflict is not None:
            raise UserError(conflict[0], at=at, remedy=conflict[1])
        content = line.text.strip()
        indent = line.text[: len(line.text) - len(line.text.lstrip())]
        if line.continues is not None:
            if _seems_separate(content, line.section):
                name = _invisible_character(indent)
                how = f"begins with an invisible character, {name}" if name else "is indented"
                remedy = "delete that character" if name else "remove the indent"
                raise UserError(f"this line {how}, so it continues line {line.continues}", at=at, remedy=remedy)
            continue
        before_value = re.split(r"[=:]", content, maxsplit=1)[0] if not content.startswith("[") else content
        character = _invisible_character(indent + before_value)
        if character is not None:
            raise UserError(f"this line has an invisible character, {character}", at=at, remedy="delete it")
        _check_header(at, content)
        if _NO_NAME.match(content):
            problem = "this line does not begin with the name of a setting"
            raise UserError(problem, at=at, remedy="write it as: name = value")


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines that are neither empty nor comments, by configparser's rules."""
    depth: int = 0
    current: int | None = None
    section = ""
    for number, line in enumerate(split_lines(text), start=1):
        content = line.strip()
        if not content or content[0] in "#;":
            continue
        indent = len(line) - len(line.lstrip())
        if current is not None and indent > depth:
            yield _Line(number, line, current, section)
            continue
        depth, current = indent, None if content.startswith("[") and "]" in content else number
        if current is None:
            section = content.strip("[]")
        yield _Line(number, line, None, section)


def _seems_separate(content: str, section: str) -> bool:
    """Whether a continuation line was surely meant to be a setting or a header of its own.

    A value in an application's section may have lines such as ``host = localhost`` in it.
    """
    header = _HEADER.match(content)
    if header is not None:
        name = header["name"]
        return name.partition(":")[0] in _KNOWN_PREFIXES or name.startswith(_KNOWN_HEADERS)
    setting = _NAME.match(content)
    if setting is None:
        return False
    from gearbox_lite.ini.schema.foreign_names import section_of

    belongs_in = section_of(setting["name"])
    is_application = section.partition(":")[0] not in _OUR_SECTIONS
    return setting["name"] in _KNOWN_NAMES or belongs_in == "filter:session" or bool(belongs_in and not is_application)


def _invisible_character(text: str) -> str | None:
    if text.isascii() and (text.isprintable() or not text.strip(" \t\r")):
        return None
    from gearbox_lite.value_syntax import invisible_character

    return invisible_character(text)


def _check_header(at: Location, content: str) -> None:
    if content.startswith("[") and "]" not in content:
        raise UserError(f"{content!r} is not a section header", at=at, remedy="close it with ]")
    wrong = _WRONG_HEADER.match(content)
    if wrong is not None:
        name = next(filter(None, wrong.groups()))
        raise UserError(f"{content!r} is not a section header", at=at, remedy=f"write [{name}]")
