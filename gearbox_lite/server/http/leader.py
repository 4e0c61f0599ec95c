"""Leader and followers: the thread that reads a request also answers it.

A switch between threads costs more than a short request: Python's lock changes hands, also at each system call. So one
thread leads: it waits for events, reads and parses requests, runs the application for one after the other, and sends
the answers. The other threads sleep. The main thread never runs the application. It watches the leader, and leads
itself when no other thread can:

=================================  ==================================  =================================================
leader                             what it does                        until
=================================  ==================================  =================================================
a task thread                      it answers what it reads            a request runs while the main thread looks
                                                                       at it twice (slow_requests.py), and waits: the
                                                                       main thread gives the lead, with all queued
                                                                       requests, to another task thread; the former
                                                                       leader finishes its request, then it sleeps
main, all task threads are busy    it reads, and queues the requests   a task thread is idle
main, requests are slow            it reads, and wakes a task thread   ``EAGER_TIME`` is over; then a task thread leads
(slow_requests.py)                 for each request                    as a probe, and one slow request ends that
=================================  ==================================  =================================================

Which thread may do what, and when:

1. Waiting, reading, accepting and closing is the leader's, and only outside of requests. So these need no lock, and no
   descriptor is closed while another thread uses it. The thread that answers a request also sends (channel.py).
2. The lead changes hands only under ``_lock``, in two ways: the leader gives it away outside of requests, or the main
   thread takes it from a leader that still is in the request that was watched (``_running``). A leader that returns
   from a request finds out under the same lock whether it still leads. So there is always exactly one leader.
3. A thread that has lost the lead touches nothing but its request, neither events nor the queue. So a leader begins to
   answer only when all events have been handled, and nothing of them is left on its stack.
4. What the leader has to do is queued first (``queue``, or the poller's queue) and then announced by ``tell_leader``.
   If the lead changes between the two, either the new leader finds it, since it looks at all queues before it waits, or
   the thread finds that it does not lead, and wakes the leader. The leader takes back ``_is_woken`` before it looks at
   the queues. So either it sees what was queued, or the thread sees that it has to wake it again. Two threads that both
   see ``_is_woken`` unset wake it twice, which costs one more turn and does no harm.
5. A task thread sleeps on its own lock (``wakeup``), which is released once each time it is taken from ``_idle``.
6. ``stop`` takes no lock, since signal handlers run in the main thread at any time. It wakes the leader whatever
   ``_is_woken`` says, because the leader may have looked at ``_is_stopping`` just before.
7. A process that a request forks never leads; it ends when it returns from the application (task_threads.py).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from gearbox_lite.server.http.slow_requests import WATCH_INTERVAL, LeaderWatch, SlowRequests
from gearbox_lite.server.http.task_threads import TASK_THREAD, QueuedRequest, TaskThread, answer
from gearbox_lite.server.http.throttle import Throttle

SLEEP_TIME = 1.0 if os.name == "nt" else -1
"""Seconds for which the main thread sleeps at most, -1 for no limit; on Windows, Ctrl-C does not end its waiting."""

_log = logging.getLogger("waitress.queue")


class LeaderFollowers:
    """The threads of a server; all but the main thread run the application."""

    def __init__(self, threads: int, run_io: Callable[[float], None], wake_io: Callable[[], None], wait: float) -> None:
        """``run_io`` waits some seconds for events and handles them; ``wake_io`` has it return early.

        ``wait`` is that time if there is nothing to do.
        """
        self.queue: deque[QueuedRequest] = deque()
        self._run_io, self._wake_io, self._wait = run_io, wake_io, wait
        self._lock = threading.Lock()
        self._main = TaskThread()
        self._task_threads = [TaskThread() for _ in range(threads)]
        self._idle: list[TaskThread] = []
        self._leader = self._main
        self._leader_ident = 0
        self._pid = 0
        self._begun = 0
        self._running = 0
        """The number of the request that the leader answers, 0 while it answers none."""
        self._is_woken = False
        self._main_sleeps = False
        self._slow = SlowRequests()
        self._is_stopping = self._is_closed = False
        self._failure: BaseException | None = None
        self._is_behind = Throttle()
        self._waiting = self._deepest = 0

    # Called by any thread

    def add_task(self, request: QueuedRequest) -> None:
        """Queue a request; waitress calls this."""
        self.queue.append(request)
        self.tell_leader()

    def tell_leader(self) -> None:
        """Have the leader look at what has been queued."""
        if threading.get_ident() != self._leader_ident:
            self._wake_leader()

    def stop(self) -> None:
        """Have ``run`` return; safe in a signal handler."""
        self._is_stopping = True
        self._wake_io()
        self._wake_main()

    def _wake_leader(self) -> None:
        if not self._is_woken:
            self._is_woken = True
            self._wake_io()

    def _wake_main(self) -> None:
        with suppress(RuntimeError):  # it has been released already
            self._main.wakeup.release()

    # Called by the main thread

    def start(self) -> None:
        """Start the task threads. They are not daemons, since threads that the application starts would inherit that.

        Python waits for plain threads when the process exits, but cuts daemons.
        """
        self._pid = os.getpid()
        self._main.ident = self._leader_ident = threading.get_ident()
        try:
            for number, thread in enumerate(self._task_threads):
                threading.Thread(target=self._work, name=f"{TASK_THREAD}{number}", args=(thread,)).start()
        except RuntimeError:  # the system allows no further thread
            self.close()
            raise

    def close(self) -> None:
        """End the task threads, each once it has answered its request."""
        with self._lock:
            self._is_closed = self._is_stopping = True
            idle, self._idle = self._idle, []
        for thread in idle:
            thread.wakeup.release()
        self._wake_io()  # a task thread still leads if ``run`` was left by an exception

    def run(self) -> None:
        """Serve until ``stop``; after that, the main thread leads."""
        with self._lock:
            self._main.ident = threading.get_ident()
            self._leader_ident = self._leader.ident
        while not self._is_stopping:
            if self._leader is self._main:
                self.run_once(self._wait)
            else:
                self._watch()
        self._take_back()
        if self._failure is not None:
            raise self._failure

    def run_once(self, timeout: float) -> None:
        """Lead once: handle events, and leave the requests to task threads."""
        self._is_woken = False
        self._run_io(timeout)
        self._dispatch()

    def _dispatch(self) -> None:
        """Give the lead to an idle task thread, or while requests are slow, wake one for each queued request."""
        with self._lock:
            if self._idle and not self._is_stopping and not self._slow.is_eager(time.monotonic()):
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
            _log.warning(
                "Task queue depth is up to %d: requests wait because all %d threads are busy; "
                "raise threads in [server:...], or workers in [serve]",
                deepest,
                len(self._task_threads),
            )

    def _watch(self) -> None:
        """Watch the leader until the main thread leads, or is to stop."""
        wakeup, watch = self._main.wakeup, LeaderWatch(self._begun)
        while self._leader is not self._main and not self._is_stopping:
            if watch.is_quiet:
                self._main_sleeps = True  # before the check; the leader begins a request before it checks this
                if self._begun == watch.seen and not self._running:
                    wakeup.acquire(timeout=SLEEP_TIME)
                self._main_sleeps = False
                watch.stay_awake()
            elif not wakeup.acquire(timeout=watch.interval):
                running = self._running
                cost = watch.look(running, self._begun, self._leader.native_id, waits=bool(self.queue))
                if cost is not None:
                    self._take_lead(running, cost)

    def _take_lead(self, running: int, cost: int) -> None:
        """Take the lead from a task thread if it still answers this request, whose cost is counted."""
        with self._lock:
            if self._running != running or self._leader is self._main:
                return
            if not self._slow.count(cost, time.monotonic()) and self._idle:
                self._give_lead(self._idle.pop())
                return
            self._set_leader(self._main)
        self._dispatch()

    def _take_back(self) -> None:
        """Lead again: take the lead from a task thread that answers a request, or wait until it is given back."""
        while True:
            with self._lock:
                if self._running:
                    self._set_leader(self._main)
                if self._leader is self._main:
                    return
            self._wake_io()
            self._main.wakeup.acquire(timeout=WATCH_INTERVAL)

    # Called by the task threads

    def _work(self, thread: TaskThread) -> None:
        thread.identify()
        try:
            while self._is_wanted(thread):
                if self._leader is thread:
                    self._lead(thread)
                else:
                    self._answer_queued()
        except BaseException as error:  # noqa: BLE001 (raised again by ``run``)
            self._failure = error
            with self._lock:
                if self._leader is thread:
                    self._set_leader(self._main)
            self.stop()

    def _is_wanted(self, thread: TaskThread) -> bool:
        """Sleep until there is something to do; return False if the thread is to end instead."""
        with self._lock:
            if self._is_closed:
                return False
            if self._leader is self._main and self.queue:
                return True
            self._idle.append(thread)
            if self._leader is self._main and not self._slow.is_eager(time.monotonic()):
                self._wake_leader()  # the main thread can give the lead away now
        thread.wakeup.acquire()
        return not self._is_closed

    def _lead(self, thread: TaskThread) -> None:
        """Read and answer requests until the lead is lost, or ``stop`` is called."""
        queue, slow = self.queue, self._slow
        while not self._is_stopping:
            self._is_woken = False  # before the queue is looked at
            self._run_io(0 if queue else self._wait)
            for _ in range(len(queue)):  # what a client has pipelined is queued again, after the requests of others
                try:
                    request = queue.popleft()
                except IndexError:  # a thread that was woken for it earlier has taken it
                    break
                self._begun += 1
                self._running = self._begun
                if self._main_sleeps:
                    self._wake_main()
                answer(request, self._pid)
                with self._lock:
                    if self._leader is not thread:
                        return
                    self._running = 0
                    if slow.balance:
                        slow.balance -= 1
        with self._lock:
            self._set_leader(self._main)
        self._wake_main()

    def _answer_queued(self) -> None:
        try:
            request = self.queue.popleft()
        except IndexError:  # another thread has taken it
            return
        answer(request, self._pid)

    # Called with the lock held

    def _set_leader(self, thread: TaskThread) -> None:
        self._running = 0
        self._leader = thread
        self._leader_ident = thread.ident

    def _give_lead(self, thread: TaskThread) -> None:
        self._set_leader(thread)
        thread.wakeup.release()
