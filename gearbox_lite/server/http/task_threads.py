"""The threads that answer requests, one of which leads (leader.py), and what they do for one request."""

from __future__ import annotations

import logging
import os
import threading
from typing import Protocol

TASK_THREAD = "waitress-"
"""How the names of task threads begin, as waitress names them."""


class QueuedRequest(Protocol):
    """What is queued: a channel, which then answers its first request."""

    def service(self) -> None:
        """Answer one request."""


class TaskThread:
    """A thread that may lead, and the lock on which it sleeps."""

    __slots__ = ("ident", "native_id", "wakeup")

    def __init__(self) -> None:
        self.ident = self.native_id = 0
        self.wakeup = threading.Lock()
        self.wakeup.acquire()

    def identify(self) -> None:
        """Remember that this is the thread that calls."""
        self.ident, self.native_id = threading.get_ident(), threading.get_native_id()


def answer(request: QueuedRequest, pid: int) -> None:
    """Answer a request, whatever it raises. A process that it forks, which has another id than ``pid``, ends here.

    Such a process is a copy with this thread alone: it must neither lead, since it shares the pipe that wakes the
    leader, nor answer the queued requests a second time.
    """
    try:
        request.service()
    except BaseException:
        logging.getLogger("waitress").exception("Exception when servicing %r", request)
    if os.getpid() != pid:
        logging.getLogger("waitress").error(
            "a process that a request has forked returned from the application, and has been ended; "
            "end it with os._exit, or use multiprocessing"
        )
        os._exit(1)
