"""The last step of a graceful shutdown: threads get the rest of the drain timeout, then the process exits.

Connections are drained before that, see drain.py.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
from contextlib import suppress

from gearbox_lite.loggers import SERVER_LOG
from gearbox_lite.server.http.task_threads import TASK_THREAD


def wait_for_threads(deadline: float, drain_timeout: float) -> bool:
    """Wait for the application's threads and thread pools as Python does when it exits, but only until the deadline.

    The deadline is on time.monotonic's clock. Daemon threads are not waited for, which is Python's rule too
    (https://docs.python.org/3/library/threading.html#thread-objects). Returns whether all have ended.
    """
    if not _running():
        return True
    waiting = threading.Thread(target=_wait, daemon=True)
    waiting.start()
    waiting.join(max(0.0, deadline - time.monotonic()))
    running = _running()
    names = ", ".join(repr(one.name) for one in running if not one.name.startswith(TASK_THREAD))
    if names:
        problem = "threads still ran after drain_timeout = %g seconds and have been cut: %s"
        logging.getLogger(SERVER_LOG).warning(problem, drain_timeout, names)
    return not running


def _wait() -> None:
    # What threading._shutdown does, which shuts concurrent.futures' pools down first. That function itself cannot be
    # called here, since it also waits for the main thread, which is waiting for this one.
    for end in reversed(getattr(threading, "_threading_atexits", [])):
        end()
    for one in _running():
        one.join()


def _running() -> list[threading.Thread]:
    """Return the threads that Python waits for: those that are not daemons, and all of concurrent.futures' pools."""
    pooled = getattr(sys.modules.get("concurrent.futures.thread"), "_threads_queues", ())
    main = threading.main_thread()
    return [one for one in threading.enumerate() if one is not main and (not one.daemon or one in pooled)]


def end_process(code: int) -> None:
    """Run what is registered with atexit, then exit at once, with whatever threads still run."""
    atexit._run_exitfuncs()  # noqa: SLF001 (before Python 3.13 multiprocessing skips what the application registered)
    flush()
    os._exit(code)


def flush() -> None:
    """Flush stdout and stderr, if they are still open."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
