"""Starting worker processes with what takes time already imported."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Protocol

from gearbox_lite.server import fork_server
from gearbox_lite.server.fork_server import ENDING, NUMBER
from gearbox_lite.server.installed import SITES
from gearbox_lite.server.messages import Plan

KNOWN = [
    *("gearbox_lite.server.worker", "gearbox_lite.sessions.middleware", "beaker.middleware", "jinja2.ext"),
    *("paste.deploy", "waitress.server", "backlash", "tg", "tg.configurator.fullstack"),
    *(f"tg.appwrappers.{name}" for name in ("caching", "errorpage", "i18n", "identity", "mingflush", "session")),
    *("tg.appwrappers.transaction_manager", "tg.renderers.jinja", "tg.renderers.json"),
    *("tg.renderers.genshi", "tg.renderers.kajiki", "tg.renderers.mako"),
]
"""Modules that take time and do not change; the fork server imports them once for all workers."""

WORTH_A_SERVER = 25
"""With fewer further modules to import, a second fork server would cost more memory than it saves time."""


class Process(Protocol):
    """A worker process, as multiprocessing has it."""

    @property
    def sentinel(self) -> int:
        """What is ready to be read from once the process has ended."""

    @property
    def exitcode(self) -> int | None:
        """How it has ended, the negative number of a signal; None before."""

    def is_alive(self) -> bool:
        """Whether it runs."""

    def kill(self) -> None:
        """End it at once."""

    def join(self) -> None:
        """Wait until it has ended."""


class Forked:
    """A process that a fork server has forked, and that reports how it has ended."""

    LOST = 255
    """The exit code where the fork server has been killed, which then cannot say."""

    def __init__(self, report: int) -> None:
        """Wait until it is there. Raises ConnectionError where the fork server has gone."""
        self._report = self.sentinel = report
        pid = os.read(report, NUMBER.size)
        if not pid:
            os.close(report)
            raise ConnectionError("the fork server has ended")
        self._pid: int = NUMBER.unpack(pid)[0]
        self.exitcode: int | None = None
        if hasattr(os, "pidfd_open"):
            with suppress(OSError):  # it has ended already
                self.sentinel = os.pidfd_open(self._pid)  # tells of its end even where the fork server has been killed

    def is_alive(self) -> bool:
        """Whether it runs."""
        if self.exitcode is None and wait([self.sentinel], 0):
            self.join()
        return self.exitcode is None

    def kill(self) -> None:
        """End it at once."""
        if self.exitcode is None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def join(self) -> None:
        """Wait until it has ended."""
        if self.exitcode is not None:
            return
        wait([self.sentinel])
        code = os.read(self._report, NUMBER.size)
        if not code:
            self.kill()  # without a better sentinel the fork server's end is all that is known
        self.exitcode = NUMBER.unpack(code)[0] if code else self.LOST
        for descriptor in {self._report, self.sentinel}:
            os.close(descriptor)


class Forks:
    """Workers from a fork server, or in new interpreters where the system cannot fork."""

    def __init__(self) -> None:
        self._has_server = hasattr(os, "fork") and hasattr(socket, "send_fds")
        self._modules = KNOWN
        self._installed = _installed()
        self._servers: list[int] = []
        if self._has_server:
            self._control = self._start_server()

    def start(self, sockets: list[socket.socket], plan: Plan) -> tuple[Process, Connection]:
        """Return a new worker process and the channel to it."""
        ours, theirs = Pipe()
        with theirs:
            if not self._has_server:
                process: Any = multiprocessing.get_context("spawn").Process(
                    target=_spawned, args=(theirs, sockets, plan)
                )
                process.start()
                return process, ours
            if _installed() != self._installed:
                self.renew()
            try:
                return self._fork(theirs, sockets, plan), ours
            except (EOFError, ConnectionError):  # somebody has killed the fork server
                self.renew()
                return self._fork(theirs, sockets, plan), ours

    def _fork(self, channel: Connection, sockets: list[socket.socket], plan: Plan) -> Forked:
        report, theirs = os.pipe()
        try:
            descriptors = [theirs, channel.fileno(), *(one.fileno() for one in sockets)]
            fork_server.send(self._control, plan, descriptors)
        except BaseException:
            os.close(report)
            raise
        finally:
            os.close(theirs)
        return Forked(report)

    def preload(self, modules: list[str]) -> None:
        """Have the processes after this one start with these modules, if that is worth it."""
        further = [name for name in modules if name not in self._modules]
        if self._has_server and len(further) >= WORTH_A_SERVER:
            self._modules = [*self._modules, *further]
            self.renew()

    def renew(self) -> None:
        """Have the next process come from a new fork server, which imports everything anew."""
        if self._has_server:
            self._installed = _installed()
            former, self._control = self._control, self._start_server()
            former.close()  # it ends with its last process
            self._servers = [pid for pid in self._servers if _runs(pid)]

    def _start_server(self) -> socket.socket:
        """Start a fork server, and return the socket that it takes requests from."""
        ours, theirs = socket.socketpair()
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until it ignores them itself
        try:
            with theirs:
                # A process with threads must not be forked, so only the first one shares what this one has imported.
                start = _fork_server if threading.active_count() == 1 else _spawn_server
                self._servers.append(start(theirs))
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        fork_server.send(ours, (sys.path, self._modules), [])
        return ours


def _fork_server(control: socket.socket) -> int:
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        try:
            os.closerange(3, control.fileno())
            os.closerange(control.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
            fork_server.main(control)
        finally:
            os._exit(0)
    return pid


def _spawn_server(control: socket.socket) -> int:
    os.set_inheritable(control.fileno(), True)
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # noqa: SLF001
    command = [sys.executable, *flags, "-m", fork_server.__name__, str(control.fileno())]
    return os.posix_spawn(sys.executable, command, os.environ)


def _runs(pid: int) -> bool:
    """Whether a process of ours runs; one that has ended is taken off the system's books."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def _spawned(channel: Connection, sockets: list[socket.socket], plan: Plan) -> None:
    from gearbox_lite.server import worker  # noqa: PLC0415 (the supervisor does not need it)

    worker.main(channel, sockets, plan)


def _installed() -> list[tuple[str, int]]:
    """Return the folders of installed distributions with the times of their last change."""
    found = []
    for folder in sys.path:
        if os.path.basename(folder) in SITES:  # noqa: PTH119
            with suppress(OSError):
                found.append((folder, os.stat(folder).st_mtime_ns))  # noqa: PTH116
    return found
