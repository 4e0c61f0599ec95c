"""waitress' task threads, woken one after another as they are needed, and not all for a moment's work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from gearbox_lite.server.http.throttle import Throttle

PATIENCE = 0.001
"""Seconds that a request waits for the threads that run before another one is woken for it.

Most requests take less. Only one thread at a time runs Python, so waking more for these takes time and gains nothing.
"""
TASK_THREAD = "waitress-"
"""How the names of task threads begin, as waitress names them."""
IMPATIENCE = 0.1
"""Seconds for which no request waits so after one has waited in vain: those that run are waiting for something."""


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Leaves requests to the threads that run, until ``call_another`` is told that it takes too long."""

    _patient_from = 0.0

    def __init__(self) -> None:
        super().__init__()
        self._is_behind = Throttle()
        self._deepest = 0

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        """Start a task thread that is no daemon, since the threads that a request starts would then be daemons too.

        Those would be cut when the process ends, although Python waits for a plain thread.
        """
        threading.Thread(target=target, name=f"{TASK_THREAD}{thread_no}", args=(thread_no,), daemon=False).start()

    def add_task(self, task: Any) -> None:
        """Queue a request, and wake a thread if none runs or they are slow; log now and then if all of them run."""
        with self.lock:
            self.queue.append(task)
            if self.active_count and self.has_idle() and time.monotonic() >= self._patient_from:
                return
            self.queue_cv.notify()
            waiting = len(self.queue) - (len(self.threads) - self.stop_count - self.active_count)
            if waiting <= 0:
                return
            self._deepest = max(self._deepest, waiting)
            if not self._is_behind.is_due():
                return
            deepest, self._deepest, threads = self._deepest, 0, len(self.threads)
        self.queue_logger.warning(
            "Task queue depth is up to %d: requests wait because all %d threads are busy; "
            "raise threads in [server:...], or workers in [serve]",
            deepest,
            threads,
        )

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
