"""Serving one ini from its start to its shutdown, in this process or with a supervisor and workers."""

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
    from gearbox_lite.server.supervisor.reloader import Reloader


_SIGHUP_IGNORED = "SIGHUP ignored: a single process cannot reload itself; start it with --reload or --workers 2"


def run(load: Callable[[], ServeSettings], terminal: Terminal, *, pid_file: Path | None) -> None:
    """Serve until SIGINT or SIGTERM. ``load`` reads the ini, again at each reload.

    Raises UserError if the server cannot start.
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
            # One worker without reload needs no supervisor, except under systemd, which may send SIGHUP to reload.
            if serve.reload or serve.workers > 1 or (readiness.is_under_systemd and settings.is_waitress):
                from gearbox_lite.server.supervisor.reloader import Reloader

                _supervise(
                    Reloader(load, settings, terminal, listening, readiness), lambda: _clean_up(listening, readiness)
                )
            elif settings.is_waitress:
                have_threads_ended = _run_here(settings, terminal, listening, readiness)
            else:
                have_threads_ended = _run_other(settings, terminal, listening, readiness)
    except (RuntimeError, MemoryError) as error:
        from gearbox_lite.server import limits

        explained = limits.explain_limit(error)
        if explained is None:
            raise
        raise explained from error
    finally:
        _clean_up(listening, readiness)
    if not have_threads_ended:
        from gearbox_lite.server.http.shutdown import end_process

        end_process(0)


def _clean_up(listening: Listening, readiness: Readiness) -> None:
    """Remove the unix sockets and the pid file that the server has created; may be called again."""
    listening.close()
    readiness.close()


def _run_here(settings: ServeSettings, terminal: Terminal, listening: Listening, readiness: Readiness) -> bool:
    """Serve in this process: one worker, no reload. Returns whether all threads of the application have finished."""
    from gearbox_lite.server import descriptors, log_routing, signals
    from gearbox_lite.server.debug import protection
    from gearbox_lite.server.http import adjustments
    from gearbox_lite.server.http.server import Server
    from gearbox_lite.server.http.shutdown import wait_for_threads

    running: list[Server] = []

    def shut_down() -> None:
        if not running:
            raise KeyboardInterrupt
        readiness.stopping()
        running[0].drain()

    def warn_that_it_is_ignored() -> None:
        # In a thread, since the handler may have interrupted code that is printing.
        threading.Thread(target=terminal.warn, args=[_SIGHUP_IGNORED]).start()

    with signals.graceful_shutdown_on_signals(shut_down, lambda: _clean_up(listening, readiness)):
        signals.handle_hup(warn_that_it_is_ignored, shut_down)
        warnings = _check_sessions(settings)
        adjust = adjustments.check_options(settings.server.options)
        log_routing.route_logs(settings)
        for warning in warnings:
            terminal.warn(warning)
        listening.open(settings)
        descriptors.close_in_forks(lambda: listening.sockets)
        application, protected = protection.load_protected(settings, listening.sockets)
        for finding in protected.findings:
            terminal.warn(str(finding))
        with contextlib.closing(
            Server(application, listening.sockets, adjust, settings.serve, protected.guard)
        ) as server:
            running.append(server)
            terminal.announce(settings, listening.urls(settings))
            readiness.ready()
            server.run()
        return wait_for_threads(server.drain_deadline, settings.serve.drain_timeout)


def _check_sessions(settings: ServeSettings) -> list[str]:
    """Return warnings about the sessions. Raises UserError for settings that would lose them or give them away."""
    from gearbox_lite.findings import raise_errors
    from gearbox_lite.sessions import checks

    findings = checks.check_sessions(settings)
    raise_errors(findings)
    return [str(finding) for finding in [*findings, *checks.check_store(settings)]]


def _run_other(settings: ServeSettings, terminal: Terminal, listening: Listening, readiness: Readiness) -> bool:
    """Serve with any other PasteDeploy server, which binds its own socket. Returns the same as ``_run_here``."""
    from gearbox_lite.server import log_routing, signals
    from gearbox_lite.server.debug import protection
    from gearbox_lite.server.http.other_server import RequestTracker, load_server
    from gearbox_lite.server.http.shutdown import wait_for_threads

    warnings = _check_sessions(settings)
    log_routing.route_logs(settings)
    for warning in warnings:
        terminal.warn(warning)
    listening.open(settings)
    application: RequestTracker | None = None
    is_busy = lambda: application is not None and application.is_busy()  # noqa: E731
    clean_up = lambda: _clean_up(listening, readiness)  # noqa: E731
    with contextlib.suppress(KeyboardInterrupt), signals.keyboard_interrupt_on_signals(is_busy, clean_up):
        loaded, protected = protection.load_protected(settings, [])
        for finding in protected.findings:
            terminal.warn(str(finding))
        application = RequestTracker(protected.guard(loaded))
        serve = load_server(settings)
        terminal.announce(settings, listening.urls(settings))
        readiness.ready()
        serve(application)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # another Ctrl-C ends the process at once
    drain_timeout = settings.serve.drain_timeout
    return wait_for_threads(time.monotonic() + drain_timeout, drain_timeout)


def _supervise(reloader: Reloader, clean_up: Callable[[], None]) -> None:
    """Keep workers running, and reload them when a file changes or on SIGHUP."""
    from gearbox_lite.server import signals

    with signals.graceful_shutdown_on_signals(reloader.shut_down, clean_up):
        signals.handle_hup(reloader.reload_with_fresh_imports, reloader.shut_down)
        reloader.run()
