"""An exception as plain data: its message, frames, notes, and the exceptions that it comes from or contains."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

from gearbox_lite.application import tracebacks
from gearbox_lite.application.user_code import SITES, is_library, is_ours
from gearbox_lite.debug_page.excerpts import SourceLine, Span, file_name, read_excerpt
from gearbox_lite.debug_page.variables import Values
from gearbox_lite.errors import Location

_MAX_FIRST, _MAX_LAST = 15, 45
"""Frames at both ends of a traceback that are shown; an endless recursion has a thousand."""
_MAX_RELATED = 10
"""Exceptions of a chain, and of a group, that are shown."""
_MAX_DEPTH = 3
"""Levels of groups inside groups that are shown."""
_MAX_TEXT = 4000
"""Characters of a message and of a note that are shown."""
_TEMPLATE_ENGINES = frozenset({"chameleon", "genshi", "jinja2", "kajiki", "mako"})
"""Packages whose exceptions name the file and line of a template."""
_MIDDLEWARE = "middleware of this project"
_THIS = os.path.dirname(os.path.abspath(__file__)) + os.sep


@dataclass(frozen=True)
class StackFrame:
    """One call: where it is, the lines around it, and its variables.

    ``package`` is empty for the user's own code, except for middleware that has only passed the request on.
    """

    file: str
    name: str
    line: int | None
    function: str
    package: str
    lines: tuple[SourceLine, ...]
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is in the user's own code."""
        return not self.package


@dataclass(frozen=True)
class FrameGroup:
    """Frames in a row: one of the user's own, or several of one package, which the page folds."""

    package: str
    frames: tuple[StackFrame, ...]


@dataclass(frozen=True)
class Trace:
    """One exception. ``frames`` are in the order of the calls; ``relation`` says what it is to the one before.

    ``help`` explains a common mistake, unless the message does so itself. The mistake is at ``help_file`` and
    ``help_line`` if that is known.
    """

    kind: str
    message: str
    frames: tuple[StackFrame, ...]
    notes: tuple[str, ...] = ()
    help: str = ""
    help_file: str = ""
    help_line: int | None = None
    relation: str = ""
    children: tuple[Trace, ...] = ()

    @property
    def culprit(self) -> StackFrame | None:
        """The innermost frame of the user's own code, or the innermost one at all."""
        own = tuple(frame for frame in self.frames if frame.is_own)
        return next(reversed(own or self.frames), None)

    @property
    def groups(self) -> tuple[FrameGroup, ...]:
        """The frames, the innermost first, in groups by package; each frame of the user's own code is one group."""
        numbered = enumerate(reversed(self.frames))
        grouped = groupby(numbered, key=lambda item: item[1].package or item[0])
        groups = [[frame for _, frame in group] for _, group in grouped]
        return tuple(FrameGroup(frames[0].package, tuple(frames)) for frames in groups)


def describe_chain(error: BaseException, values: Values) -> tuple[Trace, ...]:
    """Return an exception, and those that it was raised from, or while handling."""
    chain = list(_chain(error))
    traces = [_describe(one, values, relation) for one, relation in chain[:_MAX_RELATED]]
    if left_out := len(chain) - len(traces):
        note = f"This exception comes from {left_out} more, which are not shown."
        traces[-1] = replace(traces[-1], notes=(*traces[-1].notes, note))
    return tuple(_without_secrets(trace, values) for trace in traces)


def _without_secrets(trace: Trace, values: Values) -> Trace:
    """Return a trace without the texts that have turned out to be secrets, wherever it has them."""
    frames = tuple(
        replace(frame, variables=tuple((name, values.hidden(value)) for name, value in frame.variables))
        for frame in trace.frames
    )
    return replace(
        trace,
        message=values.hidden(trace.message),
        help=values.hidden(trace.help),
        notes=tuple(map(values.hidden, trace.notes)),
        frames=frames,
        children=tuple(_without_secrets(child, values) for child in trace.children),
    )


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    seen: set[int] = set()
    current: BaseException | None = error
    relation = ""
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current, relation
        if current.__cause__ is not None:
            current, relation = current.__cause__, "was the direct cause of the exception above"
        elif current.__suppress_context__:
            return
        else:
            current, relation = current.__context__, "was being handled when the exception above occurred"


def _describe(error: BaseException, values: Values, relation: str, depth: int = 0) -> Trace:
    explained = tracebacks.explain(error) if isinstance(error, Exception) else None
    inner = _exceptions_of(error) if depth < _MAX_DEPTH else []
    children = [_describe(one, values, "", depth + 1) for one in inner[:_MAX_RELATED]]
    frames = tuple(_frames(error.__traceback__, values))
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    return Trace(
        kind.__qualname__ if package in ("builtins", "gearbox_lite") else f"{kind.__module__}.{kind.__qualname__}",
        values.text(_message(error)),
        (*frames, *_place_of_syntax_error(error)),
        tuple(map(values.text, _notes(error, len(inner) - len(children)))),
        explained.message if explained is not None else "",
        *_place_of(error if explained is None else explained),
        relation,
        tuple(children),
    )


def _place_of(error: BaseException) -> tuple[str, int | None]:
    """Return the file and line that an explanation, or an error that explains itself, names; empty for none."""
    at = getattr(error, "at", None)
    if not isinstance(at, Location) or not isinstance(at.source, os.PathLike):
        return "", None
    return os.fspath(at.source), at.line


