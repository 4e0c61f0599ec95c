"""Checks what controllers return, so that the error names the method and not a line of the server."""

from __future__ import annotations

import inspect
import io
from typing import Any

from gearbox_lite.errors import Location
from gearbox_lite.turbogears.source import function_location, method_name


class ControllerOutputError(TypeError):
    """A controller returned something that cannot be sent; ``at`` is its method, which the message names as well."""

    def __init__(self, at: Location, problem: str) -> None:
        super().__init__(f"{at}: {problem}")
        self.at = at


def check_outputs() -> None:
    """Check what each controller returns from now on, by a hook of TurboGears, which is registered once."""
    import tg

    tg.hooks.disconnect("before_render", _check)
    tg.hooks.register("before_render", _check)


def _check(_remainder: Any, _parameters: Any, output: Any) -> None:
    """Raise ControllerOutputError for what neither TurboGears nor WSGI can send."""
    if output is None or isinstance(output, (dict, str, bytes)):
        return
    if inspect.iscoroutine(output):
        output.close()
        raise _error("is async, and TurboGears awaits nothing", "write def, not async def")
    if isinstance(output, (list, tuple, set, frozenset)):
        if not all(isinstance(item, bytes) for item in output):
            kind = f"returned a {type(output).__name__}"
            if _answers_json():
                raise _error(f'{kind}, and @expose("json") needs a dict', 'return {"items": ...}')
            raise _error(kind, "return a string, or a dict for a template")
    elif isinstance(output, io.TextIOBase):
        output.close()
        raise _error("returned a file of text", 'open it for bytes: open(name, "rb")')
    elif not callable(output) and not hasattr(output, "__iter__"):
        raise _error(f"returned {type(output).__name__} {output!r:.40}", "return a string, or a dict for a template")


def _answers_json() -> bool:
    engines = current_action().decoration.engines.values()
    return any(engine == "json" for engine, *_ in engines)


def current_action() -> Any:
    """Return the method of a controller that answers the current request."""
    import tg

    return tg.request.dispatch_state.action


def _error(problem: str, remedy: str) -> ControllerOutputError:
    action = current_action()
    return ControllerOutputError(function_location(action), f"{method_name(action)} {problem}; {remedy}")
