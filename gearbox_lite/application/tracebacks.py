"""Tracebacks in the log show only the frames of the user's own code, not those of installed code such as TurboGears.

They are without the secrets that the debug page hides (``error_secrets``).
Below the traceback of a common mistake, a line explains it (``turbogears.mistakes``).
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from pathlib import Path
from types import CodeType, TracebackType
from typing import IO, Any

from gearbox_lite.application.user_code import is_users
from gearbox_lite.errors import UserError
from gearbox_lite.output import show_report

_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line \d+')
_BELOW_FRAME = ("    ", "  [Previous line repeated")
"""The start of lines that belong to the frame above them: source, markers below it, and repetitions."""

_format_exception = logging.Formatter.formatException


def is_users_file(filename: str) -> bool:
    """Whether a frame's file exists and is the user's own."""
    return is_users(filename) and Path(filename).is_file()


def users_frames(error: BaseException, *names: str) -> list[traceback.FrameSummary]:
    """Return the frames of a traceback that are in the user's own files, or in files with one of the names."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename in names or is_users_file(frame.filename)]


def passes_on(code: CodeType) -> bool:
    """Whether a function looks like middleware, which passes a request on: it has a parameter named environ."""
    return "environ" in code.co_varnames[: code.co_argcount]


def without_middleware(first: TracebackType) -> TracebackType:
    """Return a traceback from the first of the user's frames that does more than pass the request on."""
    entries = [first]
    while entries[-1].tb_next is not None:
        entries.append(entries[-1].tb_next)
    own = [item for item in entries if is_users_file(item.tb_frame.f_code.co_filename)]
    inner = [item for item in own[:-1] if not passes_on(item.tb_frame.f_code)]
    return next(iter([*inner, *own[-1:]]), first)


def users_traceback(error: BaseException, frames: list[traceback.FrameSummary]) -> str:
    """Return the text of a traceback that is cut to some of its frames, without secrets."""
    from gearbox_lite.application.error_secrets import hide_in_traceback

    lines = ["Traceback of your code (most recent call last):\n"] if frames else []
    text = "".join([*lines, *traceback.format_list(frames), *traceback.format_exception_only(error)])
    return hide_in_traceback(text, error)


def explain(error: BaseException) -> UserError | None:
    """Return the explanation of a common mistake; None for other exceptions."""
    from gearbox_lite.turbogears import mistakes

    try:
        return mistakes.explain_exception(error, users_frames(error))
    except Exception:  # noqa: BLE001 (an explanation that fails must not replace the user's own exception)
        return None


def cut_to_user_frames(text: str) -> str:
    """Return a traceback's text without the frames of installed code, or unchanged if it has no others."""
    kept, keeps, has_own = [], True, False
    for line in text.splitlines(keepends=True):
        frame = _FRAME.match(line)
        if frame:
            keeps = is_users_file(frame["file"])
            has_own = has_own or keeps
        elif not line.startswith(_BELOW_FRAME):
            keeps = True
        if keeps:
            kept.append(line)
    return "".join(kept) if has_own else text


def cut_logged_tracebacks(*, verbose: bool) -> None:
    """Cut and explain the tracebacks that logging writes from now on, and those of backlash, TurboGears' debug page.

    Records and exceptions keep all frames for handlers that send them elsewhere. With ``verbose`` nothing is cut.
    """

    def format_exception(formatter: logging.Formatter, error: Any) -> str:
        if not verbose and error[2] is not None:
            error = (error[0], error[1], without_middleware(error[2]))
        return _for_log(_format_exception(formatter, error), error[1], verbose=verbose)

    def log(failure: Any, logfile: IO[str] | None = None) -> None:
        """Do what backlash.tbtools.Traceback.log does, backlash 0.5."""
        text = failure.plaintext.rstrip()
        (logfile or sys.stderr).write(_for_log(text, failure.exc_value, verbose=verbose) + "\n")

    def log_thread(failure: threading.ExceptHookArgs) -> None:
        """Do what threading.excepthook does by default."""
        if failure.exc_type is not SystemExit and failure.exc_value is not None and sys.stderr is not None:
            name = failure.thread.name if failure.thread is not None else ""
            text = "".join(traceback.format_exception(failure.exc_value)).rstrip()
            shown = _for_log(text, failure.exc_value, verbose=verbose)
            show_report(f"Exception in thread {name}:\n{shown}")

    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = log_thread
    logging.Formatter.formatException = format_exception  # type: ignore[method-assign, assignment]
    backlash = sys.modules.get("backlash.tbtools")
    if backlash is not None:
        backlash.Traceback.log = log
        backlash.Traceback.exception = property(_describe_on_page)


def _describe_on_page(failure: Any) -> str:
    """Return what the debug page shows as its title and below the frames."""
    described = "".join(traceback.format_exception_only(failure.exc_type, failure.exc_value)).strip()
    explained = explain(failure.exc_value)
    return described if explained is None else f"{described}\n{explained.message}"


def _for_log(text: str, error: BaseException | None, *, verbose: bool) -> str:
    from gearbox_lite.application.error_secrets import hide_in_traceback

    return hide_in_traceback(_with_explanation(text, error, verbose=verbose), error)


def _with_explanation(text: str, error: BaseException | None, *, verbose: bool) -> str:
    explained = None if error is None else explain(error)
    cut = text if verbose else cut_to_user_frames(text)
    if explained is None:
        return cut
    message = explained.message
    if not verbose and cut is text and _FRAME.search(text):  # no frame is the user's, so the explanation says more
        return f"{text.removesuffix(message).splitlines()[-1]}\n{message}"
    return cut if cut.endswith(message) else f"{cut}\n{message}"
