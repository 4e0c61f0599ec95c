"""The HTML of a debug page, complete in one answer: no other request, and a strict content security policy.

Everything shown is text that Jinja escapes; source, values and messages may hold anything. The page works without its
script, which only adds the button that copies.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gearbox_lite.debug_page.excerpts import SourceLine
from gearbox_lite.debug_page.request_details import DetailSection
from gearbox_lite.debug_page.traces import Trace
from gearbox_lite.ini.schema.editors import editor_link
from gearbox_lite.output import printable

_FOLDER = Path(__file__).parent / "html"


@dataclass(frozen=True)
class ErrorPage:
    """What one page shows.

    ``subject`` says what failed, such as a request line. ``at_file`` is a place that the message names; ``lines`` are
    those around it. ``leads_with_trace``: title and message are those of the first trace.
    """

    title: str
    message: str
    subject: str = ""
    help: str = ""
    at_file: str = ""
    at_name: str = ""
    at_line: int | None = None
    lines: tuple[SourceLine, ...] = ()
    traces: tuple[Trace, ...] = ()
    sections: tuple[DetailSection, ...] = ()
    markdown: str = ""
    note: str = ""
    leads_with_trace: bool = False
    form: Any = None
    """The console's form, if the ini switches the console on."""
    editor: str = ""

    @property
    def summary(self) -> str:
        """Title and message in one line. The message of an application that does not load may contain the title."""
        if f"{self.title}: ".lower() in self.message.lower():
            return self.message
        return ": ".join(part for part in (self.title, self.message) if part)


def render_page(template: str, **variables: Any) -> bytes:
    """Return the HTML of one of the templates."""
    text: str = _environment().get_template(template).render(style=_style(), script=_script(), **variables)
    return text.encode(errors="backslashreplace")


def page_headers(body: bytes, *, form_action: str = "'none'") -> list[tuple[str, str]]:
    """Return the headers of a page.

    Its policy allows its own style and script by their hashes, and, of this server, the script that reloads the page
    and that script's connection.
    """
    policy = (
        f"default-src 'none'; style-src {_hash(_style())}; script-src 'self' {_hash(_script())}; connect-src 'self'; "
        f"img-src data:; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    )
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]


def _hash(text: str) -> str:
    """Return a source expression of https://www.w3.org/TR/CSP3/#grammardef-hash-source."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _style() -> str:
    return (_FOLDER / "page.css").read_text(encoding="utf-8")


@cache
def _script() -> str:
    return (_FOLDER / "page.js").read_text(encoding="utf-8")


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value, keep="\n\t") if type(value) is str else value,
    )
    environment.globals["editor_link"] = editor_link
    return environment
