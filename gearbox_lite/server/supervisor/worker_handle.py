"""A worker as its supervisor sees it: the process and the channel to it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field

from gearbox_lite.server.supervisor.processes import Process
from gearbox_lite.server.supervisor.rollout import Rollout
from gearbox_lite.server.worker.control_channel import ControlChannel
from gearbox_lite.server.worker.protocol import HandedOver, Message, Peer, ProtocolError

_FROM_OUTSIDE = {-getattr(signal, name) for name in ("SIGKILL", "SIGTERM") if hasattr(signal, name)}
"""Exit codes of a process that another one has ended, for example the system when memory runs out."""
PARTIAL_PATIENCE = 10.0
"""Seconds after which the rest of a message must have come."""


@dataclass(eq=False)
class Worker:
    """One process and the channel to it; its slot is its number, from 0."""

    slot: int
    rollout: Rollout
    process: Process
    channel: ControlChannel
    timeout: float
    """Seconds after which a worker that sends nothing is killed, 0 for never."""
    start_patience: float
    """Seconds after which the process must have started."""
    started: float = field(default_factory=time.monotonic)
    heard_from: float = field(default_factory=time.monotonic)
    serving: bool = False
    drained: bool = False
    deadline: float | None = None
    successor: Worker | None = None
    failure: str | None = None

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"worker {self.slot + 1} (process {self.process.pid})"

    @property
    def lived(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    def send(self, message: Message) -> None:
        """Send a message, if the process still runs."""
        if not self.channel.closed:
            self.channel.send(message)

    def send_connection(self, descriptor: int, peer: Peer) -> None:
        """Pass an open connection on, and close our copy; without a process that closes it."""
        if not self.channel.closed:
            with suppress(OSError):  # too many open files
                self.channel.send(HandedOver(peer), descriptor)
        os.close(descriptor)

    def receive(self) -> list[tuple[Message, int | None]]:
        """Return the messages that have come; end a worker that sends anything else."""
        try:
            messages = self.channel.receive()
        except ProtocolError as error:
            self.end(f"it sent an invalid message: {error}")
            self.channel.close()
            return []
        if messages:
            self.heard_from = time.monotonic()
        return messages

    def end(self, reason: str) -> None:
        """End the process at once, for a reason of ours."""
        self.failure = reason
        self.process.kill()

    def must_report_by(self) -> float | None:
        """Return when it has to be heard from, on time.monotonic's clock; None if it may be silent.

        A worker that drains has a deadline instead.
        """
        if self.deadline is not None or self.failure is not None:
            return None
        if self.process.pid is None:
            return self.started + self.start_patience
        times = [] if not self.timeout else [self.heard_from + self.timeout]
        if self.channel.partial_since is not None:
            times.append(self.channel.partial_since + PARTIAL_PATIENCE)
        return min(times, default=None)

    @property
    def was_killed(self) -> bool:
        """Whether another process has ended this one."""
        return self.process.exitcode in _FROM_OUTSIDE or self.process.never_started

    @property
    def reason(self) -> str:
        """Why the process has ended."""
        if self.failure is not None:
            return self.failure
        if self.process.never_started:
            return "the process to fork from has ended"
        code = self.process.exitcode
        if code is not None and code < 0:
            with suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"
