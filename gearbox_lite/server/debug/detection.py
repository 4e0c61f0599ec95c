"""Whether a loaded application shows a debug page that its own code has turned on, not the ini."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

from gearbox_lite.errors import Location, Setting
from gearbox_lite.server.debug.guard import WSGIApplication
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
_MAX_PARTS = 2000
"""Objects that are looked at when searching an application for a debugger."""
_CONTAINERS = (list, tuple, set, frozenset)


def debugger_of(application: WSGIApplication) -> Setting | None:
    """Return where a loaded application itself turns a debug page on, None if it does not."""
    place = loaded.enabled_in_code("debug")
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
    """Yield the objects that an application is made of: attributes, closures and containers, up to a limit.

    Only types are examined, because asking an object for an attribute sets it up if it is lazy, as Django's are.
    """
    seen: set[int] = set()
    waiting: list[Any] = [application]
    while waiting and len(seen) < _MAX_PARTS:
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
