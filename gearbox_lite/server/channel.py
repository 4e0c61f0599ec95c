"""waitress' connections, with answers that only its I/O thread sends, in one piece where they are short.

waitress' task threads send headers and body themselves, each in a system call that gives Python's lock away, often to
the I/O thread, and then wait for it: half of a short request's time (waitress 3.0, ``HTTPChannel.write_soon``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, Task, WSGITask

SHORT = 1 << 16
"""Bytes up to which headers and body are copied into one piece."""


class _Task(Task):  # type: ignore[misc]
    def write(self, data: bytes) -> None:
        """Write a part of the body, the first one together with the headers."""
        with_headers = not self.wrote_header
        if with_headers:
            self.channel.hold()
        try:
            super().write(data)
        finally:
            if with_headers:
                self.channel.release()


class OneWriteWSGITask(_Task, WSGITask):  # type: ignore[misc]
    """An application's answer."""


class OneWriteErrorTask(_Task, ErrorTask):  # type: ignore[misc]
    """waitress' own answer to a request that it cannot read, or whose application has failed."""


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection on which the I/O thread sends what the task threads write, as soon as it is written."""

    task_class = OneWriteWSGITask
    error_task_class = OneWriteErrorTask
    _held: list[bytes] | None = None

    def hold(self) -> None:
        """Keep what is written until ``release``; only the thread of the request that runs calls both."""
        self._held = []

    def release(self) -> None:
        """Write what has been kept, in one piece where that is short."""
        held, self._held = self._held or [], None
        is_short = sum(map(len, held)) <= SHORT
        for part in [b"".join(held)] if is_short else held:
            self.write_soon(part)

    def write_soon(self, data: Any) -> int:
        """Have some bytes, or a file, sent."""
        if self._held is None:
            return super().write_soon(data)  # type: ignore[no-any-return]
        self._held.append(data)
        return len(data)

    def _flush_exception(self, flush: Callable[..., bool] | None, do_close: bool = True) -> tuple[bool, bool]:  # noqa: FBT001, FBT002 (waitress' signature)
        """Send, unless a task thread asks (it may not close): told that nothing was sent, it wakes the I/O thread."""
        return super()._flush_exception(flush, do_close) if do_close else (False, False)
