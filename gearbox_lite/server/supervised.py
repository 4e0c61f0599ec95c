"""What the supervisor serves: the ini as it now is, on sockets that are kept, with the changes of its files."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from gearbox_lite.errors import UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server import adjustments, bind, listening
from gearbox_lite.server.error_page import Failure
from gearbox_lite.server.supervisor import Supervisor
from gearbox_lite.server.watch import Interest, Watcher
from gearbox_lite.server.worker import Plan, Ready

if TYPE_CHECKING:
    from gearbox_lite.server.run import Terminal


class Supervised:
    """One ini under a supervisor."""

    def __init__(
        self,
        load: Callable[[], ServeSettings],
        settings: ServeSettings,
        terminal: Terminal,
        *,
        allow_remote_debug: bool,
    ) -> None:
        """Bind the sockets. Raises UserError for an address that is none or taken."""
        self._load = load
        self._settings = settings
        self._terminal = terminal
        self._allow_remote_debug = allow_remote_debug
        self._options = adjustments.check(settings.server.options)
        wanted = self._wanted(settings)
        opened = listening.open_sockets(settings, wanted)
        self._sockets = dict(zip([str(address) for address in wanted] or ["unix"], opened, strict=False))
        self._watcher: Watcher | None = None
        self._modules: list[str] = []
        self._watched: tuple[list[str], tuple[str, ...], tuple[str, ...]] | None = None
        self._read_once = False
        self._supervisor = Supervisor(self._plan, announce=self._announce, died=terminal.warn)

    def run(self) -> None:
        """Serve until ``end``."""
        if self._settings.serve.reload:
            self._watch([])  # before anything is loaded, so that no change is missed
        try:
            self._supervisor.run()
        finally:
            if self._watcher is not None:
                self._watcher.close()

    def end(self) -> None:
        """Drain all workers, then return from ``run``."""
        self._supervisor.order(b"e")

    def swap(self) -> None:
        """Replace all workers by new ones."""
        self._supervisor.order(b"s")

    def _wanted(self, settings: ServeSettings) -> list[bind.Address]:
        return listening.check_listening(settings, allow_remote_debug=self._allow_remote_debug)

    def _plan(self) -> tuple[Plan, list[socket.socket]]:
        """Read the ini again; where that fails, go on with what is known and serve the error page."""
        failure = None
        if self._read_once:
            try:
                settings = self._load()
                options = adjustments.check(settings.server.options)
                self._rebind(settings)
                self._settings, self._options = settings, options
            except UserError as error:
                failure = Failure(error.message, error.report)
        self._read_once = True
        debug = self._settings.debug is not None
        return Plan(self._settings, self._options, failure, debug), list(self._sockets.values())

    def _rebind(self, settings: ServeSettings) -> None:
        """Open the addresses that are new before those that are gone are closed."""
        wanted = {str(address): address for address in self._wanted(settings)}
        if not wanted or list(wanted) == list(self._sockets):
            return
        new = [address for name, address in wanted.items() if name not in self._sockets]
        opened = dict(zip([str(address) for address in new], bind.bind(new) if new else [], strict=False))
        before, self._sockets = (
            self._sockets,
            {
                name: opened.get(name) or self._sockets[name]
                for name in wanted
                if name in opened or name in self._sockets
            },
        )
        for name, bound in before.items():
            if name not in self._sockets:
                bound.close()  # the workers that still drain have their own copies
        if new:
            self._terminal.note(f"Now serving at {' and '.join(map(listening.url, self._sockets.values()))}")

    def _announce(self, ready: Ready, first: bool) -> None:  # noqa: FBT001 (the supervisor's call)
        """Say what the first worker of a swap has reported, and watch what it has imported."""
        if self._settings.serve.reload:
            self._watch(ready.modules)  # first, since who reads that it is ready may save at once
        if ready.failure is not None:
            self._terminal.fail(ready.failure.message, ready.failure.report)
        elif not first:
            self._terminal.note("Reloaded.")
        for warning in ready.warnings:
            self._terminal.warn(warning)
        if first:
            self._terminal.announce(self._settings, [listening.url(bound) for bound in self._sockets.values()])

    def _watch(self, modules: list[str]) -> None:
        """Watch the project; what broke before its import was reported is still watched as it was."""
        project = f"{self._settings.ini.parent}{os.sep}"
        wanted = (
            sorted({*self._modules, *(path for path in modules if not path.startswith(project))}),
            self._settings.serve.watch,
            self._settings.serve.ignore,
        )
        if wanted == self._watched:
            return
        self._watched, before = wanted, self._watcher
        self._modules = wanted[0]
        self._watcher = Watcher(Interest(self._settings.ini, *wanted), self.swap)
        if before is not None:
            before.close()  # only now, so that no change is missed in between
