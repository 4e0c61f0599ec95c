"""waitress' loop with poll, for any number of file descriptors."""

from __future__ import annotations

import select
from typing import Any

from waitress import wasyncore


class Poller:
    """Does what ``wasyncore.poll2`` does, but keeps what it watches, and changes only what has changed.

    Registering everything again for each turn costs more than select with many connections.
    """

    def __init__(self, map_: dict[int, Any]) -> None:
        self._map = map_
        self._poll = select.poll()
        self._read, self._write = select.POLLIN | select.POLLPRI, select.POLLOUT
        self._watched: dict[int, int] = {}

    def wait(self, seconds: float) -> None:
        """Wait until something can be read or written, or the time is over, and have that done."""
        watched, count = self._watched, 0
        for number, item in list(self._map.items()):
            events = self._read if item.readable() else 0
            if item.writable() and not item.accepting:
                events |= self._write
            if events:
                count += 1
            if events != watched.get(number, 0):
                self._watch(number, events)
        if len(watched) != count:
            for number in watched.keys() - self._map.keys():
                self._watch(number, 0)
        for number, events in self._poll.poll(seconds * 1000):
            item = self._map.get(number)
            if item is not None:
                wasyncore.readwrite(item, events)

    def _watch(self, number: int, events: int) -> None:
        if events:
            self._poll.register(number, events)
            self._watched[number] = events
        else:
            self._poll.unregister(number)
            del self._watched[number]
