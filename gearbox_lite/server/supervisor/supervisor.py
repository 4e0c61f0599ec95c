"""The supervisor's loop: it spawns workers on sockets that stay open, reloads, restarts, drains and reaps them.

As gunicorn's arbiter, with these differences: a reload spawns all new workers before it drains any previous one, and
the supervisor waits for events instead of looking at its workers once a second. In one turn of the loop (``run_once``)
the order matters:

1. Commands first (reload, shut down), so that what is decided below is decided for what the user wants now.
2. Then messages, before exits: a worker that has reported why it fails and has exited is treated by its report.
3. Then exits (``_reap``), after reading what is left in the channel of each worker that has exited.
4. Then what is due: drain deadlines, heartbeats, restarts with backoff. These come last, so that a worker that has
   reported in time is not killed because this process was busy.

Signal handlers and the watcher's thread only append to a queue and write one byte to the wakeup socket pair
(``CommandQueue``); they may interrupt the loop anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from gearbox_lite.server import descriptors
from gearbox_lite.server.supervisor.commands import Command, CommandQueue
from gearbox_lite.server.supervisor.interfaces import GetPlan, Reporter, WorkerSpawner
from gearbox_lite.server.supervisor.manager import WorkerManager
from gearbox_lite.server.supervisor.page_updates import PageUpdates
from gearbox_lite.server.supervisor.worker_handle import Worker
from gearbox_lite.server.supervisor.worker_state import WorkerState
from gearbox_lite.server.supervisor.workers import Workers
from gearbox_lite.server.worker import control_channel
from gearbox_lite.server.worker.protocol import (
    Connection,
    Drained,
    EventStream,
    Exit,
    Message,
    Ready,
    ServerFailed,
    Terminating,
)

if TYPE_CHECKING:
    from gearbox_lite.server.live_reload.file_events import PageEvent

SUPERSEDE_FOR = 5.0
"""Seconds for which a change cancels the load of the change before it; later, one load is finished first."""
LOAD_TIMEOUT = 30.0
"""Seconds after which a load that has not finished is canceled for a reload that waits for it."""
RETRY_SENDING = 0.01
"""Seconds until the supervisor tries again to send to a worker whose channel is full; only a stopped one reads nothing.
"""
LATE_WAKEUP = 0.2
"""Seconds by which the supervisor must wake up late to give its workers their whole worker_timeout again."""
_MAX_READS = 100
"""How often the channel of a worker that has exited is read; a child of its application may keep writing."""

Wait = Callable[[list[Any], float | None], list[Any]]


class Supervisor:
    """Keeps the wanted number of workers, all of one version of the application."""

    def __init__(
        self,
        plan: GetPlan,
        reporter: Reporter,
        spawner: WorkerSpawner,
        clock: Callable[[], float] = time.monotonic,
        wait_for: Wait = wait,
    ) -> None:
        """``plan`` reads the ini again; tests pass a clock, and a ``wait_for`` that moves it instead of waiting."""
        self._reporter = reporter
        self._clock = clock
        self._wait_for = wait_for
        self._spawner = spawner
        self.workers = Workers(clock)
        self._manager = WorkerManager(plan, self.workers, self._spawner, reporter, clock)
        self._commands = CommandQueue()
        self._superseding_since = 0.0
        self._waiting_command: Command | None = None
        """A reload that begins as soon as the current one has been decided."""
        self._is_shutting_down = False
        self.pages = PageUpdates(clock)

    def send_command(self, command: Command | PageEvent) -> None:
        """Have the loop carry out a command; safe in signal handlers and threads."""
        self._commands.send(command)

    def run(self) -> None:
        """Serve until told to shut down. Raises UserError if the very first load fails and reload is off."""
        try:
            self.start()
            while not self.is_finished():
                self.run_once()
        finally:
            self.close()

    def start(self) -> None:
        """Spawn the first workers."""
        self._superseding_since = self._clock()
        self._manager.reload()

    def is_finished(self) -> bool:
        """Whether the server is shut down and all workers have exited."""
        # A process that has not started yet finds its channel closed when it does, and exits.
        return self._is_shutting_down and all(worker.process.pid is None for worker in self.workers)

    def close(self) -> None:
        """Kill all workers that still run, and the fork servers."""
        for worker in self.workers:
            worker.process.kill()
            worker.channel.close()
        for worker in self.workers:
            if worker.process.pid is not None:
                worker.process.join(timeout=2.0)
        self.workers.close()
        self._spawner.close()
        self._commands.close()
        self.pages.close()

    def run_once(self) -> None:
        """Wait for an event, and handle all that have occurred."""
        workers = list(self.workers)
        sources: list[Any] = [self._commands.wakeup_reader, *(worker.process.sentinel for worker in workers)]
        sources += [worker.channel for worker in workers if not worker.channel.closed]
        sources += self.pages.sources()
        timeout, before = self._seconds_until_next(), self._clock()
        ready: set[object] = set(self._wait_for(sources, timeout))
        now = self._clock()
        if timeout is not None and now - before > timeout + LATE_WAKEUP:
            # This process was stopped (Ctrl-Z, a suspended laptop), and so were the workers perhaps.
            for worker in workers:
                worker.last_message_at = max(worker.last_message_at, now)
        self._handle_commands()
        for worker in workers:
            if worker.channel in ready:
                self._receive(worker)
        for worker in workers:
            if worker.process.sentinel in ready and worker.process.exitcode is None:
                worker.process.update()
            if worker.process.exitcode is not None:
                self._reap(worker)
        self._do_what_is_due()
        self.pages.update(ready, list(self.workers))

    def _seconds_until_next(self) -> float | None:
        """Return the seconds until something is due without an event, None if nothing is."""
        workers = list(self.workers)
        times = [
            *self._manager.backoff.due_times(),
            *self.pages.due_times(),
            *(worker.deadline for worker in workers if worker.deadline is not None),
        ]
        times += [due for worker in workers if (due := worker.must_report_by()) is not None]
        if self._waiting_command is not None:
            times.append(self._manager.current.started + LOAD_TIMEOUT)
        if any(worker.channel.is_full for worker in workers):
            times.append(self._clock() + RETRY_SENDING)
        return max(0.0, min(times) - self._clock()) if times else None

    def _do_what_is_due(self) -> None:
        self._spawner.reap()
        for worker in self.workers:
            worker.channel.flush()
            self._enforce_deadline(worker)
            self._enforce_worker_timeout(worker)
        if self._is_shutting_down:
            return
        self._manager.spawn_due()
        is_overdue = self._clock() >= self._manager.current.started + LOAD_TIMEOUT
        if self._waiting_command is not None and (is_overdue or not self._manager.is_reloading):
            self._superseding_since = self._clock()
            self._reload(self._waiting_command)

    def _enforce_deadline(self, worker: Worker) -> None:
        """Kill a worker that has not finished within the drain timeout, and one whose process does not even start."""
        if worker.deadline is None or self._clock() < worker.deadline:
            return
        worker.deadline = None
        if worker.state is WorkerState.DRAINING:
            worker.stop()
        elif worker.process.pid is None:
            worker.kill_unstarted()

    def _enforce_worker_timeout(self, worker: Worker) -> None:
        """Kill a worker that does not answer."""
        if not worker.is_overdue():
            return
        self._receive(worker)  # it may have reported while this process was busy
        if not worker.is_overdue():
            return
        if worker.process.pid is None:
            worker.kill_unstarted()
        elif worker.channel.partial_since is not None:
            worker.kill("it sent half a message")
        else:
            worker.kill(f"it has not answered for {worker.timeout:g} seconds (worker_timeout)")

    def _handle_commands(self) -> None:
        """Carry out the commands that have come since the last time; several reloads are one."""
        commands = self.pages.tell(self._commands.take())
        if self._is_shutting_down or not commands:
            return
        if Command.SHUT_DOWN in commands:
            self._shut_down()
            return
        is_fresh = Command.RELOAD_WITH_FRESH_IMPORTS in commands
        command = Command.RELOAD_WITH_FRESH_IMPORTS if is_fresh else Command.RELOAD
        supersedes = not is_fresh and self._clock() - self._superseding_since < SUPERSEDE_FOR
        if not self._manager.is_reloading or supersedes:
            self._reload(command)
        elif is_fresh or self._waiting_command is None:
            self._waiting_command = command

    def _shut_down(self) -> None:
        """Begin the graceful shutdown: close the listeners, drain the workers that serve, stop all others."""
        self._is_shutting_down = True
        self._waiting_command = None
        self.pages.close()
        self._reporter.close_listeners()  # otherwise new connections would wait for an answer that never comes
        self._manager.stop()
        self.workers.stop_loading()
        self.workers.drain_serving(closes_idle=True)
        for worker in self.workers:
            if worker.process.pid is None:
                worker.channel.close()

    def _reload(self, command: Command) -> None:
        self._waiting_command = None
        if command is Command.RELOAD_WITH_FRESH_IMPORTS:
            try:
                self._spawner.restart_fork_server()
            except OSError as error:
                self._reporter.report_problem(f"could not start a new fork server ({error}); using the present one")
        if not self._manager.is_reloading:
            self._superseding_since = self._clock()
        self._manager.reload()

    def _receive(self, worker: Worker) -> None:
        for message, descriptor in worker.receive():
            self._handle(worker, message, descriptor)

    def _handle(self, worker: Worker, message: Message, descriptor: int | None) -> None:
        if isinstance(message, Ready):
            if not self._is_shutting_down:
                self._manager.on_ready(worker, message)
        elif isinstance(message, ServerFailed):
            worker.kill_reason = message.reason
        elif isinstance(message, Terminating):
            self._on_external_term(worker)
        elif isinstance(message, Drained):
            worker.is_drained = True
            worker.send(Exit())
        elif isinstance(message, EventStream) and descriptor is not None:
            self.pages.add(descriptor, message.page)
        elif isinstance(message, Connection) and descriptor is not None:
            if worker.is_exiting:
                self.workers.hand_over(worker, message.peer, descriptor, is_shutting_down=self._is_shutting_down)
            else:
                descriptors.close_all([descriptor])

    def _on_external_term(self, worker: Worker) -> None:
        """Replace a worker that another process has sent SIGTERM, while it finishes its requests."""
        if worker.is_loading:
            worker.process.kill()
        elif worker.state is WorkerState.SERVING:
            self._reporter.report_problem(f"{worker.name} received SIGTERM; starting another one")
            self.workers.drain(worker, None, closes_idle=True)
            self._manager.spawn_in_place_of(worker)

    def _reap(self, worker: Worker) -> None:
        """Reap a worker that has exited, and schedule a replacement if its slot still needs one."""
        for _ in range(_MAX_READS):
            if worker.channel.closed or not control_channel.wait_for(worker.channel.socket, 0):
                break
            self._receive(worker)
        worker.channel.close()
        was_loading, was_active = worker.is_loading, worker.serves_application
        was_page = worker.serves_error_page or worker.state is WorkerState.STARTING_ERROR_PAGE
        self.workers.remove(worker)
        if worker.process.never_started:
            with suppress(OSError):  # no room for another one yet
                self._spawner.replace_exited_fork_server()
        if self._is_shutting_down:
            return
        if was_loading and (worker.was_killed or worker.kill_reason is not None):
            self._manager.restart(worker)
        elif was_loading:
            self._manager.on_exit_while_loading(worker)
        elif was_active:
            self._manager.replace(worker)
        elif was_page:
            self._manager.restart_error_page(worker)
