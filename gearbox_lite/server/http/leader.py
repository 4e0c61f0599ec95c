"""Leader and followers: the thread that reads a request also answers it.

A thread switch costs more than a short request: Python's lock changes hands, also at each system call. So one thread
leads: it waits for events, reads and parses requests, runs the application for one after the other, and sends the
answers. The others sleep. The main thread never runs the application. It watches, and it leads when no other can:

====================  =====================================  ================================================
who leads             what happens                           until
====================  =====================================  ================================================
a worker thread       it answers what it reads               a request takes longer than ``WATCH_INTERVAL``:
                                                             the main thread gives the lead, with all queued
                                                             requests, to another worker; the former leader
                                                             finishes its request and then sleeps
the main thread,      it reads, and queues requests for      a worker is idle
all workers busy      workers
the main thread,      it reads, and wakes a worker for each  ``EAGER_TIME`` is over; then a worker leads again
requests are slow     request                                as a probe
====================  =====================================  ================================================

Who may do what, and when:

1. Waiting, reading, accepting and closing is the leader's, and only outside of requests. So these need no lock, and no
   descriptor is closed while another thread uses it. Whoever answers a request sends it too (channel.py).
2. The lead changes hands only under ``_lock``, in two ways: the leader gives it away itself, outside of requests; or
   the main thread takes it from a leader that is inside the request that it has watched (``_running``). A leader that
   comes back from a request finds out under the same lock whether it still leads. So there is exactly one leader.
3. A leader that has lost the lead touches nothing but its request. It must not go on with events or the queue. Requests
   therefore begin only when all events have been handled and nothing of them is left on its stack.
4. What has to be done by the leader is queued first (``queue``, or the poller's own) and then announced with
   ``wake_io``, unless the thread is the leader. If the lead changes in between, the new leader sees it, since it looks
   at all queues before it waits; else the thread sees that it does not lead, and wakes it.
5. A thread sleeps on its own lock (``wakeup``), and is woken once for each time it has been taken from ``_idle``.
6. ``wake_main`` and the flag of ``stop`` use no lock, since signal handlers run in the main thread at any time.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from gearbox_lite.server.http.throttle import Throttle

WATCH_INTERVAL = 0.001
"""Seconds between two looks at the leader; a request that both looks find running loses it the lead."""
SLEEP_TIME = 1.0 if os.name == "nt" else -1
"""Seconds for which the main thread sleeps at once; Windows handles Ctrl-C only in between."""
QUIET_TICKS = 100
"""Looks without a request after which the main thread sleeps until the next one."""
EAGER_TIME = 0.1
"""Seconds for which requests are given away before they are answered, once many have turned out to be slow."""
SLOW_COST = 10
"""A slow request counts as much as so many quick ones: giving each of them away would take as long as its delay."""
SLOW_LIMIT = 20
"""The balance of slow requests at which they are given away."""
WORKER_THREAD = "waitress-"
"""How the names of worker threads begin, as waitress names them."""

log = logging.getLogger("waitress.queue")


class Request(Protocol):
    """What is queued: waitress' channel, which answers its first request."""

    def service(self) -> None:
        """Answer one request."""


class Worker:
    """A thread, and the lock on which it sleeps."""

    __slots__ = ("ident", "wakeup")

    def __init__(self) -> None:
        self.ident = 0
        self.wakeup = threading.Lock()
        self.wakeup.acquire()


