"""What the supervisor and its workers send each other; importing it costs neither of them what the other needs.

Each message is a frozen dataclass, written as JSON. What comes in is checked against the fields of its dataclass, since
an application may have dropped its privileges, and its programs may be anyone's: nothing from a worker is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.worker.error_page import Failure

Peer = str | tuple[str | int | None, ...]
"""A client's address, as waitress has it."""


class ProtocolError(Exception):
    """What has come is no message of this direction."""


@dataclass(frozen=True)
class Plan:
    """What a worker is to serve: an ini that has been read, or why it could not be."""

    settings: ServeSettings
    options: dict[str, str]
    failure: Failure | None


@dataclass(frozen=True)
class Ready:
    """A worker's report once its application has loaded, or not.

    Why it did not load, if so, and whether the worker can serve that; what is doubtful; the files that it is made of
    and that can be edited, and the names of installed modules that other workers may start with.
    """

    failure: Failure | None
    warnings: list[str]
    files: list[str]
    installed: list[str]
    can_serve: bool


@dataclass(frozen=True)
class Beat:
    """The worker still answers."""


@dataclass(frozen=True)
class Failed:
    """The worker's server has failed, and the worker ends."""

    reason: str


@dataclass(frozen=True)
class Leaving:
    """The worker has been told to end by another process than the supervisor, and drains."""


@dataclass(frozen=True)
class Drained:
    """No request is left, and no connection that the worker could hand over."""


@dataclass(frozen=True)
class HandedOver:
    """An open connection, whose descriptor comes with the message, in either direction."""

    peer: Peer


@dataclass(frozen=True)
class Begin:
    """Serve."""


@dataclass(frozen=True)
class Drain:
    """Accept no more connections, finish the requests that have begun, and close idle connections."""


@dataclass(frozen=True)
class HandOver:
    """As ``Drain``, but hand idle connections to the supervisor, for another worker."""


@dataclass(frozen=True)
class Leave:
    """End: no connection is on its way any more."""


Message = Ready | Beat | Failed | Leaving | Drained | HandedOver | Begin | Drain | HandOver | Leave


def by_name(*kinds: type[Message]) -> dict[str, type[Message]]:
    """Return kinds of messages by their names in JSON."""
    return {kind.__name__: kind for kind in kinds}


FROM_WORKER = by_name(Ready, Beat, Failed, Leaving, Drained, HandedOver)
FROM_SUPERVISOR = by_name(Begin, Drain, HandOver, Leave, HandedOver)


def encode(message: Message) -> bytes:
    """Return a message as JSON, with the name of its kind."""
    return json.dumps([type(message).__name__, message.__dict__], default=lambda value: value.__dict__).encode()


def decode(data: bytes, kinds: Mapping[str, type[Message]]) -> Message:
    """Return the message that ``encode`` has written. Raises ProtocolError for anything else."""
    try:
        name, values = json.loads(data)
        kind = kinds[name]
        _check_names(kind, values)
        return kind(**{field.name: _READ[str(field.type)](values[field.name]) for field in fields(kind)})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ProtocolError(f"{type(error).__name__} in {data[:80]!r}") from error


def _check_names(kind: type[Any], values: object) -> None:
    if not isinstance(values, dict) or values.keys() != {field.name for field in fields(kind)}:
        raise TypeError


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [_text(item) for item in value]


def _peer(value: object) -> Peer:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not all(item is None or type(item) in (str, int) for item in value):
        raise TypeError
    return tuple(value)


def _failure(value: object) -> Failure | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError
    _check_names(Failure, value)
    return Failure(_text(value["message"]), _text(value["report"]), _flag(value["needs_edit"]))


_READ: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "bool": _flag,
    "list[str]": _texts,
    "Peer": _peer,
    "Failure | None": _failure,
}
"""How a field is checked, by its type's name."""
