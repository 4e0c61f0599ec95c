"""Serving one ini from start to end, in this process or with workers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server import systemd
from gearbox_lite.server.listening import Listening, check_workers
from gearbox_lite.server.readiness import Readiness

if TYPE_CHECKING:
    from gearbox_lite.server.supervised import Supervised


_STAYS = "SIGHUP: this one process goes on as it is; with --workers 2 or --reload, SIGHUP swaps the processes"


@dataclass(frozen=True)
class Terminal:
    """What is said while serving: the banner with its URLs, warnings, notes, and a failure to load."""

    announce: Callable[[ServeSettings, list[str]], None]
    warn: Callable[[str], None]
    note: Callable[[str], None]
    fail: Callable[[str, str], None]


def run(load: Callable[[], ServeSettings], terminal: Terminal, *, pid_file: Path | None) -> None:
    """Serve until SIGINT or SIGTERM. ``load`` reads the ini, again at each reload.

    Raises UserError for whatever keeps it from starting.
    """
    settings = load()
    serve = settings.serve
    readiness = Readiness(pid_file)
    check_workers(settings)
    if settings.mistake is not None and not serve.reload:
        raise settings.mistake
    listening = Listening(systemd.take_sockets() if settings.is_waitress else [])
    try:
        with contextlib.suppress(KeyboardInterrupt):
            # systemd may ask for a reload, which takes a second process; otherwise one worker needs no supervisor.
            if serve.reload or serve.workers > 1 or (readiness.is_heard and settings.is_waitress):
                from gearbox_lite.server.supervised import Supervised  # noqa: PLC0415 (each way imports what it needs)

                _supervise(
                    Supervised(load, settings, terminal, listening, readiness), lambda: _clean(listening, readiness)
                )
            elif settings.is_waitress:
                _run_here(settings, terminal, listening, readiness)
            else:
                _run_other(settings, terminal, listening, readiness)
    finally:
        _clean(listening, readiness)


def _clean(listening: Listening, readiness: Readiness) -> None:
    """Remove what the server has put into the file system; once more does no harm."""
    listening.close()
    readiness.close()


def _run_here(settings: ServeSettings, terminal: Terminal, listening: Listening, readiness: Readiness) -> None:
    """Serve in this process: one worker, no reload."""
    from gearbox_lite.server import adjustments, debugging, logs, signals, tracebacks  # noqa: PLC0415 (as above)
    from gearbox_lite.server.load import load_application  # noqa: PLC0415
    from gearbox_lite.server.waitress_server import Server  # noqa: PLC0415

    running: list[Server] = []

    def end() -> None:
        if not running:
            raise KeyboardInterrupt
        readiness.stopping()
        running[0].end()

    def stay() -> None:
        threading.Thread(target=terminal.warn, args=[_STAYS]).start()  # a handler must not print in between

    with signals.ending_on_signals(end, lambda: _clean(listening, readiness)):
        signals.on_hangup(stay, end)
        _check(settings, terminal)
        adjust = adjustments.check(settings.server.options)
        logs.configure(settings)
        listening.open(settings)
        application = load_application(settings)
        tracebacks.shorten_logged(verbose=settings.verbose)
        protection = debugging.protect(settings, application, listening.sockets)
        for warning in protection.warnings:
            terminal.warn(warning)
        server = Server(application, listening.sockets, adjust, settings.serve, protection.guard)
        running.append(server)
        terminal.announce(settings, listening.urls(settings))
        readiness.ready()
        server.run()


def _check(settings: ServeSettings, terminal: Terminal) -> None:
    from gearbox_lite.server import checks  # noqa: PLC0415

    findings = checks.find(settings)
    checks.raise_errors(findings)
    for finding in [*findings, *checks.unreachable(settings)]:
        terminal.warn(str(finding))


def _run_other(settings: ServeSettings, terminal: Terminal, listening: Listening, readiness: Readiness) -> None:
    """Serve with any other PasteDeploy server, which binds its own socket."""
    from gearbox_lite.server import debugging, load, logs, signals, tracebacks  # noqa: PLC0415
    from gearbox_lite.server.busy import Busy  # noqa: PLC0415

    _check(settings, terminal)
    listening.open(settings)
    application: Busy | None = None
    is_busy = lambda: application is not None and application.is_busy()  # noqa: E731
    with signals.interrupting_on_signals(is_busy, lambda: _clean(listening, readiness)):
        logs.configure(settings)
        loaded = load.load_application(settings)
        protection = debugging.protect(settings, loaded, [])
        for warning in protection.warnings:
            terminal.warn(warning)
        application = Busy(protection.guard(loaded))
        tracebacks.shorten_logged(verbose=settings.verbose)
        serve = load.load_server(settings)
        terminal.announce(settings, listening.urls(settings))
        readiness.ready()
        serve(application)


def _supervise(supervised: Supervised, clean: Callable[[], None]) -> None:
    """Keep workers, and swap them when a file changes or SIGHUP comes."""
    from gearbox_lite.server import signals  # noqa: PLC0415

    with signals.ending_on_signals(supervised.end, clean):
        signals.on_hangup(supervised.swap_all, supervised.end)
        supervised.run()