class LeaderFollowers:
    """The threads of a server; ``threads`` of them run the application."""

    def __init__(self, threads: int, run_io: Callable[[float], None], wake_io: Callable[[], None], wait: float) -> None:
        """``run_io`` waits for events, at most for so many seconds, and handles them; ``wake_io`` ends its waiting.

        ``wait`` is that time when nothing is to be done.
        """
        self.queue: deque[Request] = deque()
        self.leader_ident = 0
        self._run_io, self._wake_io, self._wait = run_io, wake_io, wait
        self._lock = threading.Lock()
        self._main = Worker()
        self._workers = [Worker() for _ in range(threads)]
        self._idle: list[Worker] = []
        self._leader = self._main
        self._begun = 0
        self._running = 0
        """The number of the request in which the leader is, 0 outside of one."""
        self._main_sleeps = False
        self._slow_balance = 0
        self._eager_until = 0.0
        self._is_stopping = self._is_closed = False
        self._failure: BaseException | None = None
        self._is_behind = Throttle()
        self._waiting = self._deepest = 0

    # Any thread

    def add_task(self, request: Request) -> None:
        """Queue a request, as waitress calls it."""
        self.queue.append(request)
        self.tell_leader()

    def tell_leader(self) -> None:
        """Have the leader look at what has been queued."""
        if threading.get_ident() != self.leader_ident:
            self._wake_io()

    def stop(self) -> None:
        """Have ``run`` return; safe in a signal handler."""
        self._is_stopping = True
        self._wake_io()
        self.wake_main()

    def wake_main(self) -> None:
        """Wake the main thread; once more does nothing."""
        with suppress(RuntimeError):
            self._main.wakeup.release()

    # The main thread

    def start(self) -> None:
        """Start the workers, which are no daemons, since threads that the application starts would then be daemons too.

        Python waits for plain threads when the process exits, but cuts daemons.
        """
        self._main.ident = self.leader_ident = threading.get_ident()
        try:
            for number, worker in enumerate(self._workers):
                threading.Thread(target=self._work, name=f"{WORKER_THREAD}{number}", args=(worker,)).start()
        except RuntimeError:  # the system has no room for it
            self.close()
            raise

    def close(self) -> None:
        """End each worker once it has answered its request."""
        with self._lock:
            self._is_closed = self._is_stopping = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.wakeup.release()
        self._wake_io()  # a worker may lead if ``run`` was left by an exception

    def run(self) -> None:
        """Serve until ``stop``; the main thread leads when it returns."""
        self._main.ident = threading.get_ident()
        if self._leader is self._main:
            self.leader_ident = self._main.ident
        while not self._is_stopping:
            if self._leader is self._main:
                self.run_once(self._wait)
            else:
                self._watch()
        self._take_back()
        if self._failure is not None:
            raise self._failure

    def run_once(self, timeout: float) -> None:
        """Lead for one turn: handle events, and leave the requests to workers."""
        self._run_io(timeout)
        self._dispatch()

    def _dispatch(self) -> None:
        """Give the lead to an idle worker, or wake a worker for each queued request while requests are slow."""
        with self._lock:
            if self._idle and not self._is_stopping and time.monotonic() >= self._eager_until:
                self._give_lead(self._idle.pop())
                return
            for _ in range(min(len(self.queue), len(self._idle))):
                self._idle.pop().wakeup.release()
            before, self._waiting = self._waiting, 0 if self._idle else len(self.queue)
        if self._waiting > before:
            self._warn(self._waiting)

    def _warn(self, waiting: int) -> None:
        self._deepest = max(self._deepest, waiting)
        if self._is_behind.is_due():
            deepest, self._deepest = self._deepest, 0
            log.warning(
                "Task queue depth is up to %d: requests wait because all %d threads are busy; "
                "raise threads in [server:...], or workers in [serve]",
                deepest,
                len(self._workers),
            )

    def _watch(self) -> None:
        """Watch the leader until the main thread leads, or is to stop."""
        wakeup = self._main.wakeup
        seen, ticks, last = self._begun, 0, 0
        while self._leader is not self._main and not self._is_stopping:
            if ticks >= QUIET_TICKS:
                self._main_sleeps = True  # before the check, as the leader checks it after it has begun a request
                if self._begun == seen and not self._running and self._leader is not self._main:
                    wakeup.acquire(timeout=SLEEP_TIME)
                self._main_sleeps = False
                ticks = 0
            elif not wakeup.acquire(timeout=WATCH_INTERVAL):
                running = self._running
                if running and running == last:
                    self._take_lead(running)
                last = running
                ticks = ticks + 1 if self._begun == seen and not running else 0
                seen = self._begun

    def _take_lead(self, running: int) -> None:
        """Take the lead from a worker that is still in this request; requests are slow if that happens often."""
        with self._lock:
            if self._running != running or self._leader is self._main:
                return
            self._slow_balance = min(self._slow_balance + SLOW_COST, SLOW_LIMIT)
            if self._slow_balance >= SLOW_LIMIT:
                self._slow_balance -= SLOW_COST  # the next slow request, a probe's, is enough to prolong it
                self._eager_until = time.monotonic() + EAGER_TIME
                self._set_leader(self._main)
            elif self._idle:
                self._give_lead(self._idle.pop())
                return
            else:
                self._set_leader(self._main)
        self._dispatch()

    def _take_back(self) -> None:
        """Lead again: take the lead from a worker that is in a request, or wait until it gives it."""
        while True:
            with self._lock:
                if self._running:
                    self._set_leader(self._main)
                if self._leader is self._main:
                    return
            self._wake_io()
            self._main.wakeup.acquire(timeout=WATCH_INTERVAL)

    # Workers

    def _work(self, worker: Worker) -> None:
        worker.ident = threading.get_ident()
        try:
            while self._is_wanted(worker):
                if self._leader is worker:
                    self._lead(worker)
                else:
                    self._answer_queued()
        except BaseException as error:  # noqa: BLE001 (raised again in the main thread)
            self._failure = error
            self.stop()
            with self._lock:
                if self._leader is worker:
                    self._set_leader(self._main)

    def _is_wanted(self, worker: Worker) -> bool:
        """Sleep until there is something to do; return whether there is, or the thread is to end."""
        with self._lock:
            if self._is_closed:
                return False
            if self._leader is self._main and self.queue:
                return True
            self._idle.append(worker)
            if self._leader is self._main and time.monotonic() >= self._eager_until:
                self._wake_io()  # the main thread can give the lead away now
        worker.wakeup.acquire()
        return not self._is_closed

    def _lead(self, worker: Worker) -> None:
        """Read and answer requests until the lead is lost, or to be given to the main thread."""
        queue = self.queue
        while True:
            if self._is_stopping:
                with self._lock:
                    self._set_leader(self._main)
                self.wake_main()
                return
            self._run_io(0 if queue else self._wait)
            while queue:
                try:
                    request = queue.popleft()
                except IndexError:  # a worker that was woken for it earlier has taken it
                    break
                self._begun += 1
                self._running = self._begun
                if self._main_sleeps:
                    self.wake_main()
                _answer(request)
                with self._lock:
                    if self._leader is not worker:
                        return
                    self._running = 0
                    if self._slow_balance:
                        self._slow_balance -= 1

    def _answer_queued(self) -> None:
        try:
            request = self.queue.popleft()
        except IndexError:
            return
        _answer(request)

    # With the lock held

    def _set_leader(self, worker: Worker) -> None:
        self._running = 0
        self._leader = worker
        self.leader_ident = worker.ident

    def _give_lead(self, worker: Worker) -> None:
        self._set_leader(worker)
        worker.wakeup.release()


def _answer(request: Any) -> None:
    try:
        request.service()
    except BaseException:
        logging.getLogger("waitress").exception("Exception when servicing %r", request)
