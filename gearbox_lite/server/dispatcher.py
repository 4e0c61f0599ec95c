"""waitress' task threads, woken one after another as they are needed, and not all for a moment's work."""

from __future__ import annotations

import time
from typing import Any

from waitress.task import ThreadedTaskDispatcher

PATIENCE = 0.001
"""Seconds that a request waits for the threads that run before another one is woken for it.

Most requests take less. Only one thread at a time runs Python, so waking more for these takes time and gains nothing.
"""
IMPATIENCE = 0.1
"""Seconds for which no request waits so after one has waited in vain: those that run are waiting for something."""


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Leaves requests to the threads that run, until ``call_another`` is told that it takes too long."""

    _patient_from = 0.0

    def add_task(self, task: Any) -> None:
        """Queue a request, and wake a thread where none runs or they are slow; waitress warns where all run."""
        with self.lock:
            if self.active_count and self.has_idle() and time.monotonic() >= self._patient_from:
                self.queue.append(task)
                return
        super().add_task(task)

    def has_idle(self) -> bool:
        """Whether a thread could be woken."""
        return bool(self.active_count < len(self.threads) - self.stop_count)

    def first(self) -> Any:
        """Return what is queued first, None where nothing is."""
        with self.lock:
            return self.queue[0] if self.queue else None

    def call_another(self, waiting: Any) -> None:
        """Wake one more thread, if this is still queued first: those that run have finished nothing."""
        with self.lock:
            if self.queue and self.queue[0] is waiting:
                self.queue_cv.notify()
                self._patient_from = time.monotonic() + IMPATIENCE
