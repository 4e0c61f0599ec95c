"""Writing to the terminal in color, with unprintable characters escaped so that no file name or data controls it."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import IO, Any, TextIO

_COLORS = {"red": 31, "green": 32, "yellow": 33, "cyan": 36}
"""The codes of ANSI's colors (ECMA-48, "select graphic rendition")."""
_ASCII = ("ascii", "us-ascii", "ansi_x3.4-1968")


def printable(text: str, keep: str = "") -> str:
    r"""Return ``text`` with everything unprintable as Python writes it in a string: ``\x1b``, ``\u202e``.

    That is control characters (C0, DEL and C1), line separators, what changes the direction of text, and bytes of
    file names that are not UTF-8. Characters in ``keep`` stay.
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in keep else ascii(letter)[1:-1] for letter in text)


def show(*lines: str, err: bool = False) -> None:
    """Write lines to standard output or error; a tab stays, a line feed inside a line does not.

    A stream whose encoding is ASCII gets UTF-8: that encoding comes from a locale that is not set (LC_ALL=C), which
    tells nothing about the terminal.
    """
    stream = sys.stderr if err else sys.stdout
    text = "\n".join(printable(line, keep="\t") for line in lines) + "\n"
    if not text.isascii() and (getattr(stream, "encoding", None) or "").lower() in _ASCII:
        stream.flush()
        stream.buffer.write(text.encode(errors="replace"))
        stream.buffer.flush()
    else:
        write(stream, text)


def show_error(message: str) -> None:
    """Write one error line, colored only on a terminal and never with NO_COLOR (https://no-color.org)."""
    _show_labeled("Error:", "red", message)


def show_warning(message: str) -> None:
    """Write one warning line, colored as an error is."""
    _show_labeled("Warning:", "yellow", message)


def show_report(report: str) -> None:
    """Write a traceback to standard error."""
    show(*report.rstrip("\n").split("\n"), err=True)


def show_failure(message: str, report: str) -> None:
    """Write an error line, below the user's own traceback if there is one."""
    if report:
        show_report(report)
    show_error(message)


def is_colored(stream: IO[Any] | None) -> bool:
    """Whether to write colors to a stream: on a terminal only, and never with NO_COLOR."""
    return stream is not None and stream.isatty() and not os.environ.get("NO_COLOR")


def colored(text: str, color: str, *, bold: bool = False) -> str:
    """Return text in one of the colors of _COLORS."""
    return f"\x1b[{_COLORS[color]}m{chr(27) + '[1m' if bold else ''}{text}\x1b[0m"


class _Pipe(io.FileIO):
    """A standard stream that discards what is written once no process reads it any more."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def ignore_closed_pipes() -> None:
    """Let no ``print`` fail because the output's reader has exited, as in ``serve | head -1``."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper) or stream.isatty():
            continue
        with suppress(OSError):
            stream.flush()
            buffer = io.BufferedWriter(_Pipe(stream.fileno(), "w", closefd=False))
            wrapped = io.TextIOWrapper(
                buffer,
                encoding=stream.encoding,
                errors=stream.errors,
                line_buffering=stream.line_buffering,
                write_through=stream.write_through,
            )
            setattr(sys, name, wrapped)


def _show_labeled(label: str, color: str, message: str) -> None:
    shown = colored(label, color, bold=True) if is_colored(sys.stderr) else label
    write(sys.stderr, f"{shown} {printable(message)}\n")


def write(stream: TextIO | None, text: str) -> None:
    """Write printable text and flush it; letters that the stream's encoding lacks are escaped."""
    if stream is None:  # a program without standard streams, such as pythonw
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:  # as in Latin-1, which has few letters
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, errors="backslashreplace").decode(encoding))
    stream.flush()
