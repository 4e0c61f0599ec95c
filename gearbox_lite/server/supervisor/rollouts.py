"""Starting workers and deciding what their loads come to: a reload, a retry, the error page; see ``rollout``."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from gearbox_lite.errors import FAILURE, UserError
from gearbox_lite.server.limits import no_process
from gearbox_lite.server.supervisor.backoff import Restarts
from gearbox_lite.server.supervisor.rollout import Outcome, Rollout
from gearbox_lite.server.supervisor.spawner import Spawner
from gearbox_lite.server.supervisor.worker_handle import Worker
from gearbox_lite.server.supervisor.workers import Workers
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import Plan, Ready


class Reports(Protocol):
    """What is told of workers, to the terminal and to a process manager."""

    def loaded(self, ready: Ready) -> None:
        """Note what a worker has reported."""

    def announce(self, ready: Ready, *, first: bool) -> None:
        """Tell that a start or a reload has succeeded, or that the error page is served instead."""

    def report_load_failure(self, failure: Failure, consequence: str) -> None:
        """Tell that a worker has failed to load, and what follows."""

    def report_problem(self, message: str) -> None:
        """Tell that a worker has ended or could not be started, and what follows."""

    def ending(self) -> None:
        """Refuse new connections, since the workers only finish what they have begun."""


class Rollouts:
    """Brings each version of the application to all workers, and replaces those that end."""

    def __init__(
        self, plan: Callable[[], tuple[Plan, list[socket.socket]]], workers: Workers, spawner: Spawner, reports: Reports
    ) -> None:
        self._plan = plan
        self._workers = workers
        self._spawner = spawner
        self._reports = reports
        self.restarts = Restarts()
        self.current: Rollout  # from the first one on
        self.is_deciding = False
        self._is_clearing = False
        self._is_stale = False
        self._is_announced = False
        self._is_first = True
        self._spawn_failed = False

    def begin(self, *, keeps_pauses: bool = False) -> None:
        """Have a new worker for each slot load the application as its files now are."""
        plan, sockets = self._plan()
        self.current = Rollout(plan, sockets, self._is_first, has_cleared=self._is_clearing)
        self.is_deciding, self._is_announced, self._spawn_failed = True, False, False
        self.restarts.clear(keeps_pauses=keeps_pauses)
        self._workers.discard_loading()
        if not self._is_clearing:
            self._start_all()

    def stop(self) -> None:
        """Start and decide nothing more."""
        self.is_deciding = self._is_clearing = False
        self.restarts.clear()

    def do_what_is_due(self) -> None:
        """Start the workers whose time has come."""
        if self._is_clearing and not self._workers.draining:
            self._is_clearing = False
            self._start_all()
        for slot in self.restarts.take_due():
            if not self._needs_worker(slot):
                continue
            if self._is_stale and not self.is_deciding:  # the files are no longer those of the other workers
                self.begin(keeps_pauses=True)
                return
            self._start(slot)

    def _needs_worker(self, slot: int) -> bool:
        if slot in self._workers.loading or slot >= self.current.workers:
            return False
        one = self._workers.active.get(slot)
        return one is None or (self.is_deciding and one.rollout is not self.current)

    def _start_all(self) -> None:
        for slot in range(self.current.workers):
            self._start(slot)

    def _start(self, slot: int, failure: Failure | None = None) -> None:
        """Start a worker, one that only shows a failure if there is one."""
        rollout = self.current
        plan = rollout.plan if failure is None else replace(rollout.plan, failure=failure)
        try:
            process, channel = self._spawner.start(rollout.sockets, plan)
        except OSError as error:  # the system has no room for it
            if self._is_first and not self._workers.all():
                raise no_process(error) from error
            self.restarts.add(slot, lived=0)
            if not self._spawn_failed:
                self._reports.report_problem(f"could not start a worker ({error}); retrying")
            self._spawn_failed = True
            return
        self._spawn_failed = False
        timeout = rollout.settings.serve.seconds_without_answer
        one = Worker(slot, rollout, process, channel, timeout, self._spawner.start_patience(timeout))
        if failure is None:
            self._workers.loading[slot] = one
        else:
            self._workers.next_error_page = one

    def on_ready(self, one: Worker, ready: Ready) -> None:
        """Decide what the report of a worker's load comes to."""
        if one is self._workers.next_error_page:
            self._show(one, ready)
        elif self._workers.loading.get(one.slot) is one:
            self._reports.loaded(ready)
            self._on_report(one.slot, one, ready)

    def on_exit_while_loading(self, one: Worker) -> None:
        """Take an exit of an application's own, for example by ``os._exit``, for its failure to load."""
        reported = self.current.reports.get(one.slot) if self.is_deciding else None
        if reported is not None and reported.failure is not None:  # it has said why before it ended
            return
        settings = self.current.settings
        failure = Failure(f"{settings.ini.name}: the application ended Python while it loaded: {one.reason}")
        self._on_report(one.slot, None, Ready(failure, [], [], [], can_serve=settings.is_waitress))

    def _on_report(self, slot: int, one: Worker | None, ready: Ready) -> None:
        """Note how a load has ended; without a worker, its process has ended as well."""
        if self.is_deciding:
            self.current.report(slot, ready)
            self.decide()
        elif ready.failure is None and one is not None:
            self._workers.promote([one])
            self._announce(ready)
        elif ready.failure is not None:
            self._retry(slot, one, ready.failure)
            if not self._workers.serving():
                self._show_failure(slot, one, ready)
            elif one is not None:
                del self._workers.loading[slot]
                self._workers.discard(one)

    def decide(self) -> None:
        """Do what follows from the reports so far; also after a previous worker has ended."""
        has_previous = any(one.rollout is not self.current for one in self._workers.active.values())
        if not has_previous:
            self._promote_loaded()
        outcome = self.current.outcome(has_previous=has_previous, is_draining=bool(self._workers.draining))
        if outcome is Outcome.WAIT:
            return
        failed = self.current.failed_slots()
        ready = self.current.reports[failed[0] if failed else 0]
        if outcome not in (Outcome.RETRY, Outcome.CLEAR):
            self.is_deciding = self._is_stale = False
        self._carry_out(outcome, failed, ready)

    def _carry_out(self, outcome: Outcome, failed: list[int], ready: Ready) -> None:
        if outcome is Outcome.EXIT and ready.failure is not None:
            raise UserError(ready.failure.message, report=ready.failure.report, code=FAILURE)
        if outcome is Outcome.SWAP:
            self._promote_loaded()
        elif outcome in (Outcome.RETRY, Outcome.SERVE):
            for slot in failed:
                self._try_again(slot)
        elif outcome is Outcome.CLEAR:
            self._clear()
        elif outcome is Outcome.SHOW:
            self._show_first_that_can(failed)
        else:
            self._keep_previous(ready)

    def _promote_loaded(self) -> None:
        """Let all that have loaded serve."""
        reports = self.current.reports
        loaded = [one for slot, one in self._workers.loading.items() if slot in reports and not reports[slot].failure]
        if loaded:
            self._workers.promote(loaded)
            self._announce(reports[loaded[0].slot])

    def _announce(self, ready: Ready) -> None:
        """Tell of a rollout's first worker that serves."""
        if self._is_announced:
            return
        self._is_announced = True
        self._reports.announce(ready, first=self._is_first)
        self._is_first = self.current.is_first = False
        self._spawner.preload(ready.installed)

    def _try_again(self, slot: int) -> None:
        """Load once more in a slot whose worker has failed to, after a pause."""
        failure = self.current.reports.pop(slot).failure
        one = self._workers.loading.pop(slot, None)
        if one is not None:
            self._workers.discard(one)
        if failure is not None:
            self._retry(slot, one, failure)

    def _retry(self, slot: int, one: Worker | None, failure: Failure) -> None:
        pause = self.restarts.retry(slot)
        who = f"worker {slot + 1}" if one is None else one.name
        self._reports.report_load_failure(failure, f"{who} has failed to load; retrying in {pause:g} seconds")

    def _clear(self) -> None:
        """End the previous workers, which may hold what the new ones need, and load once more when they have ended."""
        self._is_clearing = self.current.has_cleared = True
        self.current.reports.clear()
        self._workers.discard_loading()
        self._workers.drain_serving()

    def _keep_previous(self, ready: Ready) -> None:
        self._workers.discard_loading()
        self._is_stale = True
        if ready.failure is not None:
            self._reports.report_load_failure(
                ready.failure, "the reload has not taken effect: the previous workers keep serving the previous code"
            )
        active = self._workers.active
        served = max((one.rollout.workers for one in active.values()), default=0)
        for slot in range(min(served, self.current.workers)):
            if slot not in active:  # its worker has ended, before this reload or during it
                self.restarts.retry(slot)

    def _show_first_that_can(self, slots: list[int]) -> None:
        """Show the error page, if a worker that has failed to load can; the other workers end."""
        slot = next(slot for slot in slots if self.current.reports[slot].can_serve)
        one = self._workers.loading.pop(slot, None)
        self._workers.discard_loading()
        if one is not None:
            self._workers.loading[slot] = one
        ready = self.current.reports[slot]
        if not self.current.settings.serve.reload and ready.failure is not None:
            self._is_announced = True
            for other in range(self.current.workers):
                self._retry(other, one if other == slot else None, ready.failure)
        self._show_failure(slot, one, ready)

    def _show_failure(self, slot: int, one: Worker | None, ready: Ready) -> None:
        if one is not None and ready.can_serve:
            self._show(one, ready)
        elif self._workers.next_error_page is None:
            self._start(slot, ready.failure)

    def _show(self, page: Worker, ready: Ready) -> None:
        self._workers.show_error_page(page)
        self._announce(ready)

    def replace(self, one: Worker) -> None:
        """Start another worker after one that has served and has ended."""
        settings = one.rollout.settings
        if not settings.is_waitress:
            self._reports.report_problem(f"the server has ended ({one.reason}); it starts again at the next change")
            return
        if self.is_deciding and one.rollout is not self.current:
            self._reports.report_problem(f"{one.name} has ended ({one.reason}); a reload is replacing it")
            self.decide()
            return
        self.restart(one)

    def restart(self, one: Worker) -> None:
        """Start another worker after one that has been killed, at once or after a pause."""
        if one.slot >= self.current.workers:  # fewer are wanted since a reload that has not taken effect
            self._reports.report_problem(f"{one.name} has ended ({one.reason})")
            return
        self.current.reports.pop(one.slot, None)
        pause = self.restarts.add(one.slot, one.lived)
        when = f" in {pause:g} seconds" if pause else ""
        self._reports.report_problem(f"{one.name} has ended ({one.reason}); starting another one{when}")

    def start_in(self, slot: int) -> None:
        """Start another worker at once for one that drains although it is still needed."""
        if self.is_deciding:
            self.decide()
        elif self._is_stale:
            self.begin(keeps_pauses=True)
        else:
            self._start(slot)

    def replace_error_page(self, one: Worker) -> None:
        """Load the application again after the worker that showed why it does not load has ended."""
        self.restart(one)
        for slot in range(self.current.workers):
            if slot != one.slot and slot not in self._workers.loading:
                self.restarts.add(slot, one.lived)
