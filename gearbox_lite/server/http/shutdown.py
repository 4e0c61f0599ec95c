"""The end of a process that has served: threads get the rest of the drain's time, then what atexit knows runs."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from contextlib import suppress

from gearbox_lite.output import show_warning
from gearbox_lite.server.http.dispatcher import TASK_THREAD


def wait_for_threads(deadline: float, drain_timeout: float) -> bool:
    """Wait for the application's threads and thread pools as Python does at its end, but only until the deadline.

    The deadline is on time.monotonic's clock. Daemon threads are not waited for, which is Python's rule as well
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
        show_warning(f"threads still ran after drain_timeout = {drain_timeout:g} seconds and have been cut: {names}")
    return not running


def _wait() -> None:
    # As threading._shutdown does, which ends concurrent.futures' pools first, but which also awaits the main thread.
    for end in reversed(getattr(threading, "_threading_atexits", [])):
        end()
    for one in _running():
        one.join()


def _running() -> list[threading.Thread]:
    """Return the threads that Python waits for: those that are no daemons, and all of pools (concurrent.futures)."""
    pooled = getattr(sys.modules.get("concurrent.futures.thread"), "_threads_queues", ())
    main = threading.main_thread()
    return [one for one in threading.enumerate() if one is not main and (not one.daemon or one in pooled)]


def end_process(code: int) -> None:
    """Run what is registered with atexit, and end this process with its threads."""
    atexit._run_exitfuncs()  # noqa: SLF001 (multiprocessing leaves the application's own out before Python 3.13)
    flush()
    os._exit(code)


def flush() -> None:
    """Write out what is printed, if its reader is still there."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
