"""``Finding``: one thing that ``check`` finds, with a stable code, which finding_codes.py explains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gearbox_lite.errors import Location, UserError

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing found: an error if it must not be served like that. ``str()`` is the line to show.

    ``code_at`` is the line of the user's code if the message itself names it, so that ``at`` need not. ``is_refusal``
    tells that other commands refuse to run because of it, and show the same line.
    """

    code: str
    level: Level
    at: Location | None
    message: str
    code_at: Location | None = None
    is_refusal: bool = False

    @property
    def is_error(self) -> bool:
        """Whether it must not be served like that."""
        return self.level == "error"

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" if self.at else self.message


def warning_of(error: UserError, code: str) -> Finding:
    """Return the warning that reports an error."""
    return Finding(code, "warning", error.at, error.text)


def refusal_of(error: UserError, code: str, code_at: Location | None = None) -> Finding:
    """Return the finding that reports an error because of which other commands refuse to run."""
    return Finding(code, "error", error.at, error.text, code_at, is_refusal=True)


def errors_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by their level, otherwise in the same order."""
    return sorted(findings, key=lambda finding: not finding.is_error)


def raise_errors(findings: Iterable[Finding]) -> None:
    """Raise UserError for the first error."""
    for finding in findings:
        if finding.is_error:
            raise UserError(finding.message, at=finding.at)
