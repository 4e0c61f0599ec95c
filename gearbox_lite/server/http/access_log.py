"""The access log: one record of the logger ``gearbox_lite.access`` for each answer, when it is finished.

Its fields: ``client`` (behind a trusted proxy, the address that the proxy names), ``method``, ``path`` with the query
string, ``status``, ``bytes`` of the body, ``duration_ms``, and ``request_id`` if a proxy sends X-Request-ID.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from typing import Any
from urllib.parse import unquote_plus

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.task import Task

from gearbox_lite.loggers import ACCESS_LOG
from gearbox_lite.output import printable
from gearbox_lite.server.http.channel import Channel
from gearbox_lite.server.http.tasks import ApplicationTask, RefusalTask

_log = logging.getLogger(ACCESS_LOG)
_MESSAGE = "%(client)s %(method)s %(path)s %(status)s %(bytes)d %(duration_ms).1f ms"
_SECRET = re.compile(
    "credential|csrf|jwt|passphrase|passw|secret|session|signature|token"  # anywhere in the name
    "|(auth|authorization|code|key|otp|pass|pin|pwd|sid|sig)s?$",  # at its end
    re.IGNORECASE,
)
"""Names of parameters whose values are masked."""
_REQUEST_ID = re.compile(r"[!-~]{1,100}")
_MAX_CLIENT_LENGTH = 100


class _Record(logging.LogRecord):
    """A record that costs half of logging's own, since what is the same for all requests is computed once."""

    _common = logging.LogRecord(ACCESS_LOG, logging.INFO, __file__, 0, "", (), None).__dict__

    def __init__(self, message: str, fields: dict[str, Any]) -> None:
        now, thread, common = time.time(), threading.current_thread(), self._common
        self.__dict__ = {
            **common,
            **fields,  # as logging does with ``extra``
            "msg": message,
            "args": fields,
            "created": now,
            "msecs": now % 1 * 1000,
            "relativeCreated": common["relativeCreated"] + (now - common["created"]) * 1000,
            "thread": thread.ident,
            "threadName": thread.name,
            "process": os.getpid(),
        }


class _LoggedTask(Task):  # type: ignore[misc]
    _streamed = 0

    def service(self) -> None:
        """Answer the request, then log it."""
        self.channel.file_bytes = 0
        started = time.perf_counter()
        try:
            super().service()
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            log_request(self, milliseconds)

    def write(self, data: bytes) -> None:
        """Write a part of the body, and count its bytes if waitress does not."""
        super().write(data)
        if self.content_length is None:
            self._streamed += len(data)

    def body_bytes(self) -> int:
        """Return the bytes of the body that were written, without the framing of chunks."""
        if not self.has_body or self.request.command == "HEAD":
            return 0
        return int(self._streamed + self.content_bytes_written + self.channel.file_bytes)


class _LoggedApplicationTask(_LoggedTask, ApplicationTask):
    pass


class _LoggedRefusalTask(_LoggedTask, RefusalTask):
    pass


class LoggedChannel(Channel):
    """A connection whose requests are logged."""

    task_class = _LoggedApplicationTask
    error_task_class = _LoggedRefusalTask
    file_bytes = 0

    def write_soon(self, data: Any) -> int:
        """Queue bytes or a file; the bytes of a file are counted here, since they do not pass through the task."""
        count: int = super().write_soon(data)
        if isinstance(data, ReadOnlyFileBasedBuffer):
            self.file_bytes += count
        return count


def log_request(task: _LoggedTask, milliseconds: float) -> None:
    """Log an answered request. The fields are attributes of the record, as with logging's ``extra``."""
    if not _log.isEnabledFor(logging.INFO):
        return
    request, status = task.request, str(task.status).partition(" ")[0]
    client = (getattr(task, "environ", None) or {}).get("REMOTE_ADDR") or task.channel.addr[0]
    path, query = request.path, request.query
    fields: dict[str, Any] = {
        "client": printable(str(client)[:_MAX_CLIENT_LENGTH]).replace(" ", "") or "-",
        "method": printable(request.command) or "-",
        "path": printable(f"{path}?{mask(query)}" if query else path or "-").replace(" ", "%20"),
        "status": int(status) if status.isdecimal() else status,
        "bytes": task.body_bytes(),
        "duration_ms": round(milliseconds, 1),
    }
    message = _MESSAGE
    request_id = request.headers.get("X_REQUEST_ID")
    if request_id and _REQUEST_ID.fullmatch(request_id):
        fields["request_id"] = request_id
        message += " id=%(request_id)s"
    _log.handle(_Record(message, fields))


def mask(query: str) -> str:
    """Return a query string with ``...`` for each value whose name looks like that of a secret.

    On a debug page that includes ``s``, the secret of the console of backlash and werkzeug.
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
