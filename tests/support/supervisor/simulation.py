"""A supervisor without processes: a fake spawner, workers that do what a test says, and a clock that never waits."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from unittest.mock import patch

from gearbox_lite.errors import Location, Setting
from gearbox_lite.ini.deploy import Section
from gearbox_lite.ini.schema.serve_section import ServeOptions
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.supervisor.commands import Command
from gearbox_lite.server.supervisor.supervisor import Supervisor
from gearbox_lite.server.supervisor.worker_handle import Worker
from gearbox_lite.server.supervisor.worker_state import WorkerState
from gearbox_lite.server.supervisor.workers import Workers
from gearbox_lite.server.worker.control_channel import ControlChannel, pair
from gearbox_lite.server.worker.protocol import (
    FROM_SUPERVISOR,
    FROM_WORKER,
    Plan,
)
from support.supervisor.fake_worker import FakeProcess, FakeWorker

STARTING, READY, LOAD_FAILED, STARTING_ERROR_PAGE, WAITING, *_later = WorkerState
SERVING, SERVING_ERROR_PAGE, DRAINING, STOPPING, STOPPED = _later
OTHER_SERVER = "egg:gunicorn#main"
START_TIMEOUT = 60.0
MOST_TURNS = 500


class Simulation:
    """One supervised server. It stands in for the spawner, the reporter, the ini and the clock."""

    def __init__(self, *, visited=None, starts_processes=True, factory="egg:waitress", live=False, **serve):
        self.now = 1000.0
        self.transitions, self._visited = set(), visited
        self.spawned, self._seen, self.sent = [], 0, []
        self.messages, self.announced, self.load_failures = [], [], []
        self.fork_servers_replaced = self.fork_servers_restarted = 0
        self.starts_processes, self.has_room, self.is_fork_server_running = starts_processes, True, True
        self.are_listeners_closed = self.has_taken_long = False
        self._factory, self._serve = factory, {"reload": True, "worker_timeout": 40.0, **serve}
        self._until = None
        self.has_live_reload = live
        self.supervisor = Supervisor(self._plan, self, self, lambda: self.now, self._wait)

    def __enter__(self):
        move_to, send, add = Worker.move_to, Worker.send, Workers.add

        def recording_move_to(worker, state):
            before = worker.state
            move_to(worker, state)
            self.transitions.add((before, state))

        def recording_send(worker, message):
            self.sent.append((worker.name, message))
            send(worker, message)

        def recording_add(workers, worker):
            add(workers, worker)
            next(one for one in self.spawned if one.process is worker.process).handle = worker

        self._patches = [
            patch.object(Worker, "move_to", recording_move_to),
            patch.object(Worker, "send", recording_send),
            patch.object(Workers, "add", recording_add),
        ]
        for one in self._patches:
            one.start()
        try:
            self.supervisor.start()
            self.settle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for one in self._patches:
            one.stop()
        self.supervisor.close()
        if self._visited is not None:
            self._visited |= self.transitions
        for one in self.spawned:
            one.channel.close()
            one.process.close()

    # What a test does.

    def settle(self):
        """Handle all that has occurred, without letting time pass."""
        self.advance(0)

    def advance(self, seconds):
        """Let time pass, and handle what becomes due."""
        self._until = self.now + seconds
        for _ in range(MOST_TURNS):
            self._has_had_event = False
            before = self.now
            self.supervisor.run_once()
            if self.is_finished or (not self._has_had_event and self.now == before and self.now >= self._until):
                return
        raise AssertionError("the supervisor never comes to rest")

    def new_workers(self):
        """Return the workers that have been spawned since the last call."""
        self.settle()
        new, self._seen = self.spawned[self._seen :], len(self.spawned)
        return new

    def start_serving(self):
        """Let all new workers load the application, and return them."""
        new = self.new_workers()
        for one in new:
            one.loads()
        self.settle()
        return new

    def reload(self, command=Command.RELOAD, **serve):
        """Save a file, or edit [serve]; return the new workers."""
        self.edit(**serve)
        self.supervisor.send_command(command)
        return self.new_workers()

    def edit(self, **serve):
        """Edit [serve], without a reload."""
        self._serve.update(serve)

    @property
    def wanted_workers(self):
        return self._serve["workers"]

    def shut_down(self):
        self.supervisor.send_command(Command.SHUT_DOWN)
        self.settle()

    @property
    def is_finished(self):
        return self.supervisor.is_finished()

    def states(self):
        """Return the states of all workers that have not been reaped, in the order in which they were spawned."""
        return [one.state for one in self.supervisor.workers]

    def serving(self):
        return [one for one in self.spawned if one.state is SERVING]

    # The clock.

    def _wait(self, sources, timeout):
        ready = wait(sources, 0)
        self._has_had_event = bool(ready)
        if not ready:
            remaining = max(0.0, self._until - self.now)
            self.now += remaining if timeout is None else min(timeout, remaining)
            if self.has_taken_long:  # this process was stopped, and runs again
                self.has_taken_long = False
                self.now = self._until
        return ready

    # The ini.

    def _plan(self):
        use = Setting("use", self._factory, Location("test.ini", 2))
        settings = ServeSettings(
            ini=Path("test.ini"), app_name="main", variables={}, app=Section("app", {}, {}, None, ()),
            has_logging=False, server_name="main", server=Section("server", {}, {}, use, ()),
            serve=replace(ServeOptions(), **self._serve),
        )  # fmt: skip
        return Plan(settings, {}, None, self.supervisor.pages.new_version() if self.has_live_reload else None), []

    # The spawner.

    def spawn(self, sockets, plan):  # noqa: ARG002
        if not self.has_room:
            raise OSError(24, "Too many open files")
        ours, theirs = pair()
        process = FakeProcess(100 + len(self.spawned), self._replace_silent_fork_server)
        if self.starts_processes:
            process.start()
        one = FakeWorker(process, ControlChannel(theirs, FROM_SUPERVISOR), plan)
        self.spawned.append(one)
        return process, ControlChannel(ours, FROM_WORKER, lambda: self.now)

    def start_timeout(self, worker_timeout):  # noqa: ARG002
        return START_TIMEOUT

    def preload(self, modules):
        self.preloaded = modules

    def restart_fork_server(self):
        if not self.has_room:
            raise OSError(11, "Resource temporarily unavailable")
        self.fork_servers_restarted += 1

    def replace_exited_fork_server(self):
        if not self.is_fork_server_running:
            self.fork_servers_replaced += 1
            self.is_fork_server_running = True

    def _replace_silent_fork_server(self):
        self.fork_servers_replaced += 1
        for one in self.spawned:
            if one.process.pid is None:
                one.process.exit(255, never_started=True)

    def reap(self):
        pass

    def close(self):
        pass

    # The reporter.

    def watch_files(self, ready):
        pass

    def announce(self, ready, *, first):
        self.announced.append("failure" if ready.failure else "start" if first else "reload")

    def report_load_failure(self, failure, consequence):
        self.load_failures.append(f"{failure.message}; {consequence}")

    def report_problem(self, message):
        self.messages.append(message)

    def close_listeners(self):
        self.are_listeners_closed = True
