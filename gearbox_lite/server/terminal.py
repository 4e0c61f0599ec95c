"""What a server reports: the banner, notes, warnings and failures, as records of the logger ``gearbox_lite.server``.

``log_routing`` decides where the records go: to ``ConsoleHandler``, or to the handlers of the ini.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from gearbox_lite.errors import short_path
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.loggers import ACCESS_LOG, SERVER_LOG
from gearbox_lite.output import (
    colored,
    is_colored,
    link,
    printable,
    show_failure,
    show_text,
    show_warning,
    write,
)

_STATUS_COLORS = {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing (RFC 9110, section 9.2.1); all others are shown in another color."""
_SLOW, _VERY_SLOW = 300, 1000
"""Milliseconds from which on a request's time is shown in yellow and in red."""
_MAX_FILES = 20
"""How many of the changed files a record lists."""

_log = logging.getLogger(SERVER_LOG)


class Terminal:
    """Reports what happens to a server. ``on_announced`` is called after the banner, which is shown once."""

    def __init__(self, on_announced: Callable[[ServeSettings, list[str]], None]) -> None:
        self._on_announced = on_announced

    def announce(self, settings: ServeSettings, urls: list[str], note: str = "") -> None:
        """Report the URLs of the server, before the first request is accepted."""
        details = {"urls": urls, "ini": short_path(settings.ini)}
        if settings.session is not None:
            store, key = settings.session
            details["session"] = f"type {store}, cookie {key}"
        if note:
            details["note"] = note
        _log.info("Serving at %s", " and ".join(urls), extra=details)
        self._on_announced(settings, urls)

    def note(self, message: str) -> None:
        """Report an event that needs no attention, such as a reload."""
        _log.info("%s", printable(message))

    def reloaded(self, changed: Sequence[str], milliseconds: float | None) -> None:
        """Report that a reload has succeeded, with the files that led to it and the time since they changed."""
        files = [short_path(Path(path)) for path in changed]
        words = ["Reloaded", *map(printable, files[:1])]
        details: dict[str, object] = {"files": files[:_MAX_FILES]}
        if len(files) > 1:
            words.append(f"and {len(files) - 1} more")
        if milliseconds is not None:
            words.append(f"({milliseconds:.0f} ms)" if milliseconds < 1000 else f"({milliseconds / 1000:.1f} s)")
            details["duration_ms"] = round(milliseconds, 1)
        _log.info("%s", " ".join(words), extra=details)

    def warn(self, message: str) -> None:
        """Report a problem that does not stop the server."""
        _log.warning("%s", printable(message))

    def fail(self, message: str, report: str = "") -> None:
        """Report why the application does not load, with the user's own traceback."""
        record = _log.makeRecord(SERVER_LOG, logging.ERROR, "", 0, "%s", (printable(message),), None)
        if report:  # exc_text is what formatters write below the message
            record.exc_text = printable(report.rstrip("\n"), keep="\t\n")
        _log.handle(record)


class ConsoleHandler(logging.Handler):
    """Shows a server's records to a person: the banner and notes on standard output, the rest on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            if record.name == ACCESS_LOG:
                _show_request(record)
            elif record.levelno >= logging.ERROR:
                show_failure(record.getMessage(), record.exc_text or "")
            elif record.levelno >= logging.WARNING:
                show_warning(record.getMessage())
            elif hasattr(record, "urls"):
                _show_banner(record)
            else:
                _show_note(record)
        except Exception:  # noqa: BLE001 (as all handlers do)
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Discard what is written to a stream that no process reads any more, as in ``serve | head -1``."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)
            return
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                _discard_if_unread(stream)


def _show_banner(record: logging.LogRecord) -> None:
    values = {"stop": "Ctrl-C", **record.__dict__}
    urls = " and ".join(link(printable(url), sys.stdout) for url in values["urls"])
    details = [f"  {name:8} {values[name]}" for name in ("ini", "session", "stop", "note") if name in values]
    show_text("\n".join([f"Serving at {urls}", *map(printable, details)]) + "\n", sys.stdout)


def _show_note(record: logging.LogRecord) -> None:
    message = printable(record.getMessage())
    if hasattr(record, "files") and is_colored(sys.stdout):
        first, space, rest = message.partition(" ")
        message = colored(first, "green") + space + rest
    show_text(f"{_clock(int(record.created))} {message}\n", sys.stdout)


def _show_request(record: logging.LogRecord) -> None:
    if isinstance(record.args, dict) and is_colored(sys.stderr):
        message = _colored_request(record.msg, record.args)
    else:
        message = record.getMessage()
    write(sys.stderr, f"{_clock(int(record.created))} {message}\n")


def _colored_request(message: str, fields: Mapping[str, Any]) -> str:
    """Return a line of the access log with its method, its status and the time of a slow request in color."""
    method, status, milliseconds = fields["method"], str(fields["status"]), fields["duration_ms"]
    colors = {
        "%(method)s": "cyan" if method in _SAFE_METHODS else "magenta",
        "%(status)s": _STATUS_COLORS.get(status[:1]),
        "%(duration_ms).1f ms": "red" if milliseconds >= _VERY_SLOW else "yellow" if milliseconds >= _SLOW else None,
    }
    for field, color in colors.items():
        message = message.replace(field, colored(field, color)) if color else message
    return message % fields


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


def _discard_if_unread(stream: TextIO) -> None:
    """Point a stream at /dev/null if writing to it fails."""
    try:
        stream.flush()
    except OSError:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
        stream.flush()
