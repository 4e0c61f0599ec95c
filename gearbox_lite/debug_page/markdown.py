"""An error as Markdown, to paste into an issue or a chat: what, where, versions, and the request without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gearbox_lite.debug_page.request_details import DetailSection
from gearbox_lite.debug_page.traces import StackFrame, Trace

_SECTIONS = ("Request", "Query", "Form", "Environment")
"""What helps the person who reads it; the session and the WSGI environment do not."""


def to_markdown(title: str, traces: Iterable[Trace], sections: Iterable[DetailSection]) -> str:
    """Return the text."""
    lines = [f"# {_one_line(title)}"]
    for trace in traces:
        lines += _of_trace(trace)
    for section in sections:
        if section.title in _SECTIONS and section.rows:
            lines += ["", f"## {section.title}", ""]
            lines += [f"- {name}: {_code(value)}" for name, value in section.rows]
    return "\n".join(lines) + "\n"


def _of_trace(trace: Trace) -> Iterator[str]:
    if trace.relation:
        yield from ("", f"This exception {trace.relation}:", "", f"**{_one_line(f'{trace.kind}: {trace.message}')}**")
    if trace.help:
        yield from ("", trace.help)
    yield from ("", *(f"- {note}" for note in trace.notes))
    if trace.frames:
        shown = [line for frame in trace.frames for line in _of_frame(frame)]
        fence = "`" * max(3, *(_ticks(line) + 1 for line in shown))
        yield from ("", f"{fence}text", "Traceback (most recent call last):", *shown)
        yield from (_one_line(f"{trace.kind}: {trace.message}"), fence)
    for child in trace.children:
        yield from _of_trace(child)


def _of_frame(frame: StackFrame) -> Iterator[str]:
    if frame.line is None:
        yield f"  [{frame.function}]"
        return
    yield f'  File "{frame.name}", line {frame.line}{f", in {frame.function}" if frame.function else ""}'
    yield from (f"    {line.text.strip()}" for line in frame.lines if line.is_current)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    fence = "`" * (_ticks(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{_one_line(text)}{space}{fence}"


def _ticks(text: str) -> int:
    """Return the length of the longest run of backticks."""
    longest = current = 0
    for letter in text:
        current = current + 1 if letter == "`" else 0
        longest = max(longest, current)
    return longest
