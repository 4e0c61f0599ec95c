"""The access log: one line for each answer, written when the application has finished it."""

from __future__ import annotations

import re
import sys
import time
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.task import Task

from gearbox_lite.output import colored, is_colored, printable
from gearbox_lite.server.http.channel import Channel
from gearbox_lite.server.http.tasks import ApplicationTask, RefusalTask

_COLORS = {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}
_SECRET = re.compile(
    "credential|csrf|jwt|passphrase|passw|secret|session|signature|token"  # anywhere in the name
    "|(auth|authorization|code|key|otp|pass|pin|pwd|sid|sig)s?$",  # at its end
    re.IGNORECASE,
)
"""Names of parameters whose values are not written."""
_REQUEST_ID = re.compile(r"[!-~]{1,100}")
_LONGEST_CLIENT = 100


class _LoggedTask(Task):  # type: ignore[misc]
    _streamed = 0

    def service(self) -> None:
        """Answer the request, then write its line."""
        self.channel.file_bytes = 0
        started = time.perf_counter()
        try:
            super().service()
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            with suppress(OSError):  # no process may be reading any more
                sys.stderr.write(_line(self, milliseconds))
                sys.stderr.flush()

    def write(self, data: bytes) -> None:
        """Write a part of the body, and count it if waitress does not."""
        super().write(data)
        if self.content_length is None:
            self._streamed += len(data)

    def body_bytes(self) -> int:
        """Return how many bytes of the body were written, without what frames its chunks."""
        if not self.has_body or self.request.command == "HEAD":
            return 0
        return int(self._streamed + self.content_bytes_written + self.channel.file_bytes)


class _LoggedApplicationTask(_LoggedTask, ApplicationTask):
    pass


class _LoggedRefusalTask(_LoggedTask, RefusalTask):
    pass


class LoggedChannel(Channel):
    """A connection whose answers are written to the access log."""

    task_class = _LoggedApplicationTask
    error_task_class = _LoggedRefusalTask
    file_bytes = 0

    def write_soon(self, data: Any) -> int:
        """Have some bytes, or a file, sent; files are counted, since they do not pass through the task."""
        count: int = super().write_soon(data)
        if isinstance(data, ReadOnlyFileBasedBuffer):
            self.file_bytes += count
        return count


def _line(task: _LoggedTask, milliseconds: float) -> str:
    """Return time, client, method, path, status, bytes of the body, milliseconds, and a proxy's request id if any."""
    request, status = task.request, str(task.status).partition(" ")[0]
    client = (getattr(task, "environ", None) or {}).get("REMOTE_ADDR") or task.channel.addr[0]
    client = printable(str(client)[:_LONGEST_CLIENT]).replace(" ", "") or "-"
    path, query = request.path, request.query
    target = printable(f"{path}?{mask(query)}" if query else path or "-").replace(" ", "%20")
    shown = status
    if is_colored(sys.stderr):
        shown = colored(status, _COLORS[status[:1]]) if status[:1] in _COLORS else status
    request_id = request.headers.get("X_REQUEST_ID")
    rest = f" id={request_id}" if request_id and _REQUEST_ID.fullmatch(request_id) else ""
    return (
        f"{_clock(int(time.time()))} {client} {printable(request.command) or '-'} {target} {shown}"
        f" {task.body_bytes()} {milliseconds:.1f} ms{rest}\n"
    )


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


def mask(query: str) -> str:
    """Return a query string in which ``...`` stands for each value whose name looks like that of a secret.

    While debugging, ``s`` is one too: the secret of the console of backlash and werkzeug.
    """
    parts = re.split("([&;])", query)
    names = [unquote_plus(part.partition("=")[0]) for part in parts]
    is_console = "__debugger__" in names
    return "".join(
        f"{part.partition('=')[0]}=..."
        if "=" in part and (_SECRET.search(name) or (is_console and name == "s"))
        else part
        for part, name in zip(parts, names, strict=True)
    )
