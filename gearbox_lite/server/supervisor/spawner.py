"""Spawning worker processes from a fork server that has already imported what takes time.

The fork server is replaced

- after an upgrade with pip, or any other change of the folders of installed distributions (``_site_packages_times``),
- on SIGHUP (``restart_fork_server``),
- when the application imports many installed modules that it does not know yet (``preload``),
- when it has been killed or does not answer (``replace_dead_fork_server``).

Workers of a previous fork server keep running; it exits with the last of them.
"""

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
    *("gearbox_lite.turbogears.controllers", "gearbox_lite.turbogears.translations"),
    *("paste.deploy", "paste.deploy.converters", "waitress.server", "tg", "tg.configurator.fullstack"),
    *(f"tg.appwrappers.{name}" for name in ("caching", "errorpage", "i18n", "identity", "mingflush", "session")),
    *("tg.appwrappers.transaction_manager", "tg.renderers.jinja", "tg.renderers.json"),
    *("tg.renderers.genshi", "tg.renderers.kajiki", "tg.renderers.mako"),
    *("gearbox_lite.server.http.access_log", "resource"),
    "logging.config",  # which application.logs imports late, as the supervisor can do without
]
"""Modules that take time and do not change; the fork server imports them once for all workers.

A name that does not exist is skipped there, so test_spawner checks each.
"""
KNOWN_WITH_LIVE_RELOAD = [
    *("gearbox_lite.debug_page.middleware", "gearbox_lite.debug_page.filter_settings"),
    *("gearbox_lite.server.live_reload.middleware", "gearbox_lite.server.live_reload.stream_channel"),
]
"""Further ones of development, which production never imports."""
KNOWN_WITH_DATABASE = [
    *("gearbox_lite.database.checks", "gearbox_lite.database.postgresql", "gearbox_lite.database.url"),
    *("sqlalchemy.orm", "sqlalchemy.dialects.sqlite"),  # the dialect of PostgreSQL and its driver are preloaded later
]
"""Further ones of an application with ``sqlalchemy.url``; too few for ``MIN_PRELOAD``, but they take half of a load."""

MIN_PRELOAD = 25
"""With fewer further modules to import, a second fork server would cost more memory than it saves time."""
FORK_REQUEST_TIMEOUT = 5.0
"""Seconds for which the supervisor waits for a fork server that reads nothing; only a stopped one does that."""

FORK_SERVER_START_TIMEOUT = 60.0
"""Seconds within which a new fork server must have imported what workers need and have answered."""


@dataclass
class _ForkServer:
    """A fork server process, and the socket that it reads requests from."""

    pid: int
    control: socket.socket
    is_reaped: bool = False
    has_answered: bool = False

    def on_answer(self) -> None:
        """Note that it has imported what workers share, and forks."""
        self.has_answered = True

    def has_exited(self) -> bool:
        """Reap the process if it has exited, and return whether it has."""
        if not self.is_reaped:
            self.is_reaped = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return self.is_reaped

    def kill(self) -> None:
        """Kill and reap the process; its workers keep running."""
        self.control.close()
        if not self.has_exited():  # as long as it is not reaped, no other process can have its id
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)  # not for long, since nothing survives SIGKILL
            self.is_reaped = True


