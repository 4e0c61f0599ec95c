"""Several worker processes on sockets that stay open: start, reload, replace, end."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from multiprocessing.connection import wait
from typing import Any

from gearbox_lite.server import descriptors
from gearbox_lite.server.limits import no_process
from gearbox_lite.server.supervisor.rollouts import Reports, Rollouts
from gearbox_lite.server.supervisor.spawner import Spawner
from gearbox_lite.server.supervisor.worker_handle import Worker
from gearbox_lite.server.supervisor.workers import Workers
from gearbox_lite.server.worker import control_channel
from gearbox_lite.server.worker.protocol import Drained, Failed, HandedOver, Leave, Leaving, Message, Plan, Ready

SUPERSEDE_FOR = 5.0
"""Seconds for which a change replaces the load of the change before it; later, one load is finished first."""
LOAD_PATIENCE = 30.0
"""Seconds after which a load that has not finished is given up for a reload that waits for it."""
RETRY_SENDING = 0.01
"""Seconds after which it is tried again to send what a worker did not take; only one that is stopped takes nothing."""
LATE = 0.2
"""Seconds by which the supervisor must wake up late to give its workers their whole time to answer again."""
_MOST_READS = 100
"""How often a process that has ended is read from; a child of its application may go on writing."""


class Command(Enum):
    """What a supervisor is told: to reload, also with fresh imports of what is installed, or to end."""

    RELOAD = auto()
    RELOAD_WITH_FRESH_IMPORTS = auto()
    END = auto()


class Supervisor:
    """Keeps the wanted number of workers, all of one version of the application."""

    def __init__(self, plan: Callable[[], tuple[Plan, list[socket.socket]]], reports: Reports) -> None:
        """``plan`` reads the ini again. Raises UserError if the system has no room for a process."""
        self._reports = reports
        try:
            self._spawner = Spawner()
        except OSError as error:
            raise no_process(error) from error
        self._workers = Workers()
        self._rollouts = Rollouts(plan, self._workers, self._spawner, reports)
        self._commands: deque[Command] = deque()
        self._wakeup, self._woken = socket.socketpair()
        for end in (self._wakeup, self._woken):
            end.setblocking(False)
        self._superseding_since = 0.0
        self._waiting: Command | None = None
        self._is_ending = False

    def command(self, command: Command) -> None:
        """Have the loop carry out a command; safe in signal handlers and threads."""
        self._commands.append(command)
        with suppress(BlockingIOError):  # full, so that the loop wakes up anyway
            self._wakeup.send(b"!")

    def run(self) -> None:
        """Serve until told to end. Raises UserError if the very first load fails and reload is off."""
        try:
            self._superseding_since = time.monotonic()
            self._rollouts.begin()
            while not self._is_finished():
                self._run_once()
        finally:
            for one in self._workers.all():
                one.process.kill()
                one.channel.close()
            for one in self._workers.all():
                if one.process.pid is not None:
                    one.process.join(patience=2.0)
            self._workers.close()
            self._spawner.close()

    def _is_finished(self) -> bool:
        # A process that has not started finds its channel closed when it does.
        return self._is_ending and all(one.process.pid is None for one in self._workers.all())

    def _run_once(self) -> None:
        workers = self._workers.all()
        things: list[Any] = [self._woken, *(one.process.sentinel for one in workers)]
        things += [one.channel for one in workers if not one.channel.closed]
        timeout, asleep = self._until_next(), time.monotonic()
        ready: set[object] = set(wait(things, timeout))
        now = time.monotonic()
        if timeout is not None and now - asleep > timeout + LATE:  # this process was stopped, and others may have been
            for one in workers:
                one.heard_from = max(one.heard_from, now)
        if self._woken in ready:
            self._woken.recv(1 << 16)
        self._handle_commands()
        for one in workers:
            if one.channel in ready:
                self._receive(one)
        for one in workers:
            if one.process.sentinel in ready and one.process.exitcode is None:
                one.process.update()
            if one.process.exitcode is not None:
                self._reap(one)
        self._do_what_is_due()

    def _until_next(self) -> float | None:
        workers = self._workers.all()
        times = [*self._rollouts.restarts.times(), *(one.deadline for one in workers if one.deadline is not None)]
        times += [due for one in workers if (due := one.must_report_by()) is not None]
        if self._waiting is not None:
            times.append(self._rollouts.current.started + LOAD_PATIENCE)
        if any(one.channel.is_full for one in workers):
            times.append(time.monotonic() + RETRY_SENDING)
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _do_what_is_due(self) -> None:
        self._spawner.reap()
        for one in self._workers.all():
            one.channel.flush()
            self._end_if_overdue(one)
        if self._is_ending:
            return
        self._rollouts.do_what_is_due()
        is_given_up = time.monotonic() >= self._rollouts.current.started + LOAD_PATIENCE
        if self._waiting is not None and (is_given_up or not self._rollouts.is_deciding):
            self._superseding_since = time.monotonic()
            self._begin(self._waiting)

    def _end_if_overdue(self, one: Worker) -> None:
        now = time.monotonic()
        if one.deadline is not None and now >= one.deadline:
            one.deadline = None
            self._end_unstarted(one) if one.process.pid is None else one.process.kill()
            return
        due = one.must_report_by()
        if due is None or now < due:
            return
        self._receive(one)  # it may have reported while this process was busy
        due = one.must_report_by()
        if due is None or now < due:
            return
        if one.process.pid is None:
            self._end_unstarted(one)
        elif one.channel.partial_since is not None:
            one.end("it sent half a message")
        else:
            one.end(f"it has not answered for {one.timeout:g} seconds (worker_timeout)")

    def _end_unstarted(self, one: Worker) -> None:
        one.end("the process to fork from does not answer")
        with suppress(OSError):  # no room for another one yet
            one.process.give_up()

    def _handle_commands(self) -> None:
        commands = {self._commands.popleft() for _ in range(len(self._commands))}
        if self._is_ending or not commands:
            return
        if Command.END in commands:
            self._end()
            return
        is_fresh = Command.RELOAD_WITH_FRESH_IMPORTS in commands
        supersedes = not is_fresh and time.monotonic() - self._superseding_since < SUPERSEDE_FOR
        if not self._rollouts.is_deciding or supersedes:
            self._begin(Command.RELOAD_WITH_FRESH_IMPORTS if is_fresh else Command.RELOAD)
        elif is_fresh or self._waiting is None:
            self._waiting = Command.RELOAD_WITH_FRESH_IMPORTS if is_fresh else Command.RELOAD

    def _end(self) -> None:
        self._is_ending = True
        self._waiting = None
        self._reports.ending()  # otherwise new connections would wait for an answer that never comes
        self._rollouts.stop()
        self._workers.discard_loading()
        self._workers.drain_serving(closes_idle=True)
        for one in self._workers.all():
            if one.process.pid is None:
                one.channel.close()

    def _begin(self, command: Command) -> None:
        self._waiting = None
        if command is Command.RELOAD_WITH_FRESH_IMPORTS:
            try:
                self._spawner.renew()
            except OSError as error:
                self._reports.report_problem(f"could not start a process to fork from ({error}); using the present one")
        if not self._rollouts.is_deciding:
            self._superseding_since = time.monotonic()
        self._rollouts.begin()

    def _receive(self, one: Worker) -> None:
        for message, descriptor in one.receive():
            self._handle(one, message, descriptor)

    def _handle(self, one: Worker, message: Message, descriptor: int | None) -> None:
        if isinstance(message, Ready):
            if not self._is_ending:
                self._rollouts.on_ready(one, message)
        elif isinstance(message, Failed):
            one.failure = message.reason
        elif isinstance(message, Leaving):
            self._on_external_term(one)
        elif isinstance(message, Drained):
            one.drained = True
            one.send(Leave())
        elif isinstance(message, HandedOver) and descriptor is not None:
            if one in self._workers.draining:
                self._workers.pass_on(one, message.peer, descriptor, is_ending=self._is_ending)
            else:
                descriptors.close_all([descriptor])

    def _on_external_term(self, one: Worker) -> None:
        """Replace a worker that another process has told to end, while it finishes what it has begun."""
        workers = self._workers
        if one in workers.loading.values():
            one.process.kill()
        elif one in workers.active.values():
            self._reports.report_problem(f"{one.name} has been told to end (SIGTERM); starting another one")
            workers.remove(one)
            workers.drain(one, None, closes_idle=True)
            self._rollouts.start_in(one.slot)

    def _reap(self, one: Worker) -> None:
        """Forget a worker that has ended, and replace it if its slot still needs one."""
        for _ in range(_MOST_READS):
            if one.channel.closed or not control_channel.wait_for(one.channel.socket, 0):
                break
            self._receive(one)
        one.channel.close()
        workers, rollouts = self._workers, self._rollouts
        was_active, was_loading = one in workers.active.values(), one in workers.loading.values()
        was_page = one in (workers.error_page, workers.next_error_page)
        workers.remove(one)
        if one.process.never_started:
            with suppress(OSError):  # no room for another one yet
                self._spawner.replace_ended_server()
        if self._is_ending:
            return
        if was_loading and (one.was_killed or one.failure is not None):
            rollouts.restart(one)
        elif was_loading:
            rollouts.on_exit_while_loading(one)
        elif was_active:
            rollouts.replace(one)
        elif was_page and not workers.serving() and not rollouts.is_deciding:
            rollouts.replace_error_page(one)
