"""What protects an application that is being debugged, and the error page of one that does not load.

Whether the application's own code turns debugging on is decided in detection.py, who can connect in
listen/exposure.py, and which requests are refused in guard.py.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from gearbox_lite.application import load, tracebacks
from gearbox_lite.errors import Location, Setting
from gearbox_lite.findings import Finding
from gearbox_lite.host_names import AllowedHosts
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.debug.detection import debugger_of
from gearbox_lite.server.debug.guard import DebugGuard, WSGIApplication
from gearbox_lite.server.listen import exposure

_NO_CONSOLE = "the console of debug pages does not work, since each process has its own stack frames; set workers = 1"

Guard = Callable[[WSGIApplication], WSGIApplication]


@dataclass(frozen=True)
class Protection:
    """The middleware to put around an application, and what to warn about."""

    guard: Guard
    findings: tuple[Finding, ...] = ()


def load_protected(settings: ServeSettings, sockets: list[socket.socket]) -> tuple[WSGIApplication, Protection]:
    """Load the application, and return it with its protection and with everything to warn about.

    ``sockets`` are as in ``protect``. Raises UserError if the application does not load or must not be served.
    """
    application = load.load_application(settings)
    load.refuse_without_session(settings)
    tracebacks.cut_logged_tracebacks(verbose=settings.verbose)
    protection = protect(settings, application, sockets)
    return application, replace(
        protection, findings=(*load.check_code(), *load.check_database(settings), *protection.findings)
    )


def protect(settings: ServeSettings, application: WSGIApplication, sockets: list[socket.socket]) -> Protection:
    """Return the protection of a loaded application; it changes nothing unless the application is being debugged.

    ``sockets`` are those it is served on, none for a server that binds its own. Raises UserError if debugging is on,
    also if only the application's own code turns it on, while others can connect.
    """
    debugger = debugger_of(application)
    debug = settings.debug or debugger
    if debug is None:
        return Protection(unguarded)
    exposure.refuse_exposed_debug(settings, debug, sockets)
    several = _several_processes(settings)
    has_console = debugger is not None and debugger.name == "debugger"
    if not has_console or several is None:
        return Protection(make_guard(settings, sockets))
    no_console = Finding("console-with-workers", "warning", several.at, f"{several}: {_NO_CONSOLE}")
    return Protection(make_guard(settings, sockets), (no_console,))


def make_guard(settings: ServeSettings, sockets: list[socket.socket]) -> Guard:
    """Return the guard for an application that is being debugged, or for the error page of one that does not load."""
    is_exposed = settings.allow_remote_debug or exposure.find_exposure(settings, sockets) is not None
    names = [*settings.serve.allowed_hosts, *exposure.host_names(settings)]
    if is_exposed:
        names += [socket.gethostname(), f"{socket.gethostname()}.local"]
    allowed = AllowedHosts.of(names, any_address=is_exposed)
    return partial(DebugGuard, allowed=allowed, one_process=_several_processes(settings) is None)


def shows_reasons(settings: ServeSettings, sockets: list[socket.socket]) -> bool:
    """Whether the error page may show visitors why the application does not load.

    It may while debugging, and with reload if only this user can connect and the ini does not set ``debug = false``.
    """
    if settings.debug is not None:
        return True
    if not settings.serve.reload or settings.forbids_debug:
        return False
    return exposure.find_exposure(settings, sockets) is None


def unguarded(application: WSGIApplication) -> WSGIApplication:
    """Return an application that is not being debugged unchanged."""
    return application


def _several_processes(settings: ServeSettings) -> Setting | None:
    """Return the setting that makes several processes answer, None if only one does."""
    if settings.serve.workers > 1:
        return Setting("workers", str(settings.serve.workers), Location(settings.ini))
    own = settings.server.options.get("workers")  # gunicorn's
    return own if own is not None and own.value.strip() not in ("", "0", "1") else None
