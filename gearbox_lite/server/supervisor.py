"""Several worker processes on sockets that stay open: start, swap, restart."""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from itertools import cycle
from multiprocessing.connection import Connection, wait
from typing import Any

from gearbox_lite.errors import FAILURE, UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.error_page import Failure
from gearbox_lite.server.forks import Forks
from gearbox_lite.server.messages import Plan, Ready, send_connection
from gearbox_lite.server.restarts import Restarts
from gearbox_lite.server.worker_process import Worker


class Order(Enum):
    """What a supervisor can be told: to swap its workers, also with all imports anew, or to end."""

    SWAP = auto()
    SWAP_ALL = auto()
    END = auto()


class Supervisor:
    """Keeps the wanted number of workers, and swaps them all for new ones when told to."""

    def __init__(
        self,
        plan: Callable[[], tuple[Plan, list[socket.socket]]],
        *,
        announce: Callable[[Ready, bool], None],
        died: Callable[[str], None],
    ) -> None:
        """``plan`` reads the ini anew; ``announce`` hears of each swap's first worker, and if it is the first swap."""
        self._plan = plan
        self._announce = announce
        self._died = died
        self._forks = Forks()
        self._slots: list[Worker | None] = []
        self._surplus: list[Worker] = []
        self._starting: dict[int, Worker] = {}
        self._leaving: list[Worker] = []
        self._restarts = Restarts()
        self._orders: deque[Order] = deque()
        self._bell, self._inbox = socket.socketpair()
        for end in (self._bell, self._inbox):
            end.setblocking(False)
        self._ending = False
        self._announced = False
        self._is_short = False
        self._first = True
        self._current: tuple[Plan, list[socket.socket]]  # from the first swap on, with which ``run`` begins

    def order(self, order: Order) -> None:
        """Have the loop carry out an order; safe in signal handlers and threads."""
        self._orders.append(order)
        with suppress(BlockingIOError):  # full, so that the loop wakes up anyway
            self._bell.send(b"!")

    def run(self) -> None:
        """Serve until the end is ordered. Raises UserError where the very first load fails and reload is off."""
        try:
            self._swap()
            while not self._finished():
                self._turn()
        finally:
            for one in self._workers():
                one.process.kill()
                one.process.join()

    def _workers(self) -> list[Worker]:
        serving = [one for one in self._slots if one is not None]
        return [*serving, *self._surplus, *self._starting.values(), *self._leaving]

    def _finished(self) -> bool:
        return self._ending and not self._workers()

    def _turn(self) -> None:
        workers = self._workers()
        things: list[Any] = [self._inbox, *(one.process.sentinel for one in workers)]
        things += [one.channel for one in workers if not one.channel.closed]
        heard = wait(things, timeout=self._until_next())
        if self._inbox in heard:
            self._inbox.recv(1 << 16)
        self._obey()
        for ready in heard:
            if isinstance(ready, Connection):
                self._hear(next(one for one in workers if one.channel is ready))
        for one in workers:
            if not one.process.is_alive():
                self._bury(one)
        self._do_what_is_due()

    def _until_next(self) -> float | None:
        times = [*self._restarts.times(), *(one.deadline for one in self._leaving if one.deadline is not None)]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        for one in self._leaving:
            if one.deadline is not None and now >= one.deadline:
                one.process.kill()
                one.deadline = None
        for slot in self._restarts.take_due():
            self._start(slot)

    def _obey(self) -> None:
        orders = {self._orders.popleft() for _ in range(len(self._orders))}
        if Order.END in orders and not self._ending:
            self._ending = True
            self._restarts.clear()
            for one in list(self._starting.values()):
                one.process.kill()
            for serving in [*self._slots, *self._surplus]:
                if serving is not None:
                    self._drain(serving, None)
            self._slots = [None] * len(self._slots)
            self._surplus.clear()
        elif orders and not self._ending:
            if Order.SWAP_ALL in orders:
                self._forks.renew()
            self._swap()

    def _swap(self) -> None:
        """Start a new worker for each slot; each takes over when it is ready."""
        self._current = self._plan()
        self._announced = False
        self._restarts.clear()
        for one in self._starting.values():
            one.process.kill()  # it has not been told to begin, so nobody is waiting for it
            self._leaving.append(one)
        self._starting.clear()
        wanted = self._settings.serve.workers
        self._surplus += [one for one in self._slots[wanted:] if one is not None]
        self._slots = [*self._slots[:wanted], *[None] * (wanted - len(self._slots))]
        for slot in range(wanted):
            self._start(slot)

    def _start(self, slot: int, failure: Failure | None = None) -> None:
        """Start a worker, one that only shows a failure where there is one."""
        plan, sockets = self._current
        if failure is not None:
            plan = replace(plan, failure=failure)
        try:
            process, channel = self._forks.start(sockets, plan)
        except OSError as error:  # the system has no room for it
            if self._first:
                raise
            self._restarts.add(slot, lived=0)
            if not self._is_short:
                self._died(f"no worker can be started ({error}); it is tried again")
            self._is_short = True
        else:
            self._is_short = False
            self._starting[slot] = Worker(process, channel, stands_in=failure is not None)

    def _starting_slot(self, one: Worker) -> int | None:
        return next((slot for slot, other in self._starting.items() if other is one), None)

    def _hear(self, one: Worker) -> None:
        heard = one.hear()
        if heard is None:
            return
        word, content, handle = heard
        if word == "ready":
            self._promote(one, content)
        elif word == "failed":
            one.failure = content
        elif word == "leaving":
            self._let_go(one)
        elif word == "drained":
            one.gone = True
            one.tell("leave")
        elif handle is not None:
            self._pass_on(one, content, handle)

    def _promote(self, one: Worker, ready: Ready) -> None:
        slot = self._starting_slot(one)
        if slot is None or self._ending:
            return
        is_shown = ready.failure is None or (ready.can_serve and self._settings.serve.reload)
        if ready.failure is not None and self._first and not is_shown:
            raise UserError(ready.failure.message, report=ready.failure.report, code=FAILURE)
        del self._starting[slot]
        if not self._announced:
            self._announced = True
            self._announce(ready, self._first)
            self._first = False
            self._forks.preload(ready.installed)
        before = self._slots[slot]
        if not is_shown and before is not None:
            one.process.kill()  # what runs is better than an error page
            self._leaving.append(one)
            return
        self._slots[slot] = one
        if self._shares_sockets():
            self._begin(one)
        if before is not None:
            self._drain(before, one)
        if not self._starting:
            for former, heir in zip(self._surplus, cycle(filter(None, self._slots))):
                self._drain(former, heir)
            self._surplus.clear()
        if not one.serving and not self._leaving:
            self._begin(one)

    def _begin(self, one: Worker) -> None:
        one.serving = True
        one.tell("begin")

    @property
    def _settings(self) -> ServeSettings:
        return self._current[0].settings

    def _shares_sockets(self) -> bool:
        """Whether workers can serve side by side; any other server than waitress binds a socket of its own."""
        return self._settings.is_waitress

    def _drain(self, one: Worker, heir: Worker | None) -> None:
        one.heir = heir
        one.deadline = time.monotonic() + self._settings.serve.drain_timeout + 1
        self._leaving.append(one)
        one.tell("drain" if heir is None else "hand over")

    def _pass_on(self, one: Worker, peer: Any, handle: int) -> None:
        """Give a connection from a draining worker to its heir, or the heir's heir."""
        heir = one.heir
        while heir is not None and (heir.heir is not None or heir.gone):
            heir = heir.heir
        if heir is not None and not heir.channel.closed:
            send_connection(heir.channel, handle, peer)
        os.close(handle)

    def _bury(self, one: Worker) -> None:
        """Take a process that has ended off the books, and replace it where it was wanted."""
        while not one.channel.closed and one.channel.poll():
            self._hear(one)
        one.process.join()
        one.channel.close()
        if one in self._leaving:
            self._leaving.remove(one)
            if not self._leaving:
                for waiting in self._slots:
                    if waiting is not None and not waiting.serving:
                        self._begin(waiting)
            return
        if one in self._surplus:
            self._surplus.remove(one)
            return
        slot = self._starting_slot(one)
        if slot is not None:
            del self._starting[slot]
            if not self._ending:
                self._replace_unready(slot, one)
        elif one in self._slots:
            slot = self._slots.index(one)
            self._slots[slot] = None
            self._restart(slot, one)

    def _let_go(self, one: Worker) -> None:
        """Replace a worker that somebody else has told to end, while it finishes what it has begun."""
        if one in self._slots:
            slot = self._slots.index(one)
            self._slots[slot] = None
            self._drain(one, None)
            self._died("a worker has been told to end (SIGTERM); another one is started")
            self._start(slot)

    def _replace_unready(self, slot: int, one: Worker) -> None:
        """Do what is right after a worker that has ended while its application loaded."""
        failure = Failure(f"{self._settings.ini.name}: the application ended Python while it loaded: {one.reason}")
        if one.was_killed or one.stands_in:
            self._restart(slot, one)
        elif self._settings.serve.reload:
            self._start(slot, failure)
        elif self._first:
            raise UserError(failure.message, code=FAILURE)
        elif self._slots[slot] is not None:
            self._died(f"a new worker has ended while loading ({one.reason}); the one before goes on")
        else:
            self._restart(slot, one)

    def _restart(self, slot: int, one: Worker) -> None:
        if not self._shares_sockets():
            self._died(f"the server has ended ({one.reason}); it starts again at the next change")
            return
        if self._restarts.add(slot, time.monotonic() - one.started):
            self._died(f"a worker has ended ({one.reason}); it is started again")
