"""What the supervisor and its workers send each other: one frozen dataclass for each message, written as JSON.

| message | direction | meaning |
| --- | --- | --- |
| ``Ready`` | worker to supervisor | the application has loaded, or why it has not; sent once, before ``Begin`` |
| ``Begin`` | supervisor to worker | serve: accept connections |
| ``Heartbeat`` | worker to supervisor | the worker still answers; sent four times in ``worker_timeout`` |
| ``Drain`` | supervisor to worker | graceful shutdown: accept no connections, finish running requests |
| ``Connection`` | both | an open keep-alive connection that a draining worker hands over, with its descriptor |
| ``EventStream`` | worker to supervisor | a browser asks for live reload's events, with its open connection |
| ``Drained`` | worker to supervisor | no request is left, and no connection to hand over |
| ``Exit`` | supervisor to worker | exit: no connection is on its way to the worker any more |
| ``Terminating`` | worker to supervisor | another process has sent SIGTERM to the worker, which drains |
| ``ServerFailed`` | worker to supervisor | the worker's server has failed, and the worker exits |

A worker's usual life: Ready, Begin, Heartbeat ..., Drain, Connection ..., Drained, Exit.

An unknown message, an unknown field, or a value of another type raises ProtocolError, and the supervisor kills the
worker that has sent it: an application may have dropped its privileges, and its child processes may be anyone's.
Nothing from a worker is unpickled. Importing this module costs neither side what only the other one needs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from gearbox_lite.errors import FAILURE, USAGE
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.worker.error_page import Failure

Peer = str | tuple[str | int | None, ...]
"""A client's address, as waitress keeps it."""


class ProtocolError(Exception):
    """The data received is not a message of this direction."""


@dataclass(frozen=True)
class Plan:
    """What a worker has to serve: an ini that has been read, or why it could not be read.

    It is no message: the fork server passes it on when it starts the worker.
    """

    settings: ServeSettings
    options: dict[str, str]
    failure: Failure | None
    page_version: str | None = None
    """Which version of the pages this is, for live reload; None if that is off."""

    def page_version_with(self, failure: Failure | None) -> str | None:
        """Return the version of the pages of a worker that serves the application, or the error page instead."""
        return f"{self.page_version}-error" if self.page_version and failure else self.page_version


@dataclass(frozen=True)
class Ready:
    """The application has loaded, or why it has not."""

    failure: Failure | None
    warnings: list[str]
    """What to warn the user of, one line each."""
    files: list[str]
    """The files that the application consists of and that the user may edit; a change of one leads to a reload."""
    installed: list[str]
    """The names of installed modules that it has imported, which the fork server may import for all workers."""
    can_serve: bool
    """Whether the worker can serve the error page if the application has not loaded."""


@dataclass(frozen=True)
class Heartbeat:
    """The worker still answers."""


@dataclass(frozen=True)
class ServerFailed:
    """The worker's server has failed, and the worker exits."""

    reason: str


@dataclass(frozen=True)
class Terminating:
    """Another process than the supervisor has sent SIGTERM to the worker, which drains."""


@dataclass(frozen=True)
class Drained:
    """No request is left, and no connection to hand over."""


@dataclass(frozen=True)
class Connection:
    """An open keep-alive connection, whose descriptor comes with the message, in either direction."""

    peer: Peer


@dataclass(frozen=True)
class EventStream:
    """A browser's request for live reload's events, whose connection comes with the message, for the supervisor."""

    page: str
    """What the page that is open in the browser says that it is; see ``OpenPages``."""


@dataclass(frozen=True)
class Begin:
    """Serve: accept connections."""


@dataclass(frozen=True)
class Drain:
    """Accept no more connections, finish running requests, and hand over or close idle connections."""

    hands_over: bool
    """Whether idle connections go to the supervisor, for another worker; otherwise they are closed."""


@dataclass(frozen=True)
class Exit:
    """Exit: no connection is on its way to the worker any more."""


Message = Ready | Heartbeat | ServerFailed | Terminating | Drained | Connection | EventStream | Begin | Drain | Exit
WITH_DESCRIPTOR = (Connection, EventStream)
"""The messages with which an open connection comes."""


def by_name(*kinds: type[Message]) -> dict[str, type[Message]]:
    """Return message classes by their names in JSON."""
    return {kind.__name__: kind for kind in kinds}


FROM_WORKER = by_name(Ready, Heartbeat, ServerFailed, Terminating, Drained, Connection, EventStream)
"""What a worker may send."""
FROM_SUPERVISOR = by_name(Begin, Drain, Connection, Exit)
"""What the supervisor may send."""


def encode_message(message: Message) -> bytes:
    """Return a message as JSON, with the name of its class."""
    return json.dumps([type(message).__name__, message.__dict__], default=lambda value: value.__dict__).encode()


def decode_message(data: bytes, kinds: Mapping[str, type[Message]]) -> Message:
    """Return the message that ``encode_message`` has written. Raises ProtocolError for any other data."""
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


def _line_number(value: object) -> int | None:
    if value is not None and type(value) is not int:
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
    if value["code"] not in (FAILURE, USAGE):
        raise ValueError
    return Failure(
        _text(value["message"]),
        _text(value["report"]),
        _flag(value["needs_edit"]),
        value["code"],
        _text(value["file"]),
        _line_number(value["line"]),
    )


_READ: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "bool": _flag,
    "list[str]": _texts,
    "Peer": _peer,
    "Failure | None": _failure,
}
"""What checks a field, by the name of its type."""
