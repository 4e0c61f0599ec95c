"""Whether a client asks for JSON, which then gets errors as JSON too."""

from __future__ import annotations


def wants_json(accept: str) -> bool:
    """Whether an Accept header (RFC 9110, section 12.5.1) names JSON, and HTML not before it."""
    accept = accept.lower()
    json, html = accept.find("application/json"), accept.find("text/html")
    return json >= 0 and not 0 <= html < json
