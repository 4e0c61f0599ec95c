"""Common mistakes in TurboGears code, each explained by a sentence that names the line and what to write.

``EXPLANATIONS`` is the table for exceptions: each entry looks at an exception, and at the frames of the user's own code
in its traceback, and returns an error with the explanation, or None if it is another mistake. To add one, write such a
function and put it into the table; tests/mistakes/code.py has a case for each.
``controllers`` has those that can be seen without a request.
"""

from __future__ import annotations

import builtins
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from gearbox_lite.errors import (
    FAILURE,
    CodeError,
    Location,
    UserError,
    conflict_marker,
    line_not_utf8,
    nearest,
    short_path,
)
from gearbox_lite.sessions.stores.folders import user_name
from gearbox_lite.turbogears.frames import Frames, action_of, at_frame, frame_of, stack_of
from gearbox_lite.turbogears.source import (
    attribute_location,
    expose_location,
    exposed_templates,
    function_location,
    lacks_self,
    method_name,
)
from gearbox_lite.turbogears.templates import locate_template

_TEMPLATE_ERRORS = ("TemplateNotFound", "DottedFileLocatorError", "TopLevelLookupException")
"""Exceptions of Jinja, TurboGears and Mako."""
Explanation = Callable[[BaseException, Frames], UserError | None]


def explain_exception(error: BaseException, frames: Frames) -> UserError | None:
    """Return the explanation of an exception; None if it is no common mistake. ``frames`` are those of the user."""
    for explanation in EXPLANATIONS:
        explained = explanation(error, frames)
        if explained is not None:
            return explained
    return None


def _use_outside_request(error: BaseException, frames: Frames) -> CodeError | None:
    if not frames or "has been registered for this thread" not in str(error):
        return None
    problem = "TurboGears' session, request, response and tmpl_context exist only while a request is handled"
    return at_frame(frames[-1], problem, "move this into a method of a controller")


def _redirect_to_no_url(error: BaseException, frames: Frames) -> CodeError | None:
    call = frame_of(error, "tg/support/responses.py", "redirect")
    if call is None or not frames:
        return None
    target = call.f_locals.get("base_url")
    if isinstance(target, str) or not callable(target):
        return None
    name = getattr(target, "__name__", "")
    path = "/" if name == "index" else f"/{name}"
    return at_frame(frames[-1], "redirect() takes a URL, not a method", f'write redirect("{path}")')


def _abort_without_number(error: BaseException, frames: Frames) -> CodeError | None:
    call = frame_of(error, "tg/support/responses.py", "abort")
    if call is None or not frames or not isinstance(error, KeyError):
        return None
    status = call.f_locals.get("status_code")
    shown = status if isinstance(status, str) and status.isdecimal() else "404"
    return at_frame(frames[-1], f"abort({status!r}) needs an HTTP status as a number", f"write abort({shown})")


def _template_not_found(error: BaseException, frames: Frames) -> CodeError | None:
    is_none = isinstance(error, TypeError) and frame_of(error, "tg/util/files.py", "get_dotted_filename") is not None
    if type(error).__name__ not in _TEMPLATE_ERRORS and not is_none:
        return None
    action = action_of(error)
    including = frames[-1] if frames and not frames[-1].filename.endswith(".py") else None
    rendered = frame_of(error, "tg/controllers/decoratedcontroller.py", "_render_response")
    known = {} if rendered is None else rendered.f_locals
    name = str(getattr(error, "name", None) or known.get("template_name") or error)
    template = locate_template(str(known.get("engine_name") or ""), name)
    if template.cause is not None:
        return CodeError(template.problem, at=Location(template.cause), remedy=template.remedy)
    problem = f"template {name}: {template.problem}" if template.problem else f"template {name} cannot be found"
    if including is not None:
        return at_frame(including, problem, template.remedy)
    if action is None:
        return CodeError(problem, remedy=template.remedy)
    return CodeError(problem, at=expose_location(action), remedy=template.remedy)


