"""Tracebacks in the log show only the frames of the user's own code, not those of installed code such as TurboGears."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import IO, Any

from gearbox_lite.application.user_code import is_users

_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line \d+')
_BELOW_FRAME = ("    ", "  [Previous line repeated")
"""The start of lines that belong to the frame above them: source, markers below it, and repetitions."""

_format_exception = logging.Formatter.formatException


def cut_to_user_frames(text: str) -> str:
    """Return a traceback's text without the frames of installed code, or unchanged if it has no others."""
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


def cut_logged_tracebacks(*, verbose: bool) -> None:
    """Cut the tracebacks that logging writes from now on, and those of backlash, the debug page of TurboGears.

    Records and exceptions keep all frames for handlers that send them elsewhere. With ``verbose`` nothing is cut.
    """
    if verbose:
        return
    logging.Formatter.formatException = _format_own  # type: ignore[method-assign, assignment]
    backlash = sys.modules.get("backlash.tbtools")
    if backlash is not None:
        backlash.Traceback.log = _log_own


def _format_own(formatter: logging.Formatter, error: Any) -> str:
    return cut_to_user_frames(_format_exception(formatter, error))


def _log_own(traceback: Any, logfile: IO[str] | None = None) -> None:
    """Do what backlash.tbtools.Traceback.log does, backlash 0.5."""
    (logfile or sys.stderr).write(cut_to_user_frames(traceback.plaintext.rstrip() + "\n"))
