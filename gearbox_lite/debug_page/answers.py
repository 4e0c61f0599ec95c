"""What the debug page answers to an exception: HTML for people, problem details for clients that ask for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gearbox_lite.debug_page.excerpts import file_name, read_excerpt
from gearbox_lite.debug_page.markdown import to_markdown
from gearbox_lite.debug_page.page import ErrorPage, page_headers, render_page
from gearbox_lite.debug_page.request_details import (
    DetailSection,
    environment_section,
    request_line,
    request_sections,
)
from gearbox_lite.debug_page.traces import Trace, describe_chain, own_lines
from gearbox_lite.debug_page.variables import Values
from gearbox_lite.ini.schema.editors import editor_url
from gearbox_lite.json_clients import PROBLEM_TYPE, problem_details, wants_json

STATUS_500 = "500 Internal Server Error"


@dataclass(frozen=True)
class PageSettings:
    """What the ini says about debug pages: its own path, and the editor that links open."""

    ini: str = ""
    editor: str = ""


@dataclass(frozen=True)
class DebugAnswer:
    """The headers and the body of an answer."""

    headers: list[tuple[str, str]]
    body: bytes


def exception_answer(
    error: BaseException, environ: Mapping[str, Any], settings: PageSettings, form: Any = None
) -> DebugAnswer:
    """Return the answer to a request that has raised an exception; ``form`` is that of the console, if it is on."""
    values = Values()
    sections = (*request_sections(environ, values), environment_section(settings.ini))
    traces = describe_chain(error, values)
    first = traces[0]
    if wants_json(environ.get("HTTP_ACCEPT", "")):
        return _json_answer(f"{first.kind}: {first.message}", traces)
    culprit = first.culprit
    is_elsewhere = culprit is None or (culprit.file, culprit.line) != (first.help_file, first.help_line)
    subject = request_line(environ)
    shown = ErrorPage(
        title=first.kind,
        leads_with_trace=True,
        message=first.message,
        subject=subject,
        help=first.help,
        at_file=first.help_file,
        at_name=file_name(first.help_file),
        at_line=first.help_line,
        lines=read_excerpt(first.help_file, first.help_line) if is_elsewhere else (),
        traces=traces,
        sections=_hidden(sections, values),
        markdown=to_markdown(f"{first.kind}: {first.message} ({subject})", traces, _hidden(sections, values)),
        editor=editor_url(settings.editor),
        note=_NOTE,
        form=form,
    )
    return html_answer("error.html", form_action="'none'" if form is None else "'self'", page=shown)


def answer_without_details(error: BaseException, subject: str) -> DebugAnswer:
    """Return the page for an exception of which nothing but its type can be shown."""
    message = "The debug page cannot show this exception. The terminal has its traceback, and why."
    shown = ErrorPage(title=type(error).__name__, message=message, subject=subject, note=_NOTE)
    return html_answer("error.html", page=shown)


_NOTE = "Shown because debug is true in the ini. Fix the code and save; the same request then shows the page again."


def load_failure_page(
    message: str, file: str, line: int | None, error: BaseException | None, settings: PageSettings
) -> ErrorPage:
    """Return the page for an application that does not load.

    ``file`` and ``line`` are the place that the message names; ``error`` is what the user's code raised, if it did.
    """
    values = Values()
    traces = describe_chain(error, values) if error is not None else ()
    if traces and (culprit := traces[0].culprit) is not None and not culprit.is_own:
        traces = ()  # installed code has only met what the message says
    sections = (environment_section(settings.ini),)
    page = ErrorPage(
        title=_DOES_NOT_LOAD,
        message=message,
        at_file=file,
        at_name=file_name(file),
        at_line=line,
        lines=read_excerpt(file, line),
        traces=traces,
        sections=sections,
        editor=editor_url(settings.editor),
        note="Fix it and save. With live reload, this page then loads again by itself.",
    )
    markdown = to_markdown(page.summary, traces, sections)
    help_text = traces[0].help if traces else ""
    shown = tuple(replace(trace, help="") if trace is traces[0] else trace for trace in traces)
    return replace(
        page, message=_without_repetition(message, help_text), help=help_text, traces=shown, markdown=markdown
    )


_DOES_NOT_LOAD = "The application does not load"


def _without_repetition(message: str, help_text: str) -> str:
    """Return the terminal's message without what the page's title, and the explanation below it, say as well."""
    _, found, rest = message.partition(f": {_DOES_NOT_LOAD[0].lower()}{_DOES_NOT_LOAD[1:]}: ")
    return (rest if found else message).removesuffix(help_text).removesuffix(": ")


def html_answer(template: str, *, form_action: str = "'none'", **variables: Any) -> DebugAnswer:
    """Return a page as an answer."""
    body = render_page(template, **variables)
    return DebugAnswer(page_headers(body, form_action=form_action), body)


def _json_answer(detail: str, traces: tuple[Trace, ...]) -> DebugAnswer:
    first = traces[0]
    members: dict[str, Any] = {"exception": first.kind, "traceback": own_lines(first)}
    if first.help:
        members["help"] = first.help
    return json_answer(problem_details(500, detail, **members))


def json_answer(text: str) -> DebugAnswer:
    """Return problem details as an answer."""
    body = text.encode()
    headers = [("Content-Type", PROBLEM_TYPE), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    return DebugAnswer([*headers, ("X-Content-Type-Options", "nosniff")], body)


def _hidden(sections: tuple[DetailSection, ...], values: Values) -> tuple[DetailSection, ...]:
    return tuple(
        DetailSection(section.title, tuple((name, values.hidden(value)) for name, value in section.rows), section.text)
        for section in sections
    )