def _mounted_class(error: BaseException, _frames: Frames) -> CodeError | None:
    call = frame_of(error, "crank/objectdispatcher.py", "_dispatch_controller")
    mounted = None if call is None else call.f_locals.get("controller")
    if call is None or not isinstance(mounted, type):
        return None
    return class_instead_of_instance(type(call.f_locals["self"]), call.f_locals["current_path"], mounted)


def _unreadable_template(error: BaseException, frames: Frames) -> UserError | None:
    if not isinstance(error, PermissionError) or not isinstance(error.filename, str):
        return None
    innermost = list(stack_of(error))[-1].f_code.co_filename
    if any(frame.filename == innermost for frame in frames):  # the user's own open(), whose line says enough
        return None
    return permission_denied(Path(error.filename))


def _dict_without_template(error: BaseException, _frames: Frames) -> CodeError | None:
    rendered = frame_of(error, "tg/controllers/decoratedcontroller.py", "_render_response")
    action = action_of(error)
    if rendered is None or action is None or not isinstance(rendered.f_locals.get("response"), dict):
        return None
    if rendered.f_locals.get("template_name") or rendered.f_locals.get("engine_name") == "json":
        return None
    package = action.__module__.partition(".")[0]
    return CodeError(
        f"{method_name(action)} returned a dict, but its @expose names no template to show it in",
        at=expose_location(action),
        remedy=f'write @expose("{package}.templates.NAME"), or @expose("json")',
    )


def _method_without_self(error: BaseException, _frames: Frames) -> CodeError | None:
    action = action_of(error)
    if action is None or not isinstance(error, TypeError) or "positional argument" not in str(error):
        return None
    return missing_self(action) if hasattr(action, "__func__") and lacks_self(action.__func__.__code__) else None


def _missing_module(error: BaseException, frames: Frames) -> UserError | None:
    if not isinstance(error, ModuleNotFoundError):
        return None
    from gearbox_lite.turbogears.missing_modules import missing_module

    return missing_module(error, frames)


def _missing_session_key(error: BaseException, frames: Frames) -> UserError | None:
    if not isinstance(error, KeyError) or not frames or "session[" not in (frames[-1].line or ""):
        return None
    key = error.args[0] if error.args else None
    if not isinstance(key, str):
        return None
    code = [frame for frame in stack_of(error) if frame.f_code.co_filename == frames[-1].filename][-1]
    session = code.f_locals.get("session", code.f_globals.get("session"))
    known = [name for name in session if isinstance(name, str) and not name.startswith("_")] if session else []
    has = f"the session has no {key!r}" + (f", only {', '.join(map(repr, sorted(known)))}" if known else "")
    guess = nearest(key, known)
    remedy = f'write session.get("{key}"), which is None without it'
    return at_frame(frames[-1], has, f"did you mean {guess!r}? Otherwise {remedy}" if guess else remedy)


def _circular_import(error: BaseException, frames: Frames) -> UserError | None:
    found = re.search(r"(?:name '(\w+)' from )?partially initialized module '([\w.]+)'(?:.*'(\w+)')?", str(error))
    if not frames or found is None or not isinstance(error, (ImportError, AttributeError)):
        return None
    problem = f"this module and {found[2]} import each other, so that {found[1] or found[3]} is not defined yet"
    return at_frame(frames[-1], problem, "move the import into the function that needs it")


def _misspelled_name(error: BaseException, frames: Frames) -> UserError | None:
    """Explain a name that Python does not know if the same place has a similar one."""
    if not frames or not isinstance(error, (NameError, ImportError, AttributeError)):
        return None
    innermost = list(stack_of(error))[-1]
    owner = ""
    known: Mapping[str, Any]
    if isinstance(error, NameError):
        name, known = error.name, {**vars(builtins), **innermost.f_globals, **innermost.f_locals}
    elif isinstance(error, AttributeError):
        name, known = error.name, dict.fromkeys(dir(error.obj)) if error.obj is not None else {}
        is_named = isinstance(error.obj, (type, ModuleType))
        owner = f"in {error.obj.__name__ if is_named else type(error.obj).__name__}"  # type: ignore[attr-defined]
    else:
        found = re.match(r"cannot import name '(\w+)'", str(error))
        name, known = (found[1] if found else None), vars(sys.modules.get(error.name or "", builtins))
    guess = nearest(name, list(known)) if name else None
    if name is None or guess is None or innermost.f_code.co_filename != frames[-1].filename:
        return None
    return at_frame(frames[-1], " ".join(filter(None, ["there is no", name, owner])), f"did you mean {guess}?")


