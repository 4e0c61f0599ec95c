"""Starting worker processes with what takes time already imported."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, arbitrary_address  # type: ignore[attr-defined]
from multiprocessing.process import BaseProcess
from typing import Any

from gearbox_lite.server import preloaded

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


class _NoTracker:
    """Stands in for the process that would tidy up after semaphores and shared memory, and take 6 MiB.

    The supervisor has neither. ``entry`` takes it from the workers, whose applications may have them.
    """

    def __init__(self) -> None:
        self._fd = os.open(os.devnull, os.O_WRONLY)

    def ensure_running(self) -> None:
        pass

    def getfd(self) -> int:
        return self._fd


class Forks:
    """Processes from multiprocessing's fork server, or new interpreters where the system has none."""

    def __init__(self) -> None:
        methods = multiprocessing.get_all_start_methods()
        self._has_server = "forkserver" in methods
        self._context: Any = multiprocessing.get_context("forkserver" if self._has_server else "spawn")
        self._modules = KNOWN
        self._installed = _installed()
        self._former: list[int] = []
        if self._has_server:
            forkserver.resource_tracker = _NoTracker()  # type: ignore[attr-defined]
            with self._naming_modules():
                _fork_server()

    def start(self, main: Callable[..., None], *arguments: object) -> tuple[BaseProcess, Connection]:
        """Return a new process that runs ``main`` with a channel and the arguments, and the channel's other end."""
        if self._has_server and _installed() != self._installed:
            self.renew()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=main, args=(theirs, *arguments))
        with self._naming_modules():
            process.start()
        theirs.close()
        return process, ours

    def preload(self, modules: list[str]) -> None:
        """Have the processes after this one start with these modules, if that is worth it."""
        further = [name for name in modules if name not in self._modules]
        if self._has_server and len(further) >= WORTH_A_SERVER:
            self._modules = [*self._modules, *further]
            self.renew()

    def renew(self) -> None:
        """Have the next process come from a new fork server, which imports everything anew.

        The former one ends with its last process: each holds its pipe open (multiprocessing.forkserver). The standard
        library has no call for this.
        """
        if not self._has_server:
            return
        self._installed = _installed()
        server: Any = forkserver._forkserver  # noqa: SLF001
        for pid in list(self._former):
            with suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    self._former.remove(pid)
        if server._forkserver_pid is not None:  # noqa: SLF001
            self._former.append(server._forkserver_pid)  # noqa: SLF001
            os.close(server._forkserver_alive_fd)  # noqa: SLF001
        vars(server).update(vars(type(server)()))
        self._context.set_forkserver_preload([preloaded.__name__])
        with self._naming_modules():
            server.ensure_running()

    @contextmanager
    def _naming_modules(self) -> Iterator[None]:
        """Tell a fork server that starts what to import, and keep Ctrl-C from it until it ignores that."""
        os.environ[preloaded.VARIABLE] = " ".join(self._modules)
        if self._has_server:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            if self._has_server:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            del os.environ[preloaded.VARIABLE]


def _fork_server() -> None:
    """Fork the first fork server off this process, so that all share the memory of what this one has imported.

    That has to be before this process has threads. A later one is a new interpreter (multiprocessing.forkserver).
    """
    server: Any = forkserver._forkserver  # noqa: SLF001
    with socket.socket(socket.AF_UNIX) as listener:
        address = arbitrary_address("AF_UNIX")
        listener.bind(address)
        listener.listen()
        alive_r, alive_w = os.pipe()
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            _be_server(listener.fileno(), alive_r)
        os.close(alive_r)
    server._forkserver_address, server._forkserver_alive_fd, server._forkserver_pid = address, alive_w, pid  # noqa: SLF001


def _be_server(listener: int, alive: int) -> None:
    """Serve forks until nobody is left who could ask; never return."""
    try:
        kept = sorted({0, 1, 2, listener, alive})
        for after, before in pairwise([*kept, os.sysconf("SC_OPEN_MAX")]):
            os.closerange(after + 1, before)
        forkserver.resource_tracker = resource_tracker  # type: ignore[attr-defined]
        preloaded.prepare()
        forkserver.main(listener, alive, [])
    finally:
        os._exit(0)


def _installed() -> list[tuple[str, int]]:
    """Return the folders of installed distributions with the times of their last change."""
    found = []
    for folder in sys.path:
        if "-packages" in folder:
            with suppress(OSError):
                found.append((folder, os.stat(folder).st_mtime_ns))  # noqa: PTH116
    return found
