"""Worker processes as the supervisor sees them: whether they run, and how they have ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Protocol

from gearbox_lite.server.worker.fork_server import NUMBER

_REPORT_PATIENCE = 0.5
"""Seconds for which a fork server may be late in saying how a process has ended; it may be stopped."""


class Process(Protocol):
    """A worker process; none of its methods waits for long."""

    @property
    def pid(self) -> int | None:
        """Its number; None while the fork server has not answered yet."""

    @property
    def sentinel(self) -> int:
        """What can be read from once there is something for ``update``."""

    @property
    def exitcode(self) -> int | None:
        """How it has ended, the negative number of a signal; None while it runs."""

    @property
    def never_started(self) -> bool:
        """Whether the fork server has ended before it could start the process."""

    def update(self) -> None:
        """Find out whether it has started and whether it has ended."""

    def kill(self) -> None:
        """End it at once, or as soon as it has started."""

    def join(self, patience: float) -> None:
        """Wait until it has ended, for so many seconds at most."""

    def give_up(self) -> None:
        """End the fork server that was to start it and does not answer. Raises OSError if none can take its place."""


class Forked:
    """A process that a fork server forks, which reports its number and how it has ended."""

    LOST = 255
    """The exit code if the fork server has been killed or stopped, and cannot say."""

    def __init__(self, report: int, has_started: Callable[[], None], give_up: Callable[[], None]) -> None:
        """``has_started`` is called once the fork server has reported the process' number.

        ``give_up`` ends the fork server.
        """
        os.set_blocking(report, False)
        self._has_started = has_started
        self.give_up = give_up
        self._report = report
        self._pidfd: int | None = None
        self._is_unwanted = False
        self.pid: int | None = None
        self.exitcode: int | None = None
        self.never_started = False

    @property
    def sentinel(self) -> int:
        """The process' own descriptor, which tells of its end even if the fork server has been killed or stopped."""
        return self._report if self._pidfd is None else self._pidfd

    def update(self) -> None:
        """Find out whether it has started and whether it has ended."""
        if self.exitcode is not None:
            return
        if self.pid is None:
            self._start()
        if self.pid is not None and self.exitcode is None and wait([self.sentinel], 0):
            self._end()

    def _start(self) -> None:
        data = self._read()
        if data is None:
            return
        if not data:
            self.never_started = True
            self._close(self.LOST)
            return
        self.pid = NUMBER.unpack(data)[0]
        self._has_started()
        if hasattr(os, "pidfd_open"):
            with suppress(OSError):  # it has ended already
                self._pidfd = os.pidfd_open(self.pid)
        if self._is_unwanted:
            self.kill()

    def _end(self) -> None:
        wait([self._report], _REPORT_PATIENCE)
        code = self._read()
        if not code:
            self.kill()  # without a descriptor of its own, the fork server's end is all that is known
        self._close(NUMBER.unpack(code)[0] if code else self.LOST)

    def _read(self) -> bytes | None:
        """Return the next number that is reported, nothing after the last one, None if there is none yet."""
        try:
            return os.read(self._report, NUMBER.size)
        except BlockingIOError:
            return None

    def _close(self, code: int) -> None:
        self.exitcode = code
        os.close(self._report)
        if self._pidfd is not None:
            os.close(self._pidfd)

    def kill(self) -> None:
        """End it at once, or as soon as it has started."""
        self._is_unwanted = True
        if self.exitcode is None and self.pid is not None:
            with suppress(ProcessLookupError):
                if self._pidfd is not None and hasattr(signal, "pidfd_send_signal"):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                else:
                    os.kill(self.pid, signal.SIGKILL)

    def join(self, patience: float) -> None:
        """Wait until it has ended, for so many seconds at most."""
        deadline = time.monotonic() + patience
        while self.exitcode is None and (left := deadline - time.monotonic()) > 0:
            wait([self.sentinel], left)
            self.update()


class Spawned:
    """A process in a new interpreter, on systems that cannot fork."""

    never_started = False

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        self.pid = process.pid
        self.sentinel = process.sentinel

    @property
    def exitcode(self) -> int | None:
        """How it has ended; None while it runs."""
        return self._process.exitcode

    def update(self) -> None:
        """Do nothing: its exit code is always up to date."""

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def join(self, patience: float) -> None:
        """Wait until it has ended, for so many seconds at most."""
        self._process.join(patience)

    def give_up(self) -> None:
        """Do nothing: there is no fork server."""
