"""Writing to the terminal in color, with unprintable characters escaped so that no file name or data controls it."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import IO, Any, TextIO

_STYLES = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}
"""The codes of ANSI's colors and of bold (ECMA-48, "select graphic rendition")."""
_WITH_LINKS = {
    "TERM_PROGRAM": ("iTerm.app", "WezTerm", "vscode", "ghostty", "Tabby", "mintty"),
    "TERM": ("alacritty", "contour", "foot", "foot-extra", "xterm-ghostty", "xterm-kitty"),
}
"""Values of environment variables by which terminals that have links (OSC 8) are known."""
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
    show_text("\n".join(printable(line, keep="\t") for line in lines) + "\n", stream)


def show_text(text: str, stream: TextIO) -> None:
    """Write text that is printable except for its styles, as ``show`` does."""
    if not text.isascii() and (getattr(stream, "encoding", None) or "").lower() in _ASCII:
        stream.flush()
        stream.buffer.write(text.encode(errors="replace"))
        stream.buffer.flush()
    else:
        write(stream, text)


def show_error(message: str) -> None:
    """Write one error line; its label is colored if ``is_colored``."""
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
    """Whether to write colors to a stream: never with NO_COLOR, always with FORCE_COLOR, otherwise on a terminal.

    These are variables that many programs know (https://no-color.org, https://force-color.org).
    """
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colored(text: str, *styles: str) -> str:
    """Return text in a color of _STYLES, bold, or both."""
    return "".join(f"\x1b[{_STYLES[style]}m" for style in styles) + f"{text}\x1b[0m"


def link(url: str, stream: IO[Any]) -> str:
    """Return a URL, bold in color, and a link on terminals that are known to have links (OSC 8).

    Others show the sequence, or find URLs by themselves. tmux and screen pass it on only to some terminals.
    """
    if not is_colored(stream):
        return url
    styled = colored(url, "bold")
    return f"\x1b]8;;{url}\x1b\\{styled}\x1b]8;;\x1b\\" if url.startswith("http") and _has_links(stream) else styled


def _has_links(stream: IO[Any]) -> bool:
    environ = os.environ
    if not stream.isatty() or "TMUX" in environ or "STY" in environ:
        return False
    if any(environ.get(name) in known for name, known in _WITH_LINKS.items()):
        return True
    vte = environ.get("VTE_VERSION", "")  # GNOME Terminal and others; 5000 crashes on a link
    return "WT_SESSION" in environ or "KONSOLE_VERSION" in environ or (vte.isdecimal() and int(vte) > 5000)


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
    shown = colored(label, color, "bold") if is_colored(sys.stderr) else label
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
