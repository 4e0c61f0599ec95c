"""Mistakes in a TurboGears application's controllers that can be seen without a request, each with its line.

``CHECKS`` is the table: each entry looks at one controller or one of its attributes.
tests/mistakes/code.py has a case for each.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

from gearbox_lite.errors import CodeError, Location
from gearbox_lite.findings import Finding, warning_of
from gearbox_lite.turbogears.mistakes import class_instead_of_instance, missing_self, unknown_renderer
from gearbox_lite.turbogears.source import (
    class_file,
    class_location,
    expose_location,
    function_location,
    lacks_self,
    method_name,
)
from gearbox_lite.turbogears.templates import locate_template

IsOwn = Callable[[str], bool]
"""Whether a file is the user's own."""


def import_root_controller(config: Any) -> Any:
    """Import what TurboGears would import at the first request, and return the root controller.

    Raises CodeError if it is missing or cannot answer any request. The names are those of
    tg.configurator.components.paths and tg.wsgiapp.TGApp.lookup_controller, TurboGears 2.5.
    """
    root = config.get("tg.root_controller")
    name = config.get("application_root_module")
    if root is None and not name:
        remedy = 'write "package": hello, or your package\'s name, in config/app_cfg.py'
        raise CodeError("TurboGears finds no controllers, since its configuration names no package", remedy=remedy)
    if root is None:
        module = import_module(name)
        root = getattr(module, "RootController", None)
        if root is None:
            file = module.__file__
            raise CodeError(
                "there is no class RootController, which TurboGears looks for here",
                at=Location(Path(file) if file else name),
                remedy="name the class of the root controller RootController",
            )
    if inspect.isclass(root) and not _is_callable(root):
        raise CodeError(
            f"class {root.__name__} inherits none of TurboGears' controllers, so it cannot answer requests",
            at=class_location(root),
            remedy=f"write class {root.__name__}(BaseController)",
        )
    return root


def check_controllers(root: Any, config: Any, is_own: IsOwn) -> list[Finding]:
    """Return the mistakes in the user's own classes below a root controller."""
    found: list[Finding] = []
    seen: set[type] = set()
    kinds: set[type] = set()
    waiting = [root if inspect.isclass(root) else type(root)]
    while waiting:
        controller = waiting.pop(0)
        for cls in controller.__mro__:
            if cls in seen or not is_own(class_file(cls)):
                continue
            seen.add(cls)
            for name, value in vars(cls).items():
                for check in CHECKS:
                    found += check(cls, name, value, config)
                kind = type(value)
                if inspect.isclass(value) or kind in kinds:
                    continue
                kinds.add(kind)
                if is_own(class_file(kind)) and _has_methods(kind):
                    waiting.append(kind)
    return list({str(finding): finding for finding in found}.values())


def _is_callable(cls: type) -> bool:
    return any("__call__" in vars(base) for base in cls.__mro__)


def _is_decorated(value: Any) -> bool:
    return isinstance(value, FunctionType) and hasattr(value, "decoration")


def _is_exposed(value: Any) -> bool:
    return _is_decorated(value) and bool(value.decoration.exposed)


def _has_methods(cls: type) -> bool:
    return any(_is_exposed(value) for base in cls.__mro__ for value in vars(base).values())


def _expose_without_parentheses(cls: type, name: str, value: Any, _config: Any) -> Iterator[Finding]:
    if type(value).__module__.startswith("tg.decorators") and type(value).__name__ == "expose":
        method = getattr(value, "template", None)  # @expose took the method for the name of its template
        at = expose_location(method) if isinstance(method, FunctionType) else class_location(cls)
        problem = f"@expose without parentheses, so that {cls.__name__}.{name} is not exposed"
        yield warning_of(CodeError(problem, at=at, remedy="write @expose()"), "expose-parentheses")


def _renderer(_cls: type, _name: str, value: Any, config: Any) -> Iterator[Finding]:
    if _is_decorated(value) and not value.decoration.exposed:
        error = unknown_renderer(value, list(config.get("renderers", [])))
        if error is not None:
            yield warning_of(error, "unknown-renderer")


def _template(_cls: type, _name: str, value: Any, _config: Any) -> Iterator[Finding]:
    if not _is_exposed(value):
        return
    for engine, name, *_ in value.decoration.engines.values():
        template = locate_template(engine, name) if name else None
        if template is not None and template.cause is not None:
            error = CodeError(template.problem, at=Location(template.cause), remedy=template.remedy)
            if template.cause.suffix == ".py":
                yield warning_of(error, "package-file-missing")
            else:
                yield warning_of(error, "template-missing")
        elif template is not None and template.problem:
            error = CodeError(f"template {name}: {template.problem}", at=expose_location(value), remedy=template.remedy)
            yield warning_of(error, "template-missing")


def _async(_cls: type, name: str, value: Any, _config: Any) -> Iterator[Finding]:
    if _is_decorated(value) and inspect.iscoroutinefunction(value):
        problem = f"{method_name(value)} is async, and TurboGears awaits nothing"
        error = CodeError(problem, at=function_location(value), remedy=f"write def {name}, without async")
        yield warning_of(error, "async-method")


def _self(_cls: type, _name: str, value: Any, _config: Any) -> Iterator[Finding]:
    if _is_decorated(value) and lacks_self(inspect.unwrap(value).__code__):
        yield warning_of(missing_self(value), "method-without-self")


def _mounted_class(cls: type, name: str, value: Any, _config: Any) -> Iterator[Finding]:
    if inspect.isclass(value) and name != value.__name__ and not name.startswith("_") and _has_methods(value):
        yield warning_of(class_instead_of_instance(cls, name, value), "controller-class")


def _mounted_without_base(_cls: type, name: str, value: Any, _config: Any) -> Iterator[Finding]:
    kind = type(value)
    if not inspect.isclass(value) and _has_methods(kind) and not hasattr(kind, "_dispatch"):
        problem = f"class {kind.__name__}, mounted as {name}, inherits none of TurboGears' controllers"
        remedy = f"write class {kind.__name__}(BaseController)"
        yield warning_of(CodeError(problem, at=class_location(kind), remedy=remedy), "controller-base")


CHECKS: tuple[Callable[[type, str, Any, Any], Iterator[Finding]], ...] = (
    _expose_without_parentheses,
    _renderer,
    _template,
    _async,
    _self,
    _mounted_class,
    _mounted_without_base,
)
"""What is looked for in each attribute of each controller."""
