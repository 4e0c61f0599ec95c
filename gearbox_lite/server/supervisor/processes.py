"""Worker processes as the supervisor sees them: whether they run, and with which code they have exited."""

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

_EXIT_CODE_TIMEOUT = 0.5
"""Seconds within which the fork server must report the exit code of a process that has exited; it may be stopped."""


class Process(Protocol):
    """A worker process; no method blocks for long."""

    @property
    def pid(self) -> int | None:
        """The process id; None until the fork server has started it."""

    @property
    def sentinel(self) -> int:
        """A descriptor that is readable when ``update`` has something to find out."""

    @property
    def exitcode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""

    @property
    def never_started(self) -> bool:
        """Whether the fork server exited before it could start the process."""

    def update(self) -> None:
        """Find out whether it has started and whether it has exited."""

    def kill(self) -> None:
        """Kill it at once, or as soon as it has started."""

    def join(self, timeout: float) -> None:
        """Wait until it has exited, at most this many seconds."""

    def replace_fork_server(self) -> None:
        """Replace the fork server that was to start it and does not answer. Raises OSError if there is no room."""


class Forked:
    """A process that a fork server forks.

    The fork server writes two numbers into ``report``: the process id once it has forked, and the exit code once it has
    reaped the process, of which it is the parent. It closes ``report`` without the first number if it could not fork.
    """

    LOST = 255
    """The exit code if the fork server was killed or stopped, so that it cannot report the real one."""

    def __init__(self, report: int, on_start: Callable[[], None], replace_fork_server: Callable[[], None]) -> None:
        """``on_start`` is called once the fork server has reported the process id."""
        os.set_blocking(report, False)
        self._on_start = on_start
        self.replace_fork_server = replace_fork_server
        self._report = report
        self._pidfd: int | None = None
        self._is_killed = False
        self.pid: int | None = None
        self.exitcode: int | None = None
        self.never_started = False

    @property
    def sentinel(self) -> int:
        """The process' own descriptor, which tells that it exits even if the fork server was killed or stopped."""
        return self._report if self._pidfd is None else self._pidfd

    def update(self) -> None:
        """Find out whether it has started and whether it has exited."""
        if self.exitcode is not None:
            return
        if self.pid is None:
            self._read_pid()
        if self.pid is not None and self.exitcode is None and wait([self.sentinel], 0):
            self._read_exit_code()

    def _read_pid(self) -> None:
        data = self._read()
        if data is None:
            return
        if not data:
            self.never_started = True
            self._close(self.LOST)
            return
        self.pid = NUMBER.unpack(data)[0]
        self._on_start()
        if hasattr(os, "pidfd_open"):
            with suppress(OSError):  # it has exited already
                self._pidfd = os.pidfd_open(self.pid)
        if self._is_killed:
            self.kill()

    def _read_exit_code(self) -> None:
        wait([self._report], _EXIT_CODE_TIMEOUT)
        code = self._read()
        if not code:
            self.kill()  # without a pidfd, all that is known is that the fork server has exited
        self._close(NUMBER.unpack(code)[0] if code else self.LOST)

    def _read(self) -> bytes | None:
        """Return the next number of the report, nothing at its end, None if the fork server has not written it yet."""
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
        """Kill it at once, or as soon as it has started."""
        self._is_killed = True
        if self.exitcode is None and self.pid is not None:
            with suppress(ProcessLookupError):
                if self._pidfd is not None and hasattr(signal, "pidfd_send_signal"):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                else:
                    os.kill(self.pid, signal.SIGKILL)

    def join(self, timeout: float) -> None:
        """Wait until it has exited, at most this many seconds."""
        deadline = time.monotonic() + timeout
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
        """The exit code; None while it runs."""
        return self._process.exitcode

    def update(self) -> None:
        """Do nothing: its exit code is always up to date."""

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()

    def join(self, timeout: float) -> None:
        """Wait until it has exited, at most this many seconds."""
        self._process.join(timeout)

    def replace_fork_server(self) -> None:
        """Do nothing: there is no fork server."""
