"""A worker as its supervisor sees it: the process and the channel to it."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

from gearbox_lite.server.forks import Process
from gearbox_lite.server.messages import send

_FROM_OUTSIDE = {-getattr(signal, name) for name in ("SIGKILL", "SIGTERM") if hasattr(signal, name)}
"""Exit codes of a process that somebody else has ended, for example the system for want of memory."""


@dataclass
class Worker:
    """One process and the channel to it."""

    process: Process
    channel: Connection
    started: float = field(default_factory=time.monotonic)
    serving: bool = False
    gone: bool = False
    deadline: float | None = None
    heir: Worker | None = None
    failure: str | None = None
    stands_in: bool = False

    def tell(self, order: str) -> None:
        """Give an order, if the process is still there."""
        send(self.channel, order)

    def hear(self) -> tuple[str, Any, int | None] | None:
        """Return the next message, what comes with it, and an open connection's descriptor; None after the last one."""
        try:
            word, content = self.channel.recv()
            return word, content, reduction.recv_handle(self.channel) if word == "connection" else None
        except (EOFError, OSError):
            self.channel.close()
            return None

    @property
    def was_killed(self) -> bool:
        """Whether somebody else has ended the process."""
        return self.process.exitcode in _FROM_OUTSIDE

    @property
    def reason(self) -> str:
        """Why the process has ended."""
        if self.failure is not None:
            return self.failure
        code = self.process.exitcode
        if code is not None and code < 0:
            with suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"