class Spawner:
    """Spawns workers from a fork server, or in new interpreters if the system cannot fork."""

    def __init__(self, *, has_live_reload: bool, has_database: bool) -> None:
        """Raise OSError if the system has no room for a process."""
        self._uses_fork_server = hasattr(os, "fork") and hasattr(socket, "send_fds")
        self._known = [
            *KNOWN,
            *(KNOWN_WITH_LIVE_RELOAD if has_live_reload else ()),
            *(KNOWN_WITH_DATABASE if has_database else ()),
        ]
        self._modules = self._known
        self._packages_seen = _site_packages_times()
        self._previous: list[_ForkServer] = []
        if self._uses_fork_server:
            self._server = self._start_fork_server()

    def spawn(self, sockets: list[socket.socket], plan: Plan) -> tuple[Process, ControlChannel]:
        """Return a new worker process, which may not have started yet, and the channel to it.

        Raises OSError if the system has no room for it.
        """
        ours, theirs = control_channel.pair()
        try:
            with theirs:
                process = self._spawn(theirs, sockets, plan)
        except BaseException:
            ours.close()
            raise
        return process, ControlChannel(ours, FROM_WORKER)

    def _spawn(self, channel: socket.socket, sockets: list[socket.socket], plan: Plan) -> Process:
        if not self._uses_fork_server:
            process = multiprocessing.get_context("spawn").Process(
                target=_run_spawned_worker, args=(channel, sockets, plan)
            )
            process.start()
            return Spawned(process)
        if _site_packages_times() != self._packages_seen:
            self.restart_fork_server()
        try:
            return self._fork(channel, sockets, plan)
        except (ConnectionError, TimeoutError):  # the fork server was killed or stopped
            self.replace_dead_fork_server()
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
        return Forked(report, self._server.on_answer, partial(self._replace, self._server))

    def start_timeout(self, worker_timeout: float) -> float:
        """Return the seconds within which a requested process must start: a new fork server imports first."""
        is_running = self._uses_fork_server and self._server.has_answered
        return worker_timeout if worker_timeout and is_running else FORK_SERVER_START_TIMEOUT

    def preload(self, modules: list[str]) -> None:
        """Have the next processes start with these modules, if that is worth a new fork server.

        A worker names them, so only installed ones are imported: an application must not choose what runs here.
        """
        further = [name for name in modules if name not in self._modules]
        if self._uses_fork_server and len(further) >= MIN_PRELOAD:
            self._modules = [*self._modules, *_only_installed(further)]
            self.restart_fork_server()

    def restart_fork_server(self) -> None:
        """Have the next processes come from a new fork server, which imports everything again.

        Raises OSError if the system has no room for it; then the present one stays.
        """
        if self._uses_fork_server:
            # Before the new one imports anything: a later change is noticed by the next spawn.
            packages = _site_packages_times()
            previous, self._server = self._server, self._start_fork_server()
            self._packages_seen = packages
            previous.control.close()  # it exits with its last worker
            self._previous.append(previous)
            self.reap()

    def replace_dead_fork_server(self) -> None:
        """Replace a fork server that was killed or does not answer; its workers keep running."""
        if self._uses_fork_server:
            self._modules = self._known  # a module of the application may be the reason
            previous = self._server
            self.restart_fork_server()
            previous.kill()

    def _replace(self, server: _ForkServer) -> None:
        """Kill a fork server that does not answer, which may be a previous one; its workers keep running."""
        if server is self._server:
            self.replace_dead_fork_server()
        else:
            server.kill()

    def replace_exited_fork_server(self) -> None:
        """Replace the fork server if it has exited."""
        if self._uses_fork_server and self._server.has_exited():
            self.replace_dead_fork_server()

    def reap(self) -> None:
        """Reap the previous fork servers that have exited."""
        self._previous = [one for one in self._previous if not one.has_exited()]

    def close(self) -> None:
        """Kill all fork servers; all workers have exited."""
        if not self._uses_fork_server:
            return
        for one in [*self._previous, self._server]:
            one.kill()

    def _start_fork_server(self) -> _ForkServer:
        ours, theirs = socket.socketpair()
        ours.settimeout(FORK_REQUEST_TIMEOUT)
        # A signal to the whole process group (Ctrl-C) may arrive between the fork and the moment when the new process
        # ignores it. It inherits this mask, so the signal waits there, and it unblocks only after it has set SIG_IGN.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            with theirs:
                # A process with threads must not be forked: another thread may hold a lock at that moment. So only the
                # first fork server, which starts before the watcher's thread, shares what this process has imported.
                start = _fork_fork_server if threading.active_count() == 1 else _spawn_fork_server
                server = _ForkServer(start(theirs), ours)
        except BaseException:
            ours.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        with suppress(OSError):  # it has exited already, which the next request notices
            fork_server.send(ours, (sys.path, self._modules), [])
        return server


def _fork_fork_server(control: socket.socket) -> int:
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        try:
            os.closerange(3, control.fileno())
            os.closerange(control.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
            fork_server.run_fork_server(control)
        finally:
            os._exit(0)
    return pid


def _spawn_fork_server(control: socket.socket) -> int:
    os.set_inheritable(control.fileno(), True)
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # noqa: SLF001
    command = [sys.executable, *flags, "-m", fork_server.__name__, str(control.fileno())]
    return os.posix_spawn(sys.executable, command, os.environ)


def _run_spawned_worker(channel: socket.socket, sockets: list[socket.socket], plan: Plan) -> None:
    from gearbox_lite.server.worker import main as worker

    worker.run_worker(ControlChannel(channel, FROM_SUPERVISOR), sockets, plan)


def _only_installed(modules: Iterable[str]) -> list[str]:
    """Return the modules whose package belongs to an installed distribution, without importing anything."""
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


def _site_packages_times() -> list[tuple[str, int]]:
    """Return the folders of installed distributions with the times of their last change: pip changes them."""
    found = []
    for folder in sys.path:
        if os.path.basename(folder) in SITES:
            with suppress(OSError):
                found.append((folder, os.stat(folder).st_mtime_ns))
    return found
