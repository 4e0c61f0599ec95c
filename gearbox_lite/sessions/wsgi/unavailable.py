"""The 503 response while the session store cannot be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gearbox_lite.json_clients import PROBLEM_TYPE, problem_details, wants_json

STATUS = "503 Service Unavailable"
RETRY_AFTER = "2"
"""Seconds after which a client may ask again."""
_MESSAGE = "The sessions of this site cannot be reached right now. Please try again in a moment."
_HEADERS = (
    ("Retry-After", RETRY_AFTER),
    ("Cache-Control", "no-store"),
    # The application adds such headers to its own responses only, because it is inside the session filter.
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


def headers_and_body(environ: Mapping[str, Any]) -> tuple[list[tuple[str, str]], bytes]:
    """Return the headers and the body for a request: JSON if its client prefers JSON."""
    if wants_json(environ.get("HTTP_ACCEPT", "")):
        kind, text = PROBLEM_TYPE, problem_details(503, _MESSAGE)
    else:
        kind, text = "text/plain; charset=utf-8", f"{_MESSAGE}\n"
    body = text.encode()
    length = str(len(body))
    return [("Content-Type", kind), ("Content-Length", length), *_HEADERS], (
        b"" if environ.get("REQUEST_METHOD") == "HEAD" else body
    )
