"""Serving one ini from start to end, in this process or with workers."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.listen import socket_activation
from gearbox_lite.server.listen.listening import Listening, check_workers
from gearbox_lite.server.notify import Readiness
from gearbox_lite.server.terminal import Terminal

if TYPE_CHECKING:
    from gearbox_lite.server.supervisor.reloader import Supervised


_STAYS = "SIGHUP ignored: a single process cannot reload itself; start it with --reload or --workers 2"


def run(load: Callable[[], ServeSettings], terminal: Terminal, *, pid_file: Path | None) -> None:
    """Serve until SIGINT or SIGTERM. ``load`` reads the ini, again at each reload.

    Raises UserError for whatever keeps it from starting.
    """
    settings = load()
    serve = settings.serve
    readiness = Readiness(pid_file)
    check_workers(settings)
    if settings.app_error is not None and not serve.reload:
        raise settings.app_error
    listening = Listening(socket_activation.take_sockets() if settings.is_waitress else [])
    have_threads_ended = True
    try:
        with contextlib.suppress(KeyboardInterrupt):
            # systemd may ask for a reload, which takes a second process; otherwise one worker needs no supervisor.
            if serve.reload or serve.workers > 1 or (readiness.is_heard and settings.is_waitress):
                from gearbox_lite.server.supervisor.reloader import Supervised

                _supervise(
                    Supervised(load, settings, terminal, listening, readiness), lambda: _clean(listening, readiness)
                )
            elif settings.is_waitress:
                have_threads_ended = _run_here(settings, terminal, listening, readiness)
            else:
                have_threads_ended = _run_other(settings, terminal, listening, readiness)
    except (RuntimeError, MemoryError) as error:
        from gearbox_lite.server import limits

        explained = limits.explain(error)
        if explained is None:
            raise
        raise explained from error
    finally:
        _clean(listening, readiness)
    if not have_threads_ended:
        from gearbox_lite.server.http.shutdown import end_process

        end_process(0)


def _clean(listening: Listening, readiness: Readiness) -> None:
    """Remove what the server has put into the file system; once more does no harm."""
    listening.close()
    readiness.close()


def _run_here(settings: ServeSettings, terminal: Terminal, listening: Listening, readiness: Readiness) -> bool:
    """Serve in this process: one worker, no reload. Returns whether the application's threads have ended too."""
    from gearbox_lite.application import logs, tracebacks
    from gearbox_lite.application.load import load_application
    from gearbox_lite.server import descriptors, signals
    from gearbox_lite.server.debug import protection
    from gearbox_lite.server.http import adjustments
    from gearbox_lite.server.http.server import Server
    from gearbox_lite.server.http.shutdown import wait_for_threads

    running: list[Server] = []

    def end() -> None:
        if not running:
            raise KeyboardInterrupt
        readiness.stopping()
        running[0].drain()

    def stay() -> None:
        threading.Thread(target=terminal.warn, args=[_STAYS]).start()  # a handler must not print in between

    with signals.ending_on_signals(end, lambda: _clean(listening, readiness)):
        signals.on_hangup(stay, end)
        _check(settings, terminal)
        adjust = adjustments.check_options(settings.server.options)
        logs.configure(settings)
        listening.open(settings)
        descriptors.close_in_forks(lambda: listening.sockets)
        application = load_application(settings)
        tracebacks.shorten_logged(verbose=settings.verbose)
        protected = protection.protect(settings, application, listening.sockets)
        for warning in protected.warnings:
            terminal.warn(warning)
        with contextlib.closing(
            Server(application, listening.sockets, adjust, settings.serve, protected.guard)
        ) as server:
            running.append(server)
            terminal.announce(settings, listening.urls(settings))
            readiness.ready()
            server.run()
        return wait_for_threads(server.drain_deadline, settings.serve.drain_timeout)


def _check(settings: ServeSettings, terminal: Terminal) -> None:
    from gearbox_lite.sessions import checks

    findings = checks.find(settings)
    checks.raise_errors(findings)
    for finding in [*findings, *checks.unreachable(settings)]:
        terminal.warn(str(finding))


def _run_other(settings: ServeSettings, terminal: Terminal, listening: Listening, readiness: Readiness) -> bool:
    """Serve with any other PasteDeploy server, which binds its own socket; returns what ``_run_here`` does."""
    from gearbox_lite.application import logs, tracebacks
    from gearbox_lite.application.load import load_application
    from gearbox_lite.server import signals
    from gearbox_lite.server.debug import protection
    from gearbox_lite.server.http.other_server import RequestTracker, load_server
    from gearbox_lite.server.http.shutdown import wait_for_threads

    _check(settings, terminal)
    listening.open(settings)
    application: RequestTracker | None = None
    is_busy = lambda: application is not None and application.is_busy()  # noqa: E731
    clean = lambda: _clean(listening, readiness)  # noqa: E731
    with contextlib.suppress(KeyboardInterrupt), signals.interrupting_on_signals(is_busy, clean):
        logs.configure(settings)
        loaded = load_application(settings)
        protected = protection.protect(settings, loaded, [])
        for warning in protected.warnings:
            terminal.warn(warning)
        application = RequestTracker(protected.guard(loaded))
        tracebacks.shorten_logged(verbose=settings.verbose)
        serve = load_server(settings)
        terminal.announce(settings, listening.urls(settings))
        readiness.ready()
        serve(application)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one ends at once
    drain_timeout = settings.serve.drain_timeout
    return wait_for_threads(time.monotonic() + drain_timeout, drain_timeout)


def _supervise(supervised: Supervised, clean: Callable[[], None]) -> None:
    """Keep workers, and reload them when a file changes or SIGHUP comes."""
    from gearbox_lite.server import signals

    with signals.ending_on_signals(supervised.end, clean):
        signals.on_hangup(supervised.reload_with_fresh_imports, supervised.end)
        supervised.run()
