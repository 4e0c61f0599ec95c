"""``UserError``, the one error that is shown to the user: where something is wrong, what it is, and what to do."""

from __future__ import annotations

import os
from dataclasses import dataclass

USAGE = 2
"""Exit code for a wrong command line or a wrong setting."""
FAILURE = 1
"""Exit code for a failure while running."""
MIN_SIMILARITY = 0.75
"""From this ratio of difflib's, a name is taken for a mistyped one, not for another one with similar letters."""


@dataclass(frozen=True)
class Location:
    """The place that set a value: a line of a file, or an option of the command line."""

    source: os.PathLike[str] | str
    line: int | None = None

    def __str__(self) -> str:
        source = self.source if isinstance(self.source, str) else short_path(self.source)
        return source if self.line is None else f"{source}:{self.line}"


@dataclass(frozen=True)
class Setting:
    """A value together with the place that set it.

    ``written`` is the text of the ini if the value comes from a variable whose name is that of a secret;
    ``environment_variable`` names the environment variable that the whole value comes from.
    """

    name: str
    value: str
    at: Location
    written: str | None = None
    environment_variable: str | None = None

    def __str__(self) -> str:
        """Return the setting as a message may show it."""
        from gearbox_lite.masking import shown_value

        shown = shown_value(self.name, self.value) if self.written is None else self.written
        return f"{self.name} = {shown}".rstrip()


class UserError(Exception):
    """An error that the user can act on, shown in one line.

    ``at`` is the place of the offending value, ``remedy`` what to write or do instead. ``report`` is text shown
    above the line: the user's own traceback, nothing else. ``code`` is the exit code, USAGE or FAILURE. ``message`` is
    the line, and ``text`` is the line without the place. ``finding`` is the code with which ``check`` reports it, empty
    for that of what was being checked.
    """

    def __init__(
        self,
        problem: str,
        *,
        at: Location | None = None,
        remedy: str = "",
        report: str = "",
        code: int = USAGE,
        finding: str = "",
    ) -> None:
        from gearbox_lite.masking import masked

        problem, remedy = (masked(" ".join(part.split())) for part in (problem, remedy))
        self.at = at
        self.text = "; ".join(part for part in (problem, remedy) if part)
        place = " ".join(str(at).split()) if at else ""
        self.message = f"{place}: {self.text}" if place else self.text
        super().__init__(self.message)
        self.report = report
        self.code = code
        self.finding = finding


class SettingError(ValueError):
    """A setting of the application's section that cannot be used; its first word is the setting's name.

    It is shown with file and line. Generated projects raise a plain ValueError of the same form.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")


class CodeError(UserError):
    """A mistake in the user's code, which cannot load before it is edited. Its exit code is FAILURE."""

    def __init__(self, problem: str, *, at: Location | None = None, remedy: str = "") -> None:
        super().__init__(problem, at=at, remedy=remedy, code=FAILURE)


def at_setting(setting: Setting, problem: str, remedy: str) -> UserError:
    """Return the error for a setting, whose value may be valid."""
    return UserError(f"{setting}: {problem}", at=setting.at, remedy=remedy)


def wrong_value(setting: Setting, problem: str, remedy: str) -> UserError:
    """Return the error for a value that cannot be used, and whose syntax may be the reason (value_syntax.py)."""
    from gearbox_lite import value_syntax

    explained = value_syntax.explain_value(setting.value, setting.environment_variable)
    if explained is not None:
        problem, remedy = explained
    elif value_syntax.has_comment(setting.value):
        remedy += " (a comment needs a line of its own)"
    return at_setting(setting, problem, remedy)


def nearest(name: str, known: list[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known name most similar to ``name``, or None if none is similar by difflib's ratio."""
    import difflib

    matches = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return matches[0] if matches else None


def conflict_marker(line: str) -> tuple[str, str] | None:
    """Return what is wrong with a line that git has written into a file with a conflict, and the remedy, else None."""
    if not line.startswith(("<<<<<<< ", "||||||| ", ">>>>>>> ")) and line.rstrip() != "=======":
        return None
    remedy = "keep one of the two versions, and delete the lines that begin with <<<<<<<, ======= and >>>>>>>"
    return "git has marked a conflict here", remedy


def line_not_utf8(error: UnicodeDecodeError) -> int:
    """Return the number of the line that could not be decoded."""
    return error.object.count(b"\n", 0, error.start) + 1


def short_path(path: str | os.PathLike[str]) -> str:
    """Return ``path`` relative to the current folder if it is inside it, else unchanged."""
    text = os.fspath(path)
    try:
        return text.removeprefix(os.getcwd() + os.sep)
    except FileNotFoundError:  # the current folder has been removed, which must not hide the message
        return text
