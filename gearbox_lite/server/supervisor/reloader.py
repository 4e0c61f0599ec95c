"""What the supervisor serves: the ini as it now is, on sockets that are kept, with the changes of its files."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from gearbox_lite.errors import UserError, at_setting
from gearbox_lite.ini.inherited import with_inherited
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.http import adjustments
from gearbox_lite.server.listen.listening import Listening, check_workers
from gearbox_lite.server.notify import Readiness
from gearbox_lite.server.supervisor.supervisor import Command, Supervisor
from gearbox_lite.server.supervisor.watch import Interest, Watcher
from gearbox_lite.server.terminal import Terminal
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import Plan, Ready


class Supervised:
    """One ini under a supervisor."""

    def __init__(
        self,
        load: Callable[[], ServeSettings],
        settings: ServeSettings,
        terminal: Terminal,
        listening: Listening,
        readiness: Readiness,
    ) -> None:
        """Bind the sockets. Raises UserError for an address that is invalid or taken."""
        self._load = load
        self._settings = settings
        self._terminal = terminal
        self._listening = listening
        self._readiness = readiness
        self._options = self._check(settings)
        self._listening.open(settings)
        self._watcher: Watcher | None = None
        self._files: set[str] = set()
        self._is_polling = False
        self._watched: tuple[frozenset[str], tuple[str, ...], tuple[str, ...]] | None = None
        self._reported = ""
        self._supervisor = Supervisor(self._plan, self)

    def run(self) -> None:
        """Serve until ``end``."""
        self._watch([])  # before anything is loaded, so that no change is missed
        try:
            self._supervisor.run()
        finally:
            if self._watcher is not None:
                self._watcher.close()

    def end(self) -> None:
        """Drain all workers, then return from ``run``."""
        self._readiness.stopping()
        self._supervisor.command(Command.END)

    def reload(self) -> None:
        """Replace all workers by new ones."""
        self._supervisor.command(Command.RELOAD)

    def reload_with_fresh_imports(self) -> None:
        """Replace all workers by new ones that import even installed modules again."""
        self._supervisor.command(Command.RELOAD_WITH_FRESH_IMPORTS)

    def _check(self, settings: ServeSettings) -> dict[str, str]:
        """Return waitress' settings. Raises UserError for those that cannot be used, at all or by a reload."""
        check_workers(settings)
        if settings.is_waitress != self._settings.is_waitress and settings.server.factory is not None:
            raise at_setting(settings.server.factory, "a reload cannot change the server", "stop it and start it again")
        return adjustments.check_options(settings.server.options) if settings.is_waitress else {}

    def _plan(self) -> tuple[Plan, list[socket.socket]]:
        """Read the ini again; if that fails, keep the settings that are known and serve the error page."""
        self._readiness.reloading()
        failure: Failure | None = None
        try:
            settings = self._load()
            options = self._check(settings)
            failure = None if settings.app_error is None else Failure.of(settings.app_error)
            if self._listening.open(settings):
                self._terminal.note(f"Now serving at {' and '.join(self._listening.urls(settings))}")
            self._settings, self._options = settings, options
        except UserError as error:
            failure = Failure.of(error)
        except OSError as error:  # such as too many open files, which pass
            failure = Failure(f"{self._settings.ini}: cannot be served as it now is: {error}; save it again")
        return Plan(self._settings, self._options, failure), self._listening.sockets

    def loaded(self, ready: Ready) -> None:
        """Watch what a worker has imported, also one whose application has not loaded."""
        self._watch(ready.files)

    def announce(self, ready: Ready, *, first: bool) -> None:
        """Tell that a start or a reload has succeeded, or why the error page is served instead."""
        self._reported = ""
        if ready.failure is not None:
            self._terminal.fail(ready.failure.message, ready.failure.report)
        elif not first:
            self._terminal.note("Reloaded.")
        for warning in ready.warnings:
            self._terminal.warn(warning)
        if first:
            self._terminal.announce(self._settings, self._listening.urls(self._settings))
            if not self._settings.is_waitress:
                self._terminal.note(
                    f"  note     {self._settings.server.factory} opens its own socket: a reload closes it for a moment"
                )
        self._readiness.ready()

    def report_load_failure(self, failure: Failure, consequence: str) -> None:
        """Tell why a worker has failed to load, with the traceback unless the last one has been the same."""
        report = "" if failure.report == self._reported else failure.report
        self._reported = failure.report
        self._terminal.fail(f"{failure.message}; {consequence}", report)
        self._readiness.reloaded()

    def report_problem(self, message: str) -> None:
        """Tell that a worker has ended or could not be started."""
        self._terminal.warn(message)
        self._readiness.reloaded()

    def ending(self) -> None:
        """Refuse new connections, unless systemd keeps the sockets open."""
        self._listening.close()

    def _watch(self, made_of: list[str]) -> None:
        """Watch the project as it now is; what broke before it was reported is still watched as it was."""
        ini, serve = self._settings.ini, self._settings.serve
        project = Interest(ini.parent, (), serve.watch, serve.ignore)
        inis = [os.path.abspath(one.path) for one in with_inherited(ini, self._settings.variables)]
        files = {*made_of, *inis, *map(os.path.realpath, inis)}
        self._files |= {path for path in files if not project.covers(path)}
        wanted = (frozenset(self._files), serve.watch, serve.ignore) if serve.reload else None
        if wanted == self._watched:
            return
        before, self._watched = self._watcher, wanted
        self._watcher = Watcher(Interest(ini.parent, *wanted), self.reload, self._polls) if wanted else None
        if before is not None:
            before.close()  # only now, so that no change is missed in between

    def _polls(self, reason: str) -> None:
        if not self._is_polling:
            self._is_polling = True
            hint = "raise fs.inotify.max_user_watches or max_user_instances by sysctl"
            self._terminal.warn(f"the system watches no more files, so they are looked at instead; {hint} ({reason})")
