"""Reports where an application is that has been loading for seconds: in an endless loop, or waiting for a server."""

from __future__ import annotations

import linecache
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gearbox_lite.application.user_code import is_users

SECONDS_UNTIL_SLOW = 3.0
_log = logging.getLogger("gearbox_lite.server")


@contextmanager
def report_slow_load() -> Iterator[None]:
    """Log a warning with the line of the user's code that runs if the block takes longer than three seconds."""
    thread = threading.get_ident()
    timer = threading.Timer(SECONDS_UNTIL_SLOW, lambda: _log.warning("still loading, %s", _line_of(thread)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()  # a process with another thread could not be forked


def _line_of(thread: int) -> str:
    frame = sys._current_frames().get(thread)  # noqa: SLF001 (documented, in spite of its name)
    while frame is not None and not (is_users(frame.f_code.co_filename) and Path(frame.f_code.co_filename).is_file()):
        frame = frame.f_back
    if frame is None:
        return "in installed code"
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f"{Path(file).name} line {line}: {linecache.getline(file, line).strip()}"
