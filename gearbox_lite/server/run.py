"""Serving one ini from start to end, in this process or with workers."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass

from gearbox_lite.errors import UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server import bind, listening


@dataclass(frozen=True)
class Terminal:
    """What is said while serving: the banner with its URLs, warnings, notes, and a failure to load."""

    announce: Callable[[ServeSettings, list[str]], None]
    warn: Callable[[str], None]
    note: Callable[[str], None]
    fail: Callable[[str, str], None]


def run(load: Callable[[], ServeSettings], terminal: Terminal, *, allow_remote_debug: bool) -> None:
    """Serve until SIGINT or SIGTERM. ``load`` reads the ini, again at each reload.

    Raises UserError for whatever keeps it from starting.
    """
    settings = load()
    with contextlib.suppress(KeyboardInterrupt):
        if not settings.is_waitress:
            _run_other(settings, terminal, allow_remote_debug=allow_remote_debug)
        elif settings.serve.reload or settings.serve.workers > 1:
            _supervise(load, settings, terminal, allow_remote_debug=allow_remote_debug)
        else:
            _run_here(settings, terminal, allow_remote_debug=allow_remote_debug)


def _run_here(settings: ServeSettings, terminal: Terminal, *, allow_remote_debug: bool) -> None:
    """Serve in this process: one worker, no reload."""
    from gearbox_lite.server import adjustments, logs, signals  # noqa: PLC0415 (each way imports what it needs)
    from gearbox_lite.server.load import load_application  # noqa: PLC0415
    from gearbox_lite.server.waitress_server import Server  # noqa: PLC0415

    running: list[Server] = []

    def end() -> None:
        if not running:
            raise KeyboardInterrupt
        running[0].end()

    with signals.ending_on_signals(end):
        _check(settings, terminal)
        adjust = adjustments.check(settings.server.options)
        logs.configure(settings)
        wanted = listening.check_listening(settings, allow_remote_debug=allow_remote_debug)
        sockets = listening.open_sockets(settings, wanted)
        application = load_application(settings)
        serve = settings.serve
        server = Server(application, sockets, adjust, drain_timeout=serve.drain_timeout, access_log=serve.access_log)
        running.append(server)
        terminal.announce(settings, [listening.url(bound) for bound in sockets])
        server.run()


def _check(settings: ServeSettings, terminal: Terminal) -> None:
    from gearbox_lite.server import checks  # noqa: PLC0415

    findings = checks.find(settings)
    checks.raise_errors(findings)
    for finding in [*findings, *checks.unreachable(settings)]:
        terminal.warn(str(finding))


def _run_other(settings: ServeSettings, terminal: Terminal, *, allow_remote_debug: bool) -> None:
    """Serve with any other PasteDeploy server, which binds its own socket."""
    from gearbox_lite.server import load, logs, signals  # noqa: PLC0415

    options = settings.server.options
    if settings.serve.workers > 1:
        raise UserError(
            f"{settings.server.factory} has workers of its own, if any",
            at=settings.server.factory.at if settings.server.factory else None,
            remedy="set them in its own section, and workers = 1 in [serve]",
        )
    if settings.serve.reload:
        terminal.note(f"{settings.server.factory} opens its own socket, so nothing is reloaded; restart it by hand.")
    _check(settings, terminal)
    listening.check_listening(settings, allow_remote_debug=allow_remote_debug)
    with signals.interrupting_on_signals():
        logs.configure(settings)
        application = load.load_application(settings)
        host, port = options.get("host", bind.DEFAULT_HOST), options.get("port")
        terminal.announce(settings, [f"http://{host.value}:{port.value}" if port else f"{settings.server.factory}"])
        load.run_other(settings, application)


def _supervise(
    load: Callable[[], ServeSettings], settings: ServeSettings, terminal: Terminal, *, allow_remote_debug: bool
) -> None:
    """Keep workers, and swap them when a file changes or SIGHUP comes."""
    from gearbox_lite.server import signals  # noqa: PLC0415
    from gearbox_lite.server.supervised import Supervised  # noqa: PLC0415

    supervised = Supervised(load, settings, terminal, allow_remote_debug=allow_remote_debug)
    with signals.ending_on_signals(supervised.end):
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, lambda *_: supervised.swap())
        supervised.run()
