"""The mistake of giving JSON a value that it cannot hold: which value, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gearbox_lite.errors import CodeError
from gearbox_lite.turbogears.frames import Frames, action_of, at_frame, frame_of
from gearbox_lite.turbogears.source import function_location, method_name

_INSTEAD = {
    "set": "a list: sorted(...)",
    "frozenset": "a list: sorted(...)",
    "bytes": "a string: .decode()",
    "datetime": "a string: .isoformat()",
    "date": "a string: .isoformat()",
    "time": "a string: .isoformat()",
    "Decimal": "a string: str(...)",
    "UUID": "a string: str(...)",
    "Path": "a string: str(...)",
    "PosixPath": "a string: str(...)",
    "complex": "its parts",
}
_MAX_LEVELS = 20
_MAX_VALUES = 10_000


def value_that_json_cannot_hold(error: BaseException, frames: Frames) -> CodeError | None:
    """Explain a TypeError of ``json``: it names only the type, not where the value is."""
    refused = frame_of(error, "json/encoder.py", "default")
    if refused is None or not frames:
        return None
    value = refused.f_locals.get("o")
    kind = type(value).__name__
    instead = _INSTEAD.get(kind, "a dict of its values")
    rendered = frame_of(error, "tg/renderers/json.py", "render_json")
    action = action_of(error)
    if rendered is not None and action is not None:
        place = _place_of(value, rendered.f_locals.get("template_vars"))
        problem = f"{method_name(action)} returned {_described(kind, place)}, which JSON cannot hold"
        return CodeError(problem, at=function_location(action), remedy=f"return {instead}")
    dumped = frame_of(error, "json/__init__.py", "dumps") or frame_of(error, "json/__init__.py", "dump")
    place = None if dumped is None else _place_of(value, dumped.f_locals.get("obj"))
    return at_frame(frames[-1], f"{_described(kind, place)} cannot be written as JSON", f"write {instead}")


def _described(kind: str, place: str | None) -> str:
    return f"a value of type {kind}" if not place else f"{place} as {kind}"


def _place_of(value: object, root: object) -> str | None:
    """Return where a value is inside dicts and lists, such as ['movies'][0]['date']; None if it is not found."""
    return next((place for place, item in _walk(root) if item is value), None)


def _walk(root: object) -> Iterator[tuple[str, Any]]:
    waiting: list[tuple[str, Any, int]] = [("", root, 0)]
    seen = 0
    while waiting and seen < _MAX_VALUES:
        place, item, level = waiting.pop(0)
        seen += 1
        yield place, item
        if level == _MAX_LEVELS:
            continue
        if isinstance(item, dict):
            waiting += [(f"{place}[{key!r}]", inner, level + 1) for key, inner in item.items()]
        elif isinstance(item, (list, tuple)):
            waiting += [(f"{place}[{number}]", inner, level + 1) for number, inner in enumerate(item)]
