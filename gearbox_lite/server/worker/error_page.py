"""The error page: the WSGI application that answers while the real one does not load."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gearbox_lite.errors import FAILURE, USAGE, CodeError, UserError
from gearbox_lite.json_clients import wants_json

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>The application does not load</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
pre {{ overflow-x: auto; padding: 1rem; border-left: 0.3rem solid #c0392b; background: rgb(128 128 128 / 12%); }}
</style></head>
<body><h1>The application does not load</h1>
<p>{message}</p>
<pre>{report}</pre>
<p>Fix it and save, then reload this page.</p></body></html>
"""
_UPDATING = "This site is being updated. Please try again in a moment."


@dataclass(frozen=True)
class Failure:
    """Why the application does not load: the line for the terminal, and the user's traceback above it.

    ``needs_edit``: it cannot load before its files are edited, even if other processes release what it needs. ``code``
    is the exit code of a server that cannot start because of it.
    """

    message: str
    report: str = ""
    needs_edit: bool = False
    code: int = FAILURE

    @classmethod
    def of(cls, error: UserError) -> Failure:
        """Return the failure that an error describes."""
        return cls(error.message, error.report, _needs_edit(error), error.code)


def _needs_edit(error: UserError) -> bool:
    """Whether the code's text or a setting is wrong, as opposed to what the code met when it ran."""
    cause = error.__cause__
    if isinstance(error, CodeError):
        return True
    return error.code == USAGE if cause is None else isinstance(cause, (SyntaxError, ImportError, NameError))


def application(failure: Failure, *, debug: bool) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application: 500 with the reason while debugging, else 503 without it; JSON for JSON clients."""

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status = "500 Internal Server Error" if debug else "503 Service Unavailable"
        if wants_json(environ.get("HTTP_ACCEPT", "")):
            kind = "application/json"
            content: dict[str, str] = {"error": failure.message if debug else _UPDATING}
            if debug:
                content["report"] = failure.report
            text = json.dumps(content)
        elif debug:
            kind = "text/html; charset=utf-8"
            import html

            text = _PAGE.format(message=html.escape(failure.message), report=html.escape(failure.report))
        else:
            kind, text = "text/plain; charset=utf-8", _UPDATING
        body = text.encode(errors="backslashreplace")  # a file name may contain bytes that are not valid text
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(status, headers if debug else [*headers, ("Retry-After", "2")])
        return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else body]

    return respond
