"""Whether an application is being debugged, who could reach its debug page, and what guards that page."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

from gearbox_lite.errors import Location, Setting
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.debug.guard import DebugGuard, WSGIApplication
from gearbox_lite.server.debug.host_names import AllowedHosts
from gearbox_lite.server.listen import exposure
from gearbox_lite.turbogears import loaded

_DEBUGGERS = frozenset(
    {
        "backlash.debugger.DebuggerCore",
        "werkzeug.debug.DebuggedApplication",
        "weberror.evalexception.EvalException",
        "paste.evalexception.middleware.EvalException",
    }
)
"""WSGI middleware whose error pages run code."""
_MOST_PARTS = 2000
_CONTAINERS = (list, tuple, set, frozenset)
_NO_CONSOLE = "the console of debug pages does not work, since each process has frames of its own; it needs workers = 1"

Guard = Callable[[WSGIApplication], WSGIApplication]


@dataclass(frozen=True)
class Protection:
    """What stands around an application, and what to warn of."""

    guard: Guard
    warnings: tuple[str, ...] = ()


def protect(settings: ServeSettings, application: WSGIApplication, sockets: list[socket.socket]) -> Protection:
    """Return what guards a loaded application; nothing does unless it is being debugged.

    ``sockets`` are those it is served on, none for a server that binds its own. Raises UserError for an application
    that itself turns debugging on while others can connect.
    """
    debug = settings.debug or _switched_on_by(application)
    if debug is None:
        return Protection(unguarded)
    exposure.refuse_exposed_debug(settings, debug, sockets)
    several = _several_processes(settings)
    warnings = () if several is None else (f"{several.at}: {several}: {_NO_CONSOLE}",)
    return Protection(make_guard(settings, sockets), warnings)


def make_guard(settings: ServeSettings, sockets: list[socket.socket]) -> Guard:
    """Return what guards an application that is being debugged, or a page that says why there is none."""
    is_exposed = settings.allow_remote_debug or exposure.find_exposure(settings, sockets) is not None
    names = [*settings.serve.allowed_hosts, *exposure.host_names(settings)]
    if is_exposed:
        names += [socket.gethostname(), f"{socket.gethostname()}.local"]
    allowed = AllowedHosts.of(names, any_address=is_exposed)
    return partial(DebugGuard, allowed=allowed, one_process=_several_processes(settings) is None)


def shows_reasons(settings: ServeSettings, sockets: list[socket.socket]) -> bool:
    """Whether visitors may see why the application does not load.

    That is while debugging, and under reload if only this user can connect and the ini does not say ``debug = false``.
    """
    if settings.debug is not None:
        return True
    if not settings.serve.reload or settings.forbids_debug:
        return False
    return exposure.find_exposure(settings, sockets) is None


def unguarded(application: WSGIApplication) -> WSGIApplication:
    """Return an application that is not being debugged as it is."""
    return application


def _several_processes(settings: ServeSettings) -> Setting | None:
    """Return the setting that has several processes answer, None where one does."""
    if settings.serve.workers > 1:
        return Setting("workers", str(settings.serve.workers), Location(settings.ini))
    own = settings.server.options.get("workers")  # gunicorn's
    return own if own is not None and own.value.strip() not in ("", "0", "1") else None


def _switched_on_by(application: WSGIApplication) -> Setting | None:
    """Return how a loaded application itself turns a debug page on, None where it does not."""
    place = loaded.switched_on("debug")
    if place is not None:
        return Setting("debug", "True", place)
    for part in _parts_of(application):
        kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(part).__mro__}
        if kinds & _DEBUGGERS:
            return Setting(
                "debugger", f"{type(part).__module__}.{type(part).__qualname__}", Location("the application")
            )
    return None


def _parts_of(application: WSGIApplication) -> Iterator[object]:
    """Yield what an application is wrapped around: attributes, closures and containers, to a limit.

    Types are asked, never the objects: one that is set up at its first use, such as Django's lazy ones, is left alone.
    """
    seen: set[int] = set()
    waiting: list[Any] = [application]
    while waiting and len(seen) < _MOST_PARTS:
        part = waiting.pop(0)
        kind = type(part)
        if id(part) in seen or issubclass(kind, (type, ModuleType, str, bytes, int, float)):
            continue
        seen.add(id(part))
        yield part
        if issubclass(kind, dict):
            waiting += dict.values(part)
        elif issubclass(kind, _CONTAINERS):
            with suppress(Exception):  # a subclass may have an iterator of its own
                waiting += part
        elif issubclass(kind, MethodType):
            waiting.append(part.__self__)
        elif issubclass(kind, partial):
            waiting += [part.func, *part.args]
        elif issubclass(kind, FunctionType):
            waiting += [cell.cell_contents for cell in part.__closure__ or () if _is_filled(cell)]
        else:
            with suppress(AttributeError):
                waiting += [item for item in object.__getattribute__(part, "__dict__").values() if _may_wrap(item)]


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _may_wrap(item: object) -> bool:
    return callable(item) or issubclass(type(item), (list, tuple, dict))
