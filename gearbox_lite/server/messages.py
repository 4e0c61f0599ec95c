"""What the supervisor and its workers send each other; importing it costs neither of them what the other needs."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.error_page import Failure


@dataclass(frozen=True)
class Plan:
    """What a worker is to serve: an ini that has been read, or why it could not be."""

    settings: ServeSettings
    options: dict[str, str]
    failure: Failure | None


@dataclass(frozen=True)
class Ready:
    """A worker's report.

    Why its application did not load, if so, and whether it can serve that; what is doubtful; the files that it is made
    of and somebody may edit, and the names of installed modules that other workers may start with.
    """

    failure: Failure | None
    warnings: list[str]
    files: list[str]
    installed: list[str]
    can_serve: bool


_sending = threading.Lock()


def send(channel: Connection, word: str, content: object = None) -> None:
    """Send a word and what belongs to it, if the process at the channel's other end is still there."""
    with suppress(OSError), _sending:
        channel.send((word, content))


def send_connection(channel: Connection, connection: socket.socket | int, peer: Any) -> None:
    """Send an open connection to the process at the channel's other end; drop it where that has gone."""
    with suppress(OSError), _sending:
        channel.send(("connection", peer))
        handle = connection if isinstance(connection, int) else connection.fileno()
        reduction.send_handle(channel, handle, 0)
