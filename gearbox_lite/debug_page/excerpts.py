"""The lines around a place in a file, with the part of them that is at fault."""

from __future__ import annotations

import linecache
import os
from collections.abc import Sequence
from dataclasses import dataclass

from gearbox_lite.application.error_secrets import mask_source
from gearbox_lite.errors import short_path
from gearbox_lite.masking import is_secret, shown_value

BEFORE, AFTER = 5, 4
"""Lines that are shown around the line at fault."""
_MAX_LINE = 400
"""Characters of a line that are shown; a generated file may be one line."""


@dataclass(frozen=True)
class Span:
    """The part of a file that is at fault: lines count from 1, columns, in characters, from 0; ``end`` is exclusive."""

    line: int
    start: int
    end_line: int
    end: int


@dataclass(frozen=True)
class SourceLine:
    """A line in three parts: before, within and after what is at fault."""

    number: int
    before: str
    marked: str = ""
    after: str = ""
    is_current: bool = False

    @property
    def text(self) -> str:
        """The whole line."""
        return self.before + self.marked + self.after


def read_excerpt(file: str, line: int | None, span: Span | None = None) -> tuple[SourceLine, ...]:
    """Return the lines around a line of a file; none if it cannot be read.

    Lines of an ini are shown without secrets, and source without the text of a string whose name is that of a secret.
    """
    if line is None or line < 1:
        return ()
    linecache.checkcache(file)
    lines = linecache.getlines(file)
    hides = file.endswith((".ini", ".cfg", ".conf"))
    first, last = max(1, line - BEFORE), min(len(lines), line + AFTER)
    shown = [_line(number, lines, span, hides=hides) for number in range(first, last + 1)]
    return tuple(_marked_current(item) if item.number == line else item for item in shown)


def _marked_current(line: SourceLine) -> SourceLine:
    return SourceLine(line.number, line.before, line.marked, line.after, is_current=True)


def _line(number: int, lines: Sequence[str], span: Span | None, *, hides: bool) -> SourceLine:
    text = lines[number - 1].rstrip("\r\n").expandtabs(4) if hides else lines[number - 1].rstrip("\r\n")
    if hides:
        return SourceLine(number, _without_secret(text)[:_MAX_LINE])
    text = text[:_MAX_LINE]
    if span is None or not span.line <= number <= span.end_line:
        return SourceLine(number, mask_source(text)[0])
    start = span.start if number == span.line else len(text) - len(text.lstrip())
    end = span.end if number == span.end_line else len(text)
    text, start, end = mask_source(text, start, end)
    if not text[start:end].strip() or text[start:end].strip() == text.strip():  # marking all of it says nothing
        return SourceLine(number, text)
    return SourceLine(number, text[:start], text[start:end], text[end:])


def _without_secret(line: str) -> str:
    name, sign, value = line.partition("=")
    if not sign or not value.strip():
        return line
    shown = _shown_setting(name.strip(" \t#;"), value.strip())
    return line if shown == value.strip() else f"{name}{sign} {shown}"


def _shown_setting(name: str, value: str) -> str:
    """Return what may be shown of a setting's value: of a session option as much as messages show."""
    from gearbox_lite.sessions.settings.options import OPTIONS, PREFIX
    from gearbox_lite.sessions.settings.parse import shown_option

    is_option = name.startswith(PREFIX) and name.removeprefix(PREFIX) in OPTIONS and not is_secret(name)
    return shown_option(name, value) if is_option else shown_value(name, value)


def file_name(path: str) -> str:
    """Return a file as the page shows it: relative to the current folder, or below site-packages."""
    below = next((folder for folder in _SITES if path.startswith(folder + os.sep)), None)
    short = short_path(path)
    return short if short != path or below is None else path[len(below) + 1 :]


def _site_folders() -> tuple[str, ...]:
    import sysconfig

    return tuple({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})


_SITES = _site_folders()
