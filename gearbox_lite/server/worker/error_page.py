"""The error page: the WSGI application that answers while the real one does not load."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gearbox_lite.errors import FAILURE, USAGE, CodeError, UserError
from gearbox_lite.json_clients import PROBLEM_TYPE, problem_details, wants_json

_UPDATING = "This site is being updated. Please try again in a moment."


@dataclass(frozen=True)
class Failure:
    """Why the application does not load: the line for the terminal, and the user's traceback above it.

    ``needs_edit``: it cannot load before its files are edited, even if other processes release what it needs. ``code``
    is the exit code of a server that cannot start because of it. ``file`` and ``line`` are the place that the message
    names, if it names one.
    """

    message: str
    report: str = ""
    needs_edit: bool = False
    code: int = FAILURE
    file: str = ""
    line: int | None = None

    @classmethod
    def of(cls, error: UserError) -> Failure:
        """Return the failure that an error describes."""
        at = error.at
        file = os.fspath(at.source) if at is not None and isinstance(at.source, os.PathLike) else ""
        line = at.line if at is not None and file else None
        return cls(error.message, error.report, _needs_edit(error), error.code, file, line)


def _needs_edit(error: UserError) -> bool:
    """Whether the code's text or a setting is wrong, as opposed to what the code met when it ran."""
    cause = error.__cause__
    if isinstance(error, CodeError):
        return True
    return error.code == USAGE if cause is None else isinstance(cause, (SyntaxError, ImportError, NameError))


def updating(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer 503 without a reason, as a WSGI application."""
    if wants_json(environ.get("HTTP_ACCEPT", "")):
        return _respond(environ, start_response, _503, PROBLEM_TYPE, problem_details(503, _UPDATING).encode())
    return _respond(environ, start_response, _503, "text/plain; charset=utf-8", _UPDATING.encode())


_503 = "503 Service Unavailable"


def _respond(
    environ: dict[str, Any], start_response: Callable[..., Any], status: str, kind: str, body: bytes
) -> Iterable[bytes]:
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(status, [*headers, ("Retry-After", "2")] if status == _503 else headers)
    return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else body]


def application(
    failure: Failure, error: BaseException | None = None, *, ini: Path | None = None, editor: str = ""
) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application that answers 500 with the reason, which is for developers only.

    ``error`` is what the user's code raised; its traceback is read here, not when the page is shown.
    """
    from gearbox_lite.debug_page.answers import STATUS_500, PageSettings, html_answer, load_failure_page

    settings = PageSettings(str(ini or ""), editor)
    page = load_failure_page(failure.message, failure.file, failure.line, error, settings)

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if wants_json(environ.get("HTTP_ACCEPT", "")):
            text = problem_details(500, failure.message, report=failure.report)
            body = text.encode(errors="backslashreplace")
            return _respond(environ, start_response, STATUS_500, PROBLEM_TYPE, body)
        answer = html_answer("error.html", page=page)
        start_response(STATUS_500, answer.headers)
        return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else answer.body]

    return respond
