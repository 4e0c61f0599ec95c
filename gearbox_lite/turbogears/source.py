"""Where a controller's classes, methods and attributes are written, for messages that name the line."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from gearbox_lite.errors import Location

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def class_location(cls: type) -> Location:
    """Return the line of a class, or its module if its source cannot be read."""
    file, node = class_file(cls), _class_node(cls)
    return Location(Path(file) if file else cls.__module__, node.lineno if node else None)


def attribute_location(cls: type, name: str) -> Location:
    """Return the line that sets a class's attribute, or that of the class."""
    node = _class_node(cls)
    for statement in node.body if node else []:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return Location(Path(class_file(cls)), statement.lineno)
    return class_location(cls)


def function_location(function: Any) -> Location:
    """Return the line of a function's or method's ``def``."""
    code = _code_of(function)
    node = _function_node(code.co_filename, code.co_firstlineno)
    return Location(Path(code.co_filename), node.lineno if node else code.co_firstlineno)


def expose_location(function: Any) -> Location:
    """Return the line of a method's ``@expose``, or its first line."""
    code = _code_of(function)
    node = _function_node(code.co_filename, code.co_firstlineno)
    decorators = node.decorator_list if node else []
    line = next((item.lineno for item in decorators if _name_of(item) == "expose"), code.co_firstlineno)
    return Location(Path(code.co_filename), line)


def exposed_templates(function: Any) -> list[str]:
    """Return the first arguments of a method's ``@expose(...)`` that are string literals."""
    code = _code_of(function)
    node = _function_node(code.co_filename, code.co_firstlineno)
    calls = [item for item in (node.decorator_list if node else []) if isinstance(item, ast.Call)]
    firsts = [item.args[0] for item in calls if _name_of(item) == "expose" and item.args]
    return [item.value for item in firsts if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def method_name(function: Any) -> str:
    """Return a method's name with that of its class, as in ``RootController.index``."""
    name: str = getattr(function, "__qualname__", "") or repr(function)
    return name.rpartition("<locals>.")[2]


def lacks_self(code: CodeType) -> bool:
    """Whether the code of a method has no first parameter."""
    return not code.co_argcount and not code.co_flags & inspect.CO_VARARGS


def _code_of(function: Any) -> Any:
    function = inspect.unwrap(getattr(function, "__func__", function))
    return function.__code__ if isinstance(function, FunctionType) else _code_of_call(function)


def _code_of_call(function: Any) -> Any:
    call: Callable[..., Any] = type(function).__call__
    return call.__code__


def class_file(cls: type) -> str:
    """Return the file of a class's module; empty if it has none."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return file if isinstance(file, str) else ""


def _class_node(cls: type) -> ast.ClassDef | None:
    body: list[ast.stmt] = _tree(class_file(cls)).body
    found: ast.ClassDef | None = None
    for name in cls.__qualname__.split("."):
        found = next((node for node in body if isinstance(node, ast.ClassDef) and node.name == name), None)
        body = found.body if found else []
    return found


def _function_node(file: str, line: int) -> _Function | None:
    """Return the function whose first line, that of its first decorator, is ``line``."""
    for node in ast.walk(_tree(file)):
        if isinstance(node, _Function) and min(item.lineno for item in (node, *node.decorator_list)) == line:
            return node
    return None


@cache
def _tree(file: str) -> ast.Module:
    """Return a file's syntax tree; empty if it cannot be read. This process keeps the code that it has loaded."""
    try:
        return ast.parse(Path(file).read_bytes()) if file.endswith(".py") else ast.Module([], [])
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


def _name_of(decorator: ast.expr) -> str:
    """Return the last name of a decorator: ``expose`` for ``@expose``, ``@expose()`` and ``@tg.expose()``."""
    inner = decorator.func if isinstance(decorator, ast.Call) else decorator
    return inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")
