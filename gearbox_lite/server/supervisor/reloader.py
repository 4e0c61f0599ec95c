"""The supervisor of one ini: which settings and sockets it serves, which files it watches, and whom it informs."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from gearbox_lite.errors import UserError, at_setting
from gearbox_lite.ini.parsing.inherited import with_inherited
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server import log_routing
from gearbox_lite.server.http import adjustments
from gearbox_lite.server.limits import no_process
from gearbox_lite.server.listen.listening import Listening, check_workers
from gearbox_lite.server.notify import Readiness
from gearbox_lite.server.supervisor.commands import Command
from gearbox_lite.server.supervisor.spawner import Spawner
from gearbox_lite.server.supervisor.supervisor import Supervisor
from gearbox_lite.server.supervisor.watch import Changes, Watcher, WatchFilter
from gearbox_lite.server.terminal import Terminal
from gearbox_lite.server.worker.error_page import Failure
from gearbox_lite.server.worker.protocol import Plan, Ready


class Reloader:
    """Serves one ini, and reloads it when its files change or on SIGHUP."""

    def __init__(
        self,
        load: Callable[[], ServeSettings],
        settings: ServeSettings,
        terminal: Terminal,
        listening: Listening,
        readiness: Readiness,
    ) -> None:
        """Bind the sockets. Raises UserError if an address is invalid or taken, or if no process can be started."""
        self._load = load
        self._settings = settings
        self._terminal = terminal
        self._listening = listening
        self._readiness = readiness
        self._options = self._check(settings)
        self._log_warning = ""
        self._configure_logs(settings)
        self._listening.open(settings)
        self._watcher: Watcher | None = None
        self._changes = Changes()
        self._files: set[str] = set()
        self._is_polling = False
        self._watched: tuple[frozenset[str], tuple[str, ...], tuple[str, ...], bool] | None = None
        self._reported = ""
        has_database = settings.app.innermost.get("sqlalchemy.url") is not None
        try:
            spawner = Spawner(has_live_reload=self._has_live_reload(), has_database=has_database)
        except OSError as error:
            raise no_process(error) from error
        self._supervisor = Supervisor(self._make_plan, self, spawner)

    def run(self) -> None:
        """Serve until ``shut_down`` is called."""
        self._watch([])  # before anything is loaded, so that no change is missed in between
        try:
            self._supervisor.run()
        finally:
            if self._watcher is not None:
                self._watcher.close()

    def shut_down(self) -> None:
        """Begin the graceful shutdown (SIGTERM, SIGINT): drain all workers, then return from ``run``."""
        self._readiness.stopping()
        self._supervisor.send_command(Command.SHUT_DOWN)

    def reload(self, changed: list[str]) -> None:
        """Replace all workers, since files have changed."""
        self._changes.note(changed)
        self._supervisor.send_command(Command.RELOAD)

    def reload_with_fresh_imports(self) -> None:
        """Replace all workers by ones that import installed modules again as well (SIGHUP)."""
        self._changes.note([])
        self._supervisor.send_command(Command.RELOAD_WITH_FRESH_IMPORTS)

    def _check(self, settings: ServeSettings) -> dict[str, str]:
        """Return waitress' settings. Raises UserError for those that cannot be used, at all or by a reload."""
        check_workers(settings)
        if settings.is_waitress != self._settings.is_waitress and settings.server.factory is not None:
            raise at_setting(settings.server.factory, "a reload cannot change the server", "stop it and start it again")
        return adjustments.check_options(settings.server.options) if settings.is_waitress else {}

    def _configure_logs(self, settings: ServeSettings) -> None:
        warning = log_routing.route_supervisor_logs(settings)
        message = "" if warning is None else warning.message
        if message and message != self._log_warning:
            self._terminal.warn(message)
        self._log_warning = message

    def _make_plan(self) -> tuple[Plan, list[socket.socket]]:
        """Read the ini again; if that fails, keep the present settings and serve the error page."""
        self._readiness.reloading()
        self._changes.begin()
        failure: Failure | None = None
        try:
            settings = self._load()
            options = self._check(settings)
            self._configure_logs(settings)
            failure = None if settings.app_error is None else Failure.of(settings.app_error)
            if self._listening.open(settings):
                self._terminal.note(f"Now serving at {' and '.join(self._listening.urls(settings))}")
            self._settings, self._options = settings, options
        except UserError as error:
            failure = Failure.of(error)
        except OSError as error:  # for example too many open files, which may pass
            failure = Failure(f"{self._settings.ini}: cannot be served: {error}; save it again to retry")
        plan = Plan(self._settings, self._options, failure, self._page_version())
        return plan, self._listening.sockets

    def _page_version(self) -> str | None:
        """Return the version of the next workers' pages, None if live reload is off."""
        return self._supervisor.pages.new_version() if self._has_live_reload() else None

    def _has_live_reload(self) -> bool:
        return self._settings.has_live_reload and hasattr(socket, "send_fds")  # not on Windows

    def _tell_pages(self, changed: list[str]) -> None:
        """Have open pages show changed templates and public files."""
        from gearbox_lite.server.live_reload.file_events import events_of

        for event in events_of(changed):
            self._supervisor.send_command(event)

    def watch_files(self, ready: Ready) -> None:
        """Watch what a worker has imported, also if its application has not loaded."""
        self._watch(ready.files)

    def announce(self, ready: Ready, *, first: bool) -> None:
        """Report that a start or a reload has succeeded, or why the error page is served instead."""
        self._reported = ""
        files, milliseconds = self._changes.take()
        if ready.failure is not None:
            self._terminal.fail(ready.failure.message, ready.failure.report)
        elif not first:
            self._terminal.reloaded(files, milliseconds)
        for warning in ready.warnings:
            self._terminal.warn(warning)
        if first:
            note = ""
            if not self._settings.is_waitress:
                note = f"{self._settings.server.factory} opens its own socket: a reload closes it for a moment"
            self._terminal.announce(self._settings, self._listening.urls(self._settings), note)
        self._readiness.ready()

    def report_load_failure(self, failure: Failure, consequence: str) -> None:
        """Report why a worker has failed to load, with the traceback unless it is the same as the last one."""
        report = "" if failure.report == self._reported else failure.report
        self._reported = failure.report
        self._terminal.fail(f"{failure.message}; {consequence}", report)
        self._readiness.reloaded()

    def report_problem(self, message: str) -> None:
        """Report that a worker has exited or could not be spawned."""
        self._terminal.warn(message)
        self._readiness.reloaded()

    def close_listeners(self) -> None:
        """Refuse new connections, unless systemd keeps the sockets open."""
        self._listening.close()

    def _watch(self, imported: list[str]) -> None:
        """Watch the project's files, and those of earlier loads: a load that failed may not have reported all."""
        ini, serve = self._settings.ini, self._settings.serve
        project = WatchFilter(ini.parent, (), serve.watch, serve.ignore)
        inis = [os.path.abspath(one.path) for one in with_inherited(ini, self._settings.variables)]
        files = {*imported, *inis, *map(os.path.realpath, inis)}
        self._files |= {path for path in files if not project.covers(path)}
        is_live = self._has_live_reload()
        wanted = (frozenset(self._files), serve.watch, serve.ignore, is_live) if serve.reload else None
        if wanted == self._watched:
            return
        before, self._watched = self._watcher, wanted
        self._watcher = None
        if wanted:
            watch_filter = WatchFilter(ini.parent, *wanted[:3])
            on_page_files = self._tell_pages if is_live else None
            self._watcher = Watcher(watch_filter, self.reload, self._report_polling, on_page_files)
        if before is not None:
            before.close()  # only now, so that no change is missed in between

    def _report_polling(self, reason: str) -> None:
        if not self._is_polling:
            self._is_polling = True
            hint = "raise fs.inotify.max_user_watches or max_user_instances by sysctl"
            self._terminal.warn(f"inotify limit reached ({reason}); polling for changes instead; {hint}")
