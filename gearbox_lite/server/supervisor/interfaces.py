"""What the supervisor needs from the outside: a plan to serve, processes to serve it, and someone to inform."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Protocol

from gearbox_lite.server.supervisor.processes import Process
from gearbox_lite.server.worker.control_channel import ControlChannel
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import Plan, Ready

GetPlan = Callable[[], tuple[Plan, list[socket.socket]]]


class Reporter(Protocol):
    """Whom the supervisor informs: the terminal or log, a process manager, and the watcher of files."""

    def watch_files(self, ready: Ready) -> None:
        """Watch the files that a worker has loaded or tried to."""

    def announce(self, ready: Ready, *, first: bool) -> None:
        """Report that a start or a reload has succeeded, or that the error page is served instead."""

    def report_load_failure(self, failure: Failure, consequence: str) -> None:
        """Report that a worker has failed to load the application, and what follows."""

    def report_problem(self, message: str) -> None:
        """Report that a worker has exited or could not be spawned, and what follows."""

    def close_listeners(self) -> None:
        """Refuse new connections, since the workers only finish their requests."""


class WorkerSpawner(Protocol):
    """Starts worker processes; see ``Spawner``."""

    def spawn(self, sockets: list[socket.socket], plan: Plan) -> tuple[Process, ControlChannel]:
        """Return a new worker process and the channel to it. Raises OSError if the system has no room for it."""

    def start_timeout(self, worker_timeout: float) -> float:
        """Return the seconds within which a process must start."""

    def preload(self, modules: list[str]) -> None:
        """Have the next processes start with these modules."""

    def restart_fork_server(self) -> None:
        """Have the next processes import everything again. Raises OSError if the system has no room for it."""

    def replace_exited_fork_server(self) -> None:
        """Replace the fork server if it has exited. Raises OSError if the system has no room for it."""

    def reap(self) -> None:
        """Reap previous fork servers."""

    def close(self) -> None:
        """Kill all fork servers."""
