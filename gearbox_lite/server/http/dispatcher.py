"""waitress' task threads, woken one at a time as they are needed instead of one for each request.

Only one thread at a time runs Python: the one that has Python's lock (the GIL). If a task thread is running, a request
that is queued now is usually taken by it before a second one, woken for it, would get the lock. So no thread is woken
at first; the I/O thread waits for ``NEXT_THREAD_DELAY`` and then wakes another one (``Server._wait_for_threads``),
since the running ones are slow.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from gearbox_lite.server.http.throttle import Throttle

NEXT_THREAD_DELAY = 0.001
"""Seconds that a request waits for the running threads before another one is woken; most requests take less."""
NO_DELAY_TIME = 0.1
"""Seconds for which each request wakes a thread at once after one has waited too long: the running ones are slow."""
TASK_THREAD = "waitress-"
"""How the names of task threads begin, as waitress names them."""


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Leaves requests to the running threads until ``wake_another`` is called because they take too long.

    ``lock`` guards the queue, the counts and this class's own fields; it is the innermost lock, taken while a
    connection's ``requests_lock`` is held and never the other way round.
    """

    _no_delay_until = 0.0

    def __init__(self) -> None:
        super().__init__()
        self._is_behind = Throttle()
        self._deepest = 0

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        """Start a task thread that is not a daemon, since threads that the application starts in it inherit that.

        Python waits for plain threads when the process exits, but cuts daemons.
        """
        threading.Thread(target=target, name=f"{TASK_THREAD}{thread_no}", args=(thread_no,), daemon=False).start()

    def add_task(self, task: Any) -> None:
        """Queue a request, and wake a thread if none runs or they are slow; log now and then if all are busy."""
        with self.lock:
            self.queue.append(task)
            if self.active_count and self.has_idle() and time.monotonic() >= self._no_delay_until:
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
        """Return the first request in the queue, None if it is empty."""
        with self.lock:
            return self.queue[0] if self.queue else None

    def wake_another(self, waiting: Any) -> None:
        """Wake one more thread if this request is still the first in the queue: the running ones have finished none."""
        with self.lock:
            if self.queue and self.queue[0] is waiting:
                self.queue_cv.notify()
                self._no_delay_until = time.monotonic() + NO_DELAY_TIME
