"""The access log: one line for each answer, written where waitress finishes it."""

from __future__ import annotations

import sys
import time
from contextlib import suppress

import click
from waitress.task import Task

from gearbox_lite.errors import is_coloured
from gearbox_lite.server.channel import Channel, OneWriteErrorTask, OneWriteWSGITask

_COLOURS = {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}


class _LoggedTask(Task):  # type: ignore[misc]
    def service(self) -> None:
        """Answer the request, then write its line."""
        started = time.perf_counter()
        try:
            super().service()
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            with suppress(OSError):  # nobody may be reading any more
                sys.stderr.write(_line(self, milliseconds))
                sys.stderr.flush()


class _LoggedWSGITask(_LoggedTask, OneWriteWSGITask):
    pass


class _LoggedErrorTask(_LoggedTask, OneWriteErrorTask):
    pass


class LoggedChannel(Channel):
    """A connection whose answers are written to the access log."""

    task_class = _LoggedWSGITask
    error_task_class = _LoggedErrorTask


def _line(task: Task, milliseconds: float) -> str:
    """Return time, method, path, status, bytes of the body and milliseconds."""
    request, status = task.request, str(task.status).partition(" ")[0]
    path, query = (getattr(request, name, "") for name in ("path", "query"))  # neither in a line that is no request
    target = f"{path}?{query}" if query else path or "-"
    shown_target = "".join(letter if letter.isprintable() else "?" for letter in target)
    shown = status
    if is_coloured(sys.stderr):
        shown = click.style(status, fg=_COLOURS.get(status[:1]))
    method = getattr(request, "command", None) or "-"
    size = task.content_bytes_written
    return f"{time.strftime('%H:%M:%S')} {method} {shown_target} {shown} {size} {milliseconds:.1f} ms\n"
