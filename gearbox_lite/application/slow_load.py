"""Reports where an application is that has been loading for seconds: in an endless loop, or waiting for a server."""

from __future__ import annotations

import linecache
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gearbox_lite.application.user_code import is_ours, is_users
from gearbox_lite.loggers import SERVER_LOG

SECONDS_UNTIL_SLOW = 3.0
"""Seconds until the first report; each further one takes twice as long."""
_log = logging.getLogger(SERVER_LOG)


@contextmanager
def report_slow_load() -> Iterator[None]:
    """Log a warning with the line of the user's code that runs while the block takes longer than three seconds."""
    finished = threading.Event()
    watching = threading.Thread(target=_watch, args=[threading.get_ident(), finished], daemon=True)
    watching.start()
    try:
        yield
    finally:
        finished.set()
        watching.join()  # a process with another thread could not be forked


def _watch(thread: int, finished: threading.Event) -> None:
    seconds = SECONDS_UNTIL_SLOW
    while not finished.wait(seconds):
        seconds *= 2
        line = _line_of(thread)
        if line is not None:
            _log.warning("still loading, %s", line)


def _line_of(thread: int) -> str | None:
    """Return the user's innermost line that a thread runs; None if it runs none."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 (documented, in spite of its name)
    while frame is not None:
        file = frame.f_code.co_filename
        if Path(file).is_file():
            if is_ours(file):
                return None  # what called it is this program, too
            if is_users(file):
                return f"{Path(file).name} line {frame.f_lineno}: {linecache.getline(file, frame.f_lineno).strip()}"
        frame = frame.f_back
    return None
