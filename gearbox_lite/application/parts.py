"""The objects that an application is made of, such as the middleware around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

_MAX_PARTS = 2000
"""Objects that are looked at."""
_CONTAINERS = (list, tuple, set, frozenset)


def parts_of(application: object) -> Iterator[object]:
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
