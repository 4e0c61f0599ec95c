"""A worker as its supervisor sees it: its state, its process, and the channel to it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from gearbox_lite.server.supervisor.processes import Process
from gearbox_lite.server.supervisor.reload import Reload
from gearbox_lite.server.supervisor.worker_state import (
    BEGUN,
    EXITING,
    LOADING,
    TRANSITIONS,
    InvalidTransitionError,
    WorkerState,
)
from gearbox_lite.server.worker.control_channel import ControlChannel
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import Begin, Connection, Message, Peer, ProtocolError

_KILLED = {-getattr(signal, name) for name in ("SIGKILL", "SIGTERM") if hasattr(signal, name)}
"""Exit codes of a worker that another process has killed, for example the system when memory runs out."""
PARTIAL_MESSAGE_TIMEOUT = 10.0
"""Seconds within which the rest of a message must arrive."""


@dataclass(eq=False)
class Worker:
    """One worker process; its slot is its number, from 0."""

    slot: int
    reload: Reload
    process: Process
    channel: ControlChannel
    clock: Callable[[], float]
    timeout: float
    """``worker_timeout``: seconds without a heartbeat after which it is killed, 0 for never."""
    start_timeout: float
    """Seconds within which its process must start."""
    load_failure: Failure | None = None
    """Why the application does not load, for a worker that could not load it or only shows the error page."""
    state: WorkerState = WorkerState.STARTING
    successor: Worker | None = None
    """Which worker gets its keep-alive connections while it drains; None for any that serves."""
    deadline: float | None = None
    """When a worker that drains or has been killed must have exited."""
    is_drained: bool = False
    kill_reason: str | None = None
    """Why the supervisor has killed it, or why it says that it exits."""

    def __post_init__(self) -> None:
        self.started = self.last_message_at = self.clock()

    @property
    def name(self) -> str:
        """How messages name it."""
        return f"worker {self.slot + 1} (process {self.process.pid})"

    @property
    def lived(self) -> float:
        """Seconds since it was spawned."""
        return self.clock() - self.started

    @property
    def page_version(self) -> str | None:
        """Which version of the pages it makes, for live reload; None if that is off."""
        return self.reload.plan.page_version_with(self.load_failure)

    def move_to(self, state: WorkerState) -> None:
        """Change the state. Raises InvalidTransitionError for a transition that the table does not allow."""
        if state not in TRANSITIONS[self.state]:
            raise InvalidTransitionError(f"{self.name}: {self.state.name} to {state.name}")
        self.state = state

    @property
    def is_loading(self) -> bool:
        """Whether it loads the application, or has tried to and waits for a decision."""
        return self.state in LOADING

    @property
    def has_begun(self) -> bool:
        """Whether it accepts connections."""
        return self.state in BEGUN

    @property
    def is_exiting(self) -> bool:
        """Whether it is no longer needed, and may still run."""
        return self.state in EXITING

    @property
    def serves_application(self) -> bool:
        """Whether it serves the application, or will as soon as the address is free."""
        return self.state is WorkerState.SERVING or (self.state is WorkerState.WAITING and self.load_failure is None)

    @property
    def serves_error_page(self) -> bool:
        """Whether it serves the error page, or will as soon as the address is free."""
        return self.state is WorkerState.SERVING_ERROR_PAGE or (
            self.state is WorkerState.WAITING and self.load_failure is not None
        )

    def begin(self) -> None:
        """Have it serve what it has loaded, or the reason why it could not."""
        self.move_to(WorkerState.SERVING if self.load_failure is None else WorkerState.SERVING_ERROR_PAGE)
        self.send(Begin())

    def send(self, message: Message) -> None:
        """Send a message, if the process still runs."""
        if not self.channel.closed:
            self.channel.send(message)

    def send_connection(self, descriptor: int, peer: Peer) -> None:
        """Hand an open connection over, and close our copy; that ends the connection if the process has exited."""
        if not self.channel.closed:
            with suppress(OSError):  # too many open files
                self.channel.send(Connection(peer), descriptor)
        os.close(descriptor)

    def receive(self) -> list[tuple[Message, int | None]]:
        """Return the messages that have arrived; a worker that sends anything else is killed."""
        try:
            messages = self.channel.receive()
        except ProtocolError as error:
            self.kill(f"it sent an invalid message: {error}")
            self.channel.close()
            return []
        if messages:
            self.last_message_at = self.clock()
        return messages

    def kill(self, reason: str) -> None:
        """Kill a worker that does not do what it should; its state stays, so that it is replaced once it is reaped."""
        self.kill_reason = reason
        self.process.kill()

    def kill_unstarted(self) -> None:
        """Kill a worker whose process the fork server has not even started, and replace that fork server."""
        self.kill("the fork server does not answer")
        with suppress(OSError):  # no room for another one yet
            self.process.replace_fork_server()

    def stop(self) -> None:
        """Kill a worker that is no longer needed."""
        self.move_to(WorkerState.STOPPING)
        self.process.kill()
        # A process that the fork server has not started yet is killed once it has; that may take as long as a start.
        self.deadline = self.clock() + self.start_timeout if self.process.pid is None else None

    def must_report_by(self) -> float | None:
        """Return when the supervisor has to hear from it at the latest, None if it may be silent.

        A worker that drains has a deadline instead.
        """
        if self.is_exiting or self.kill_reason is not None:
            return None
        if self.process.pid is None:
            return self.started + self.start_timeout
        times = [] if not self.timeout else [self.last_message_at + self.timeout]
        if self.channel.partial_since is not None:
            times.append(self.channel.partial_since + PARTIAL_MESSAGE_TIMEOUT)
        return min(times, default=None)

    def is_overdue(self) -> bool:
        """Whether the supervisor should have heard from it."""
        due = self.must_report_by()
        return due is not None and self.clock() >= due

    @property
    def was_killed(self) -> bool:
        """Whether another process has killed it, or its fork server has, before it could start."""
        return self.process.exitcode in _KILLED or self.process.never_started

    @property
    def exit_reason(self) -> str:
        """Why the process has exited, as messages say it."""
        if self.kill_reason is not None:
            return self.kill_reason
        if self.process.never_started:
            return "the fork server has exited"
        code = self.process.exitcode
        if code is not None and code < 0:
            with suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"
