"""Whether a request runs in this thread, in servers that have only one and whose loop a signal must interrupt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class Busy:
    """A WSGI application that knows whether a request of it runs in the main thread, to the end of its answer."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._running = False

    def is_busy(self) -> bool:
        """Whether the main thread answers a request."""
        return self._running

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if threading.current_thread() is not threading.main_thread():
            return self._application(environ, start_response)
        self._running = True
        try:
            return _Answer(self._application(environ, start_response), self._end)
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        self._running = False


class _Answer:
    def __init__(self, parts: Iterable[bytes], end: Callable[[], None]) -> None:
        self._parts = parts
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        """Close the answer, which WSGI servers do once it is sent."""
        try:
            if hasattr(self._parts, "close"):
                self._parts.close()
        finally:
            self._end()
