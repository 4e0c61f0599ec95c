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
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.machinery import PathFinder

from gearbox_lite.application.user_code import SITES, is_installed
from gearbox_lite.server.supervisor.processes import Forked, Process, Spawned
from gearbox_lite.server.worker import control_channel, fork_server
from gearbox_lite.server.worker.control_channel import ControlChannel
from gearbox_lite.server.worker.fork_server import ENDING
from gearbox_lite.server.worker.protocol import FROM_SUPERVISOR, FROM_WORKER, Plan

KNOWN = [
    *("gearbox_lite.server.worker.main", "gearbox_lite.sessions.middleware", "beaker.middleware", "jinja2.ext"),
    *("paste.deploy", "paste.deploy.converters", "waitress.server", "backlash", "tg", "tg.configurator.fullstack"),
    *(f"tg.appwrappers.{name}" for name in ("caching", "errorpage", "i18n", "identity", "mingflush", "session")),
    *("tg.appwrappers.transaction_manager", "tg.renderers.jinja", "tg.renderers.json"),
    *("tg.renderers.genshi", "tg.renderers.kajiki", "tg.renderers.mako"),
    "encodings.idna",  # which socket.getaddrinfo imports
]
"""Modules that take time and do not change; the fork server imports them once for all workers."""

WORTH_A_SERVER = 25
"""With fewer further modules to import, a second fork server would cost more memory than it saves time."""
SEND_PATIENCE = 5.0
"""Seconds for which the supervisor waits for a fork server that takes nothing; only one that is stopped does so."""

START_PATIENCE = 60.0
"""Seconds for which a fork server may import what workers need; also for which one may not answer."""


@dataclass
class _ForkServer:
    """A process to fork from, and the socket that it takes requests from."""

    pid: int
    control: socket.socket
    is_reaped: bool = False
    has_answered: bool = False

    def note_answer(self) -> None:
        """Note that it has imported what it is to share, and forks."""
        self.has_answered = True

    def has_ended(self) -> bool:
        """Reap the process, and return whether it has ended."""
        if not self.is_reaped:
            self.is_reaped = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return self.is_reaped

    def end(self) -> None:
        """Kill and reap the process; its workers keep running."""
        self.control.close()
        if not self.has_ended():  # so that the number is still its own
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)  # does not wait for long, since nothing survives SIGKILL
            self.is_reaped = True


class Spawner:
    """Starts workers from a fork server, or in new interpreters if the system cannot fork."""

    def __init__(self) -> None:
        """Raise OSError if the system has no room for a process."""
        self._has_server = hasattr(os, "fork") and hasattr(socket, "send_fds")
        self._modules = KNOWN
        self._installed = _installed()
        self._former: list[_ForkServer] = []
        if self._has_server:
            self._server = self._start_server()

    def start(self, sockets: list[socket.socket], plan: Plan) -> tuple[Process, ControlChannel]:
        """Return a new worker process, which may not have started yet, and the channel to it.

        Raises OSError if the system has no room for it.
        """
        ours, theirs = control_channel.pair()
        try:
            with theirs:
                process = self._start(theirs, sockets, plan)
        except BaseException:
            ours.close()
            raise
        return process, ControlChannel(ours, FROM_WORKER)

    def _start(self, channel: socket.socket, sockets: list[socket.socket], plan: Plan) -> Process:
        if not self._has_server:
            process = multiprocessing.get_context("spawn").Process(target=_spawned, args=(channel, sockets, plan))
            process.start()
            return Spawned(process)
        if _installed() != self._installed:
            self.renew()
        try:
            return self._fork(channel, sockets, plan)
        except (ConnectionError, TimeoutError):  # the fork server has been killed or stopped
            self.replace_server()
            return self._fork(channel, sockets, plan)

    def _fork(self, channel: socket.socket, sockets: list[socket.socket], plan: Plan) -> Forked:
        report, theirs = os.pipe()
        try:
            passed = [theirs, channel.fileno(), *(one.fileno() for one in sockets)]
            fork_server.send(self._server.control, plan, passed)
        except BaseException:
            os.close(report)
            raise
        finally:
            os.close(theirs)
        return Forked(report, self._server.note_answer, partial(self._give_up, self._server))

    def start_patience(self, timeout: float) -> float:
        """Return the seconds after which a requested process must have started: a new fork server imports first."""
        return timeout if timeout and self._has_server and self._server.has_answered else START_PATIENCE

    def preload(self, modules: list[str]) -> None:
        """Have the processes after this one start with these modules, if that is worth it.

        A worker names them, so those that are not installed are left to the workers: it cannot choose what runs here.
        """
        further = [name for name in modules if name not in self._modules]
        if self._has_server and len(further) >= WORTH_A_SERVER:
            self._modules = [*self._modules, *_only_installed(further)]
            self.renew()

    def renew(self) -> None:
        """Have the next process come from a new fork server, which imports everything again.

        Raises OSError if the system has no room for it; then the present one stays.
        """
        if self._has_server:
            installed = _installed()
            former, self._server = self._server, self._start_server()
            self._installed = installed
            former.control.close()  # it ends with its last process
            self._former.append(former)
            self.reap()

    def replace_server(self) -> None:
        """Replace a fork server that has been killed or does not answer; its workers keep running."""
        if self._has_server:
            self._modules = KNOWN  # others may be the reason
            former = self._server
            self.renew()
            former.end()

    def _give_up(self, server: _ForkServer) -> None:
        """End a fork server that does not answer, be it a former one; its workers keep running."""
        if server is self._server:
            self.replace_server()
        else:
            server.end()

    def replace_ended_server(self) -> None:
        """Replace the fork server if it has ended."""
        if self._has_server and self._server.has_ended():
            self.replace_server()

    def reap(self) -> None:
        """Reap the former fork servers that have ended."""
        self._former = [one for one in self._former if not one.has_ended()]

    def close(self) -> None:
        """End all fork servers; all workers have ended."""
        if not self._has_server:
            return
        for one in [*self._former, self._server]:
            one.end()

    def _start_server(self) -> _ForkServer:
        ours, theirs = socket.socketpair()
        ours.settimeout(SEND_PATIENCE)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until it ignores them itself
        try:
            with theirs:
                # A process with threads must not be forked, so only the first one shares what this one has imported.
                start = _fork_server if threading.active_count() == 1 else _spawn_server
                server = _ForkServer(start(theirs), ours)
        except BaseException:
            ours.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        with suppress(OSError):  # it has ended already, as the next request will tell
            fork_server.send(ours, (sys.path, self._modules), [])
        return server


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


def _spawned(channel: socket.socket, sockets: list[socket.socket], plan: Plan) -> None:
    from gearbox_lite.server.worker import main as worker

    worker.main(ControlChannel(channel, FROM_SUPERVISOR), sockets, plan)


def _only_installed(modules: Iterable[str]) -> list[str]:
    """Return the modules whose package is an installed distribution's, found without importing anything."""
    packages: dict[str, bool] = {}
    kept = []
    for name in modules:
        package = name.partition(".")[0]
        if package not in packages:
            spec = PathFinder.find_spec(package)
            places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or [])]
            packages[package] = bool(places) and all(is_installed(place) for place in places if place)
        if packages[package]:
            kept.append(name)
    return kept


def _installed() -> list[tuple[str, int]]:
    """Return the folders of installed distributions with the times of their last change."""
    found = []
    for folder in sys.path:
        if os.path.basename(folder) in SITES:
            with suppress(OSError):
                found.append((folder, os.stat(folder).st_mtime_ns))
    return found
