"""Logged tracebacks show the user's own frames: those of installed code, such as TurboGears' dispatch, are left out."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import IO, Any

from gearbox_lite.application.user_code import is_users

_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line \d+')
_BELOW_FRAME = ("    ", "  [Previous line repeated")
"""How lines begin that belong to the frame above them: source, markers under it, and repetitions."""

_format_exception = logging.Formatter.formatException


def shorten(text: str) -> str:
    """Return a traceback's text without the frames of installed code; unchanged if the user has none in it."""
    kept, keeps, has_own = [], True, False
    for line in text.splitlines(keepends=True):
        frame = _FRAME.match(line)
        if frame:
            keeps = is_users(frame["file"]) and Path(frame["file"]).is_file()
            has_own = has_own or keeps
        elif not line.startswith(_BELOW_FRAME):
            keeps = True
        if keeps:
            kept.append(line)
    return "".join(kept) if has_own else text


def shorten_logged(*, verbose: bool) -> None:
    """Shorten what logging writes of exceptions from now on, and what backlash does, the debug page of TurboGears.

    Records and exceptions stay whole for handlers that send them elsewhere. With ``verbose`` nothing is shortened.
    """
    if verbose:
        return
    logging.Formatter.formatException = _format_own  # type: ignore[method-assign, assignment]
    backlash = sys.modules.get("backlash.tbtools")
    if backlash is not None:
        backlash.Traceback.log = _log_own


def _format_own(formatter: logging.Formatter, error: Any) -> str:
    return shorten(_format_exception(formatter, error))


def _log_own(traceback: Any, logfile: IO[str] | None = None) -> None:
    """Do what backlash.tbtools.Traceback.log does, backlash 0.5."""
    (logfile or sys.stderr).write(shorten(traceback.plaintext.rstrip() + "\n"))
