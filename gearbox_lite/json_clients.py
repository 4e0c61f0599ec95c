"""Clients that ask for JSON: they get errors as problem details (RFC 9457)."""

from __future__ import annotations

from typing import Any

PROBLEM_TYPE = "application/problem+json"
"""The media type of problem details."""


def wants_json(accept: str) -> bool:
    """Whether an Accept header (RFC 9110, section 12.5.1) names JSON, and HTML not before it."""
    accept = accept.lower()
    places = [place for kind in ("application/json", PROBLEM_TYPE) if (place := accept.find(kind)) >= 0]
    html = accept.find("text/html")
    return bool(places) and not 0 <= html < min(places)


def problem_details(status: int, detail: str, title: str = "", **members: Any) -> str:
    """Return the JSON of problem details.

    Without a title of its own, a problem has no ``type`` either: RFC 9457 (section 4.2.1) then wants the status's name.
    """
    import json
    from http import HTTPStatus

    try:
        title = title or HTTPStatus(status).phrase
    except ValueError:
        title = title or "Error"
    return json.dumps({"title": title, "status": status, "detail": detail, **members})
