"""While debugging: log lines about mistakes that raise no exception, each with file and line.

A method that returns nothing is answered with the status 204, a name that a template does not know is shown as nothing,
and a method that is not exposed is not found.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from gearbox_lite.errors import Location
from gearbox_lite.loggers import SERVER_LOG
from gearbox_lite.turbogears.controllers import import_root_controller
from gearbox_lite.turbogears.loaded import loaded_config
from gearbox_lite.turbogears.output import current_action
from gearbox_lite.turbogears.source import function_location, method_name

log = logging.getLogger(SERVER_LOG)

_ACTION = "gearbox_lite.found_action"
"""The key of the environ of a request for which TurboGears has found a method."""
_notes_actions = False


def log_hints(config: Any) -> None:
    """Log methods that return None, and names that Jinja templates do not know, from now on."""
    global _notes_actions  # noqa: PLW0603 (the hooks are the process's, too)
    import tg

    _notes_actions = True
    tg.hooks.disconnect("before_render", _log_none)
    tg.hooks.register("before_render", _log_none)
    tg.hooks.disconnect("before_validate", _note_action)
    tg.hooks.register("before_validate", _note_action)
    engine = config.get("render_functions", {}).get("jinja")
    environment = getattr(engine, "jinja2_env", None)
    if environment is not None:
        from jinja2 import Undefined

        if environment.undefined is Undefined:
            environment.undefined = _logging_undefined(Undefined)


def _note_action(_remainder: Any, _parameters: Any) -> None:
    import tg

    tg.request.environ[_ACTION] = True


def found_no_action(environ: Mapping[str, Any]) -> bool:
    """Whether TurboGears has found no method for a request; False if ``log_hints`` has not been called."""
    return _notes_actions and _ACTION not in environ


def log_why_not_found(path: str) -> None:
    """Log if a method of the controllers has the name of a URL that was not found."""
    hint = why_not_found(path)
    if hint:
        log.warning("%s", hint)


def why_not_found(path: str) -> str | None:
    """Return why a method of the controllers that has the name of a URL is not found there; None if there is none."""
    config = loaded_config()
    if config is None:
        return None
    root = import_root_controller(config)
    controller = root if inspect.isclass(root) else type(root)
    for name in [part for part in path.split("/") if part] or ["index"]:
        value = inspect.getattr_static(controller, name.rpartition(".")[0] or name, None)
        if isinstance(value, FunctionType):
            return None if name.startswith("_") else _hint_about(value)
        if value is None or inspect.isclass(value):
            return None
        controller = type(value)
    return None


def _hint_about(method: Any) -> str | None:
    decoration = getattr(method, "decoration", None)
    at, name = function_location(method), method_name(method)
    if decoration is None or not decoration.exposed:
        return f"{at}: {name} is not exposed, so that it has no URL; write @expose() above it"
    needed = [
        one.name
        for one in list(inspect.signature(method).parameters.values())[1:]
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    if needed:
        return f"{at}: {name} needs {', '.join(needed)}, which the request must have; or give it a default value"
    return None


def _log_none(_remainder: Any, _parameters: Any, output: Any) -> None:
    if output is not None:
        return
    import tg

    if tg.response.status_int == 200 and not tg.response.body:
        action = current_action()
        log.warning(
            "%s: %s returned None, so that the response is empty (204); return a string or a dict",
            function_location(action), method_name(action),
        )  # fmt: skip


def _logging_undefined(base: type) -> type:
    """Return jinja2's class for unknown names, which logs where one is shown."""

    class LoggedUndefined(base):  # type: ignore[misc]
        __slots__ = ()

        def __str__(self) -> str:
            self._log()
            return str(super().__str__())

        def __iter__(self) -> Any:
            self._log()
            return super().__iter__()

        def _log(self) -> None:
            place = _line_of_template()
            log.warning(
                "%s%s is undefined, and is shown as nothing; correct the name, or return it in the controller's dict",
                f"{place}: " if place else "", self._undefined_name,
            )  # fmt: skip

    return LoggedUndefined


def _line_of_template() -> Location | None:
    frame = sys._getframe(1)  # noqa: SLF001 (documented, in spite of its name)
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None:
            line = template.get_corresponding_lineno(frame.f_lineno)
            return Location(Path(template.filename or template.name), line)
        frame = frame.f_back  # type: ignore[assignment]
    return None
