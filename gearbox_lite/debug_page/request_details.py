"""The request, its session, and the environment it met, as sections of names and values without secrets."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from gearbox_lite import __version__
from gearbox_lite.application.distributions import loaded_versions
from gearbox_lite.debug_page.variables import Values
from gearbox_lite.masking import MASK

_SECRET_HEADERS = frozenset({"Authorization", "Proxy-Authorization"})
_IN_OTHER_ROWS = ("HTTP_", "REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "CONTENT_TYPE")


@dataclass(frozen=True)
class DetailSection:
    """A section of the page: names and values, or a sentence instead."""

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    text: str = ""


def request_line(environ: Mapping[str, Any]) -> str:
    """Return a request's method and path."""
    path = quote(f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}".encode("latin-1", "replace"))
    return f"{environ.get('REQUEST_METHOD', 'GET')} {path or '/'}"


def request_sections(environ: Mapping[str, Any], values: Values) -> tuple[DetailSection, ...]:
    """Return the sections that describe a request."""
    headers = [(_header_name(name), value) for name, value in sorted(environ.items()) if name.startswith("HTTP_")]
    headers += [(_header_name(name), environ[name]) for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(name)]
    query = values.parameters(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    form = values.parameters(_form(environ))
    others = [(name, environ[name]) for name in sorted(environ) if not name.startswith(_IN_OTHER_ROWS)]
    rows = [("Request", request_line(environ)), *((_shown_header(name, value, values)) for name, value in headers)]
    return tuple(
        section
        for section in (
            DetailSection("Request", tuple(rows)),
            DetailSection("Query", query),
            DetailSection("Form", form),
            _session_section(environ, values),
            DetailSection("WSGI environment", tuple((name, values.variable(name, value)) for name, value in others)),
        )
        if section.rows or section.text
    )


def _header_name(name: str) -> str:
    return name.removeprefix("HTTP_").replace("_", "-").title()


def _shown_header(name: str, value: object, values: Values) -> tuple[str, str]:
    text = str(value)
    if name == "Cookie":
        pairs = [part.strip().partition("=") for part in text.split(";")]
        for _, _, secret in pairs:
            values.hide(secret)
        return name, "; ".join(f"{key}{sign}{MASK if sign else ''}" for key, sign, _ in pairs)
    if name in _SECRET_HEADERS:
        values.hide(text)
        return name, MASK
    shown = values.variable(name, text)
    return name, MASK if shown == MASK else values.text(text)


def _form(environ: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the fields of the form if WebOb has parsed them; the page never reads a body itself."""
    parsed = environ.get("webob._parsed_post_vars")
    try:
        return list(parsed[0].items()) if parsed is not None else []
    except Exception:  # noqa: BLE001 (private data of another version of WebOb)
        return []


def _session_section(environ: Mapping[str, Any], values: Values) -> DetailSection:
    """Return the session's values if the application has used it; it is not loaded only to be shown."""
    session = environ.get("beaker.session")
    if session is None:
        return DetailSection("Session")
    try:
        if not session.accessed():
            return DetailSection("Session", text="This request has not used its session.")
        rows = tuple((str(name), values.variable(str(name), value)) for name, value in session.items())
    except Exception as error:  # noqa: BLE001 (such as a store that cannot be reached)
        return DetailSection("Session", text=f"The session cannot be read: {type(error).__name__}")
    return DetailSection("Session", rows, "" if rows else "The session is empty.")


def environment_section(ini: str) -> DetailSection:
    """Return the versions of what runs, the ini and the process."""
    versions = loaded_versions().items()
    process = [("Ini", ini), ("Folder", _current_folder()), ("Process", str(os.getpid()))]
    python = f"{platform.python_version()} ({sys.executable})"
    rows = [("gearbox-lite", __version__), ("Python", python), ("System", platform.platform()), *versions, *process]
    return DetailSection("Environment", tuple((name, value) for name, value in rows if value))


def _current_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "has been removed"
