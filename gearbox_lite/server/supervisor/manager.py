"""Spawning workers, and deciding what follows from their loads: a reload, a restart, the error page; see ``reload``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gearbox_lite.errors import UserError
from gearbox_lite.server.limits import no_process
from gearbox_lite.server.supervisor.backoff import Backoff
from gearbox_lite.server.supervisor.interfaces import GetPlan, Reporter, WorkerSpawner
from gearbox_lite.server.supervisor.reload import Outcome, Reload
from gearbox_lite.server.supervisor.worker_handle import Worker
from gearbox_lite.server.supervisor.worker_state import WorkerState
from gearbox_lite.server.supervisor.workers import Workers
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import Ready


class WorkerManager:
    """Brings each version of the application to all workers, and restarts those that exit."""

    def __init__(
        self, plan: GetPlan, workers: Workers, spawner: WorkerSpawner, reporter: Reporter, clock: Callable[[], float]
    ) -> None:
        self._plan = plan
        self._workers = workers
        self._spawner = spawner
        self._reporter = reporter
        self._clock = clock
        self.backoff = Backoff(clock)
        self.current: Reload  # from the first one on
        self.is_reloading = False
        self._waits_for_drain = False
        """Whether the current reload loads only once the previous workers have exited."""
        self._is_stale = False
        """Whether the workers that serve have loaded earlier files than those that are there now."""
        self._is_announced = False
        self._is_first = True
        self._spawn_failed = False
        self._error_pages: dict[int, Failure] = {}
        """The slots in which a worker that only shows the error page has to be spawned again."""

    def reload(self, *, keeps_backoff: bool = False) -> None:
        """Spawn a new worker for each slot, which loads the application as its files are now."""
        plan, sockets = self._plan()
        self.current = Reload(plan, sockets, self._is_first, self._clock(), has_drained_previous=self._waits_for_drain)
        self.is_reloading, self._is_announced, self._spawn_failed = True, False, False
        self._forget_restarts(keeps_backoff=keeps_backoff)
        self._workers.stop_loading()
        if not self._waits_for_drain:
            self._spawn_all()

    def stop(self) -> None:
        """Spawn no more workers, and decide nothing more."""
        self.is_reloading = self._waits_for_drain = False
        self._forget_restarts()

    def _forget_restarts(self, *, keeps_backoff: bool = False) -> None:
        self.backoff.clear(keeps_pauses=keeps_backoff)
        self._error_pages.clear()

    def spawn_due(self) -> None:
        """Spawn the workers whose time has come."""
        if self._waits_for_drain and not self._workers.exiting():
            self._waits_for_drain = False
            self._spawn_all()
        for slot in self.backoff.take_due():
            failure = self._error_pages.pop(slot, None)
            if failure is not None:
                self._spawn(slot, failure)
            elif not self._needs_worker(slot):
                continue
            elif self._is_stale and not self.is_reloading:  # a worker with the present files must not serve beside them
                self.reload(keeps_backoff=True)
                return
            else:
                self._spawn(slot)

    def _needs_worker(self, slot: int) -> bool:
        if self._workers.loading_in(slot) is not None or slot >= self.current.workers:
            return False
        worker = self._workers.active_in(slot)
        return worker is None or (self.is_reloading and worker.reload is not self.current)

    def _spawn_all(self) -> None:
        for slot in range(self.current.workers):
            self._spawn(slot)

    def _spawn(self, slot: int, failure: Failure | None = None) -> None:
        """Spawn a worker, one that only shows a failure if there is one."""
        current = self.current
        plan = current.plan if failure is None else replace(current.plan, failure=failure)
        try:
            process, channel = self._spawner.spawn(current.sockets, plan)
        except OSError as error:  # the system has no room for it
            if self._is_first and not list(self._workers):
                raise no_process(error) from error
            self.backoff.schedule_restart(slot, lived=0)
            if failure is not None and current.settings.serve.reload:  # without reload, the application is retried
                self._error_pages[slot] = failure
            if not self._spawn_failed:
                self._reporter.report_problem(f"could not start worker {slot + 1} ({error}); retrying")
            self._spawn_failed = True
            return
        self._spawn_failed = False
        timeout = current.settings.serve.seconds_without_answer
        state = WorkerState.STARTING if failure is None else WorkerState.STARTING_ERROR_PAGE
        start_timeout = self._spawner.start_timeout(timeout)
        self._workers.add(Worker(slot, current, process, channel, self._clock, timeout, start_timeout, failure, state))

    def on_ready(self, worker: Worker, ready: Ready) -> None:
        """Note that a worker has loaded the application or failed to, and decide what follows."""
        if worker.state is WorkerState.STARTING_ERROR_PAGE:
            self._show_error_page(worker, ready)
        elif worker.state is WorkerState.STARTING:  # otherwise it is no longer needed
            worker.load_failure = ready.failure
            worker.move_to(WorkerState.READY if ready.failure is None else WorkerState.LOAD_FAILED)
            self._reporter.watch_files(ready)
            self._on_result(worker.slot, worker, ready)

    def on_exit_while_loading(self, worker: Worker) -> None:
        """Treat an exit of the application's own, for example by ``os._exit``, as a failure to load."""
        reported = self.current.results.get(worker.slot) if self.is_reloading else None
        if reported is not None and reported.failure is not None:  # it has reported why before it exited
            return
        settings = self.current.settings
        failure = Failure(f"{settings.ini.name}: the application ended Python while it loaded: {worker.exit_reason}")
        self._on_result(worker.slot, None, Ready(failure, [], [], [], can_serve=settings.is_waitress))

    def _on_result(self, slot: int, worker: Worker | None, ready: Ready) -> None:
        """Note the result of a load; without a worker if its process has exited."""
        if self.is_reloading:
            self.current.add_result(slot, ready)
            self.decide()
        elif ready.failure is None and worker is not None:
            self._activate([worker], ready)
        elif ready.failure is not None:
            self._retry(slot, worker, ready.failure)
            if not self._workers.serving():
                self._show_failure(slot, worker, ready)
            elif worker is not None:
                worker.stop()

    def decide(self) -> None:
        """Do what follows from the results so far; also after a previous worker has exited."""
        has_previous = any(worker.reload is not self.current for worker in self._workers.active())
        if not has_previous:
            self._activate_loaded()
        outcome = self.current.outcome(has_previous=has_previous, is_draining=bool(self._workers.exiting()))
        if outcome is Outcome.WAIT:
            return
        failed = self.current.failed_slots()
        ready = self.current.results[failed[0] if failed else 0]
        if outcome not in (Outcome.RETRY, Outcome.DRAIN_FIRST):
            self.is_reloading = self._is_stale = False
        if outcome is Outcome.EXIT and ready.failure is not None:
            raise UserError(ready.failure.message, report=ready.failure.report, code=ready.failure.code)
        if outcome is Outcome.REPLACE:
            self._activate_loaded()
        elif outcome in (Outcome.RETRY, Outcome.SERVE):
            for slot in failed:
                self._retry_slot(slot)
        elif outcome is Outcome.DRAIN_FIRST:
            self._drain_first()
        elif outcome is Outcome.SHOW_ERROR_PAGE:
            self._show_first_that_can(failed)
        else:
            self._keep_previous(ready)

    def _activate_loaded(self) -> None:
        """Let all workers that have loaded the application serve it."""
        loaded = self._workers.in_state(WorkerState.READY)
        if loaded:
            self._activate(loaded, self.current.results[loaded[0].slot])

    def _activate(self, loaded: list[Worker], ready: Ready) -> None:
        self._workers.activate(loaded)
        self._error_pages.clear()  # which would take over from the application
        self._announce(ready)

    def _announce(self, ready: Ready) -> None:
        """Report that a reload's first worker serves."""
        if self._is_announced:
            return
        self._is_announced = True
        self._reporter.announce(ready, first=self._is_first)
        self._is_first = self.current.is_first = False
        self._spawner.preload(ready.installed)

    def _retry_slot(self, slot: int) -> None:
        """Load again, after a pause, in a slot whose worker has failed to."""
        failure = self.current.results.pop(slot).failure
        worker = self._workers.loading_in(slot)
        if failure is not None:
            self._retry(slot, worker, failure)
        if worker is not None:
            worker.stop()

    def _retry(self, slot: int, worker: Worker | None, failure: Failure) -> None:
        pause = self.backoff.schedule_retry(slot)
        who = f"worker {slot + 1}" if worker is None else worker.name
        self._reporter.report_load_failure(failure, f"{who} failed to load; retrying in {pause:g} seconds")

    def _drain_first(self) -> None:
        """Drain the previous workers, which may hold what the new ones need, and load again once they have exited."""
        self._waits_for_drain = self.current.has_drained_previous = True
        self.current.results.clear()
        self._workers.stop_loading()
        self._workers.drain_serving()

    def _keep_previous(self, ready: Ready) -> None:
        self._workers.stop_loading()
        self._is_stale = True
        active = self._workers.active()
        if ready.failure is not None:
            kept = "the previous workers keep serving the previous code" if active else "no worker is left; retrying"
            self._reporter.report_load_failure(ready.failure, f"the reload failed: {kept}")
        served = max((worker.reload.workers for worker in active), default=self.current.workers)
        for slot in range(min(served, self.current.workers)):
            if self._workers.active_in(slot) is None:  # its worker has exited, before this reload or during it
                self.backoff.schedule_retry(slot)

    def _show_first_that_can(self, slots: list[int]) -> None:
        """Serve the error page with a worker that has failed to load, if one can; stop the others."""
        slot = next(slot for slot in slots if self.current.results[slot].can_serve)
        ready, worker = self.current.results[slot], self._workers.loading_in(slot)
        self._workers.stop_loading(but=worker)
        if not self.current.settings.serve.reload and ready.failure is not None:
            self._is_announced = True
            for other in range(self.current.workers):
                self._retry(other, worker if other == slot else None, ready.failure)
        self._show_failure(slot, worker, ready)

    def _show_failure(self, slot: int, worker: Worker | None, ready: Ready) -> None:
        if worker is not None and ready.can_serve:
            self._show_error_page(worker, ready)
            return
        if worker is not None:
            worker.stop()
        if not self._workers.in_state(WorkerState.STARTING_ERROR_PAGE):
            self._spawn(slot, ready.failure)

    def _show_error_page(self, page: Worker, ready: Ready) -> None:
        self._workers.show_error_page(page)
        self._announce(ready)

    def replace(self, worker: Worker) -> None:
        """Replace a worker that has served the application and has exited."""
        settings = worker.reload.settings
        if not settings.is_waitress:
            self._reporter.report_problem(
                f"{worker.name} exited ({worker.exit_reason}); it is restarted at the next change"
            )
        elif self.is_reloading and worker.reload is not self.current:
            self._reporter.report_problem(f"{worker.name} exited ({worker.exit_reason}); a reload is replacing it")
            self.decide()
        else:
            self.restart(worker)

    def restart(self, worker: Worker) -> None:
        """Restart a worker that has been killed or has crashed, at once or with backoff."""
        if worker.slot >= self.current.workers:  # fewer are wanted since a reload that has failed
            self._reporter.report_problem(f"{worker.name} exited ({worker.exit_reason})")
            return
        self.current.results.pop(worker.slot, None)
        pause = self.backoff.schedule_restart(worker.slot, worker.lived)
        when = f" in {pause:g} seconds" if pause else ""
        self._reporter.report_problem(f"{worker.name} exited ({worker.exit_reason}); restarting{when}")

    def spawn_in_place_of(self, worker: Worker) -> None:
        """Spawn another worker at once for one that drains although it is still needed."""
        if self.is_reloading and worker.reload is not self.current:  # the reload replaces it
            self.decide()
        elif self._is_stale and not self.is_reloading:
            self.reload(keeps_backoff=True)
        else:
            self.current.results.pop(worker.slot, None)  # a reload that has not been decided waits for the replacement
            self._spawn(worker.slot)

    def restart_error_page(self, worker: Worker) -> None:
        """Restart a worker that has exited while it showed the error page, or was to.

        If no worker serves, the application is loaded again in all slots, and the error page follows if that fails.
        """
        if self.is_reloading:
            return
        if not self._workers.serving():
            self.restart(worker)
            for slot in range(self.current.workers):
                if slot != worker.slot and self._workers.loading_in(slot) is None:
                    self.backoff.schedule_restart(slot, worker.lived)
        elif worker.load_failure is not None and not self._workers.in_state(WorkerState.STARTING_ERROR_PAGE):
            self.restart(worker)
            self._error_pages[worker.slot] = worker.load_failure