def _value_that_json_cannot_hold(error: BaseException, frames: Frames) -> UserError | None:
    if not isinstance(error, TypeError) or frame_of(error, "json/encoder.py", "default") is None:
        return None
    from gearbox_lite.turbogears.json_mistakes import value_that_json_cannot_hold

    return value_that_json_cannot_hold(error, frames)


def _conflict_in_code(error: BaseException, _frames: Frames) -> UserError | None:
    if not isinstance(error, SyntaxError) or not error.filename:
        return None
    conflict = conflict_marker(error.text or "")
    return (
        None
        if conflict is None
        else CodeError(conflict[0], at=Location(Path(error.filename), error.lineno), remedy=conflict[1])
    )


def _template_not_utf8(error: BaseException, _frames: Frames) -> UserError | None:
    loader = frame_of(error, "tg/renderers/jinja.py", "get_source")
    if loader is None or not isinstance(error, UnicodeDecodeError):
        return None
    at = Location(Path(str(loader.f_locals["template"])), line_not_utf8(error))
    return CodeError("this is not UTF-8", at=at, remedy="save the file as UTF-8")


def _missing_environment_variable(error: BaseException, frames: Frames) -> UserError | None:
    if (
        not isinstance(error, KeyError)
        or not frames
        or list(stack_of(error))[-1].f_locals.get("self") is not os.environ
    ):
        return None
    name = error.args[0]
    problem = f"the environment variable {name} is not set"
    return at_frame(frames[-1], problem, f'set it: export {name}=..., or write os.environ.get("{name}")')


EXPLANATIONS: tuple[Explanation, ...] = (
    _use_outside_request,
    _redirect_to_no_url,
    _abort_without_number,
    _template_not_found,
    _mounted_class,
    _unreadable_template,
    _dict_without_template,
    _method_without_self,
    _missing_module,
    _missing_session_key,
    _value_that_json_cannot_hold,
    _circular_import,
    _misspelled_name,
    _conflict_in_code,
    _template_not_utf8,
    _missing_environment_variable,
)
"""The first that explains an exception is shown."""


def class_instead_of_instance(parent: type, name: str, mounted: type) -> CodeError:
    """Return the error for a controller's attribute that is a class, not an instance."""
    return CodeError(
        f"{name} = {mounted.__name__} mounts a class, and TurboGears needs an instance of it",
        at=attribute_location(parent, name),
        remedy=f"write {name} = {mounted.__name__}()",
    )


def permission_denied(file: Path) -> UserError:
    """Return the error for a file or folder of the project that this process may not read."""
    kind = "folder" if file.is_dir() else "file"
    return UserError(
        f"Permission denied: {user_name(os.geteuid())} cannot read this {kind}",
        at=Location(file),
        remedy=f"chmod a+r{'x' if kind == 'folder' else ''} {short_path(file)}, or change its owner",
        code=FAILURE,
    )


def missing_self(method: Any) -> CodeError:
    """Return the error for a method without its first parameter."""
    name = method.__name__
    return CodeError(
        f"{method_name(method)} has no parameter self, which each method of a controller gets first",
        at=function_location(method),
        remedy=f"write def {name}(self)",
    )


def unknown_renderer(method: Any, renderers: Sequence[str]) -> CodeError | None:
    """Return the error for a method whose ``@expose`` names a renderer that is not configured; None for others."""
    for template in exposed_templates(method):
        engine = template.partition(":")[0]
        if ":" in template and engine not in renderers:
            known = ", ".join(renderers)
            return CodeError(
                f'@expose("{template}"): there is no renderer {engine} (config/app_cfg.py has {known}), so that '
                f"{method_name(method)} is not exposed",
                at=expose_location(method),
                remedy=f'write a template of one of these, or add "{engine}" to "renderers" and install it',
            )
    return None
