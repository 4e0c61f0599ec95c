"""waitress' event loop with poll, for any number of file descriptors; select watches only those below 1,024."""

from __future__ import annotations

import select
from typing import Any

from waitress import wasyncore


class Poller:
    """Does what ``wasyncore.poll2`` does, but keeps what is registered, and updates only what has changed.

    Registering every connection again in each turn would cost more than select if there are many.
    """

    def __init__(self, map_: dict[int, Any]) -> None:
        self._map = map_
        self._poll = select.poll()
        self._read, self._write = select.POLLIN | select.POLLPRI, select.POLLOUT
        self._watched: dict[int, int] = {}

    def wait(self, seconds: float) -> None:
        """Wait until something can be read or written, at most for this time, and have it done.

        Before waiting, what can be written is written: the kernel takes most answers at once, so that only the rest of
        a long one, or one to a slow client, is waited for.
        """
        unwanted = self._update()
        for number, events in self._poll.poll(seconds * 1000):
            item = self._map.get(number)
            if item is None:
                continue
            if number in unwanted:
                self._watch(number, 0)
            elif events == select.POLLIN:
                wasyncore.read(item)  # shorter than readwrite
            else:
                wasyncore.readwrite(item, events)

    def _update(self) -> set[int]:
        """Write what can be written, and watch for the rest; return what is watched although nothing is wanted from it.

        Those are mostly connections whose request is running. They stay registered, since they will be read again after
        the answer and their clients are silent until then; if one sends earlier, ``wait`` stops watching it.
        """
        map_, watched, count, unwanted = self._map, self._watched, 0, set()
        for number, item in list(map_.items()):
            if item.writable() and not item.accepting:
                events = self._write_now(number, item)
            else:
                events = self._read if item.readable() else 0
            if events:
                count += 1
                if events != watched.get(number):
                    self._watch(number, events)
            elif number in watched and number in map_:
                count += 1
                unwanted.add(number)
        if len(watched) != count:
            for number in watched.keys() - map_.keys():
                self._watch(number, 0)
        return unwanted

    def _write_now(self, number: int, item: Any) -> int:
        """Write, unless the kernel's buffer was full before; return which events to watch for after that."""
        if not self._watched.get(number, 0) & self._write:
            wasyncore.write(item)
            if number not in self._map:  # it has been closed
                return 0
        return (self._read if item.readable() else 0) | (self._write if item.writable() else 0)

    def _watch(self, number: int, events: int) -> None:
        if events:
            self._poll.register(number, events)
            self._watched[number] = events
        else:
            self._poll.unregister(number)
            del self._watched[number]
