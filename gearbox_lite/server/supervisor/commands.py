"""What signal handlers and the watcher's thread tell the supervisor's loop to do: a queue, and what wakes the loop."""

from __future__ import annotations

import socket
from collections import deque
from contextlib import suppress
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gearbox_lite.server.live_reload.file_events import PageEvent


class Command(Enum):
    """What the supervisor can be told to do."""

    RELOAD = auto()
    RELOAD_WITH_FRESH_IMPORTS = auto()
    """As RELOAD, but installed modules are imported again as well, for example after an upgrade with pip."""
    SHUT_DOWN = auto()


class CommandQueue:
    """Commands that have been sent and not taken yet, with a wakeup socket pair.

    A command is queued before its byte is written, and the loop reads the bytes before it takes commands, so none is
    missed.
    """

    def __init__(self) -> None:
        self._commands: deque[Command | PageEvent] = deque()
        self.wakeup_reader, self._wakeup_writer = socket.socketpair()
        for end in (self.wakeup_reader, self._wakeup_writer):
            end.setblocking(False)

    def send(self, command: Command | PageEvent) -> None:
        """Add a command, or an event for open pages, and wake the loop; safe in signal handlers and threads."""
        self._commands.append(command)
        with suppress(OSError):  # full, so that the loop wakes up anyway; or closed, since the loop has ended
            self._wakeup_writer.send(b"!")

    def take(self) -> set[Command | PageEvent]:
        """Return the commands that have come since the last time; several of one kind are one."""
        with suppress(BlockingIOError):  # nothing has been sent
            self.wakeup_reader.recv(1 << 16)
        return {self._commands.popleft() for _ in range(len(self._commands))}

    def close(self) -> None:
        """Close the wakeup socket pair; later commands have no effect."""
        self.wakeup_reader.close()
        self._wakeup_writer.close()
