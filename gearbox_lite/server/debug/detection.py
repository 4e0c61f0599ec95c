"""Whether a loaded application shows a debug page that its own code has turned on, not the ini."""

from __future__ import annotations

import sys

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


def debugger_of(application: WSGIApplication) -> Setting | None:
    """Return the debugger of a loaded application, or where its own code turns debugging on; None for neither."""
    if any(name.rpartition(".")[0] in sys.modules for name in _DEBUGGERS):
        from gearbox_lite.application.parts import parts_of

        for part in parts_of(application):
            kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(part).__mro__}
            if kinds & _DEBUGGERS:
                shown = f"{type(part).__module__}.{type(part).__qualname__}"
                return Setting("debugger", shown, Location("the application"))
    place = loaded.enabled_in_code("debug")
    return None if place is None else Setting("debug", "True", place)