def _exceptions_of(error: BaseException) -> list[BaseException]:
    """Return the exceptions of a group, also of the backport for Python 3.10; none for other exceptions."""
    found = getattr(error, "exceptions", ()) if type(error).__name__.endswith("ExceptionGroup") else ()
    return [one for one in found if isinstance(one, BaseException)] if isinstance(found, (list, tuple)) else []


def _message(error: BaseException) -> str:
    return _text_of(error.msg if isinstance(error, SyntaxError) else error, "message")


def _notes(error: BaseException, left_out: int) -> Iterator[str]:
    """Yield the notes of an exception, and how many of its group are not shown."""
    notes = getattr(error, "__notes__", ())
    for note in notes[:_MAX_RELATED] if isinstance(notes, (list, tuple)) else ():
        yield _text_of(note, "note")
    if left_out:
        yield f"{left_out} more exceptions of this group are not shown."


def _text_of(value: object, what: str) -> str:
    try:
        text = str(value)
    except Exception as failure:  # noqa: BLE001 (any code of the application)
        return f"(its {what} cannot be shown: str() raised {type(failure).__name__})"
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."


def _frames(first: TracebackType | None, values: Values) -> Iterator[StackFrame]:
    found = [item for item in _tracebacks(first) if not item.tb_frame.f_code.co_filename.startswith(_THIS)]
    own = [item for item in found if not package_of(item.tb_frame.f_code.co_filename)]
    middleware = {id(item) for item in own[:-1] if tracebacks.passes_on(item.tb_frame.f_code)}
    if len(found) > _MAX_FIRST + _MAX_LAST:
        left_out = len(found) - _MAX_FIRST - _MAX_LAST
        for item in found[:_MAX_FIRST]:
            yield _frame(item, values, is_middleware=id(item) in middleware)
        yield StackFrame("", "", None, f"{left_out} calls are not shown", "recursion", ())
        found = found[-_MAX_LAST:]
    for item in found:
        yield _frame(item, values, is_middleware=id(item) in middleware)


def _tracebacks(current: TracebackType | None) -> Iterator[TracebackType]:
    while current is not None:
        yield current
        current = current.tb_next


def _frame(item: TracebackType, values: Values, *, is_middleware: bool) -> StackFrame:
    code = item.tb_frame.f_code
    file = code.co_filename
    return StackFrame(
        file,
        file_name(file),
        item.tb_lineno,
        getattr(code, "co_qualname", code.co_name),
        _MIDDLEWARE if is_middleware else package_of(file),
        read_excerpt(file, item.tb_lineno, _span(code, item.tb_lasti) if file.endswith(".py") else None),
        # In libraries, a name that ends in key is usually that of a cache or a dict.
        values.variables(_data_of(item.tb_frame), hides=not package_of(file)),
    )


def _data_of(frame: FrameType) -> dict[str, Any]:
    """Return the variables of a frame, of a module only data: it has all that it imports and defines as well."""
    found = frame.f_locals
    if frame.f_code.co_name != "<module>":
        return found
    return {name: value for name, value in found.items() if not isinstance(value, (type, ModuleType, FunctionType))}


def package_of(file: str) -> str:
    """Return the package that a file belongs to; empty for the user's own files."""
    if tracebacks.is_users_file(file):
        return ""
    if is_ours(file):
        return "gearbox_lite"
    parts = file.split(os.sep)
    site = next((number for number, part in enumerate(parts) if part in SITES), None)
    if site is not None and len(parts) > site + 1:
        return parts[site + 1].removesuffix(".py")
    return "Python" if is_library(file) or file.startswith("<frozen ") else file


def _span(code: CodeType, instruction: int) -> Span | None:
    """Return what an instruction was compiled from; None before Python 3.11, which does not know the columns."""
    if instruction < 0 or not hasattr(code, "co_positions"):
        return None
    positions = next((item for at, item in enumerate(code.co_positions()) if at == instruction // 2), None)
    if positions is None or None in positions:
        return None
    line, end_line, start, end = positions
    return Span(line, _characters(code, line, start), end_line, _characters(code, end_line, end))


def _characters(code: CodeType, line: int | None, column: int | None) -> int:
    """Return a column in characters; Python counts the bytes of UTF-8."""
    import linecache

    text = linecache.getline(code.co_filename, line or 0)
    return len(text.encode()[: column or 0].decode(errors="replace"))


def _place_of_syntax_error(error: BaseException) -> Iterable[StackFrame]:
    """Return, as a frame, the place that a SyntaxError of Python or of a template names; it has no frame of its own.

    Another exception may get its attributes from a request, and so name any file.
    """
    file = getattr(error, "filename", None)
    line = getattr(error, "lineno", None)
    is_syntax_error = isinstance(error, SyntaxError) or type(error).__module__.partition(".")[0] in _TEMPLATE_ENGINES
    if not is_syntax_error or not isinstance(file, str) or not isinstance(line, int):
        return
    span = None
    if isinstance(error, SyntaxError) and error.offset:
        text = error.text or ""
        start = max(0, error.offset - 1)
        end_line = getattr(error, "end_lineno", None) or line
        end = (getattr(error, "end_offset", None) or 0) - 1
        if end_line == line and end <= start:  # Python 3.10, or an error that has no end
            end = max(len(text.rstrip()), start + 1)
        span = Span(line, start, end_line, end)
    if Path(file).is_file():
        yield StackFrame(file, file_name(file), line, "", package_of(file), read_excerpt(file, line, span))


def own_lines(trace: Trace) -> list[str]:
    """Return the frames of the user's own code as lines, the innermost last."""
    return [f"{frame.name}:{frame.line} in {frame.function}" for frame in trace.frames if frame.is_own]
