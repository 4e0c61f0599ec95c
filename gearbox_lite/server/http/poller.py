"""How the leader waits for events: with poll, since select watches only file descriptors below 1,024.

waitress asks every connection in every turn of its loop whether it is to be read or written. Here a connection stays
registered for reading, and is looked at when something happens to it, or when a thread has called ``attend``: it has
more to send than the kernel took, or is to be closed, or can be read again.
"""

from __future__ import annotations

import select
from collections import deque
from typing import Any

from waitress import wasyncore

from gearbox_lite.server.http.channel import Channel

_READ, _WRITE = select.POLLIN | select.POLLPRI, select.POLLOUT


class Poller:
    """Waits for events and has them handled; only the leader uses it, except for ``attend``.

    A connection that can be read although it is not to be (its request is still running) is paused. It is resumed by
    the thread that answers the request, which looks at ``is_paused`` after the connection has become readable; the
    leader sets ``is_paused`` before it looks whether that has just happened. So one of the two sees it.
    """

    def __init__(self, map_: dict[int, Any], trigger: Any) -> None:
        self._map = map_
        self._poll = select.poll()
        self._watched: dict[int, int] = {}
        self._attended: deque[Channel] = deque()
        self.attend = self._attended.append
        """Have the leader look at a channel before it waits again; safe in any thread."""
        self._watch(trigger._fileno, _READ)  # noqa: SLF001 (wasyncore's key in the map)

    def wait(self, seconds: float, listeners: list[Any]) -> None:
        """Wait until something can be read or written, at most for this time, and have it done."""
        for listener in listeners:
            self._watch(listener._fileno, _READ if listener.readable() else 0)  # noqa: SLF001
        attended, map_ = self._attended, self._map
        while attended:
            self._look_at(attended.popleft())
        for number, events in self._poll.poll(seconds * 1000):
            item = map_.get(number)
            if item is None:
                self._watch(number, 0)
            elif events & _WRITE:
                wasyncore.readwrite(item, events)
                attended.append(item)
            elif not item.readable():
                self._pause(number, item)
            elif events == select.POLLIN:
                wasyncore.read(item)  # shorter than readwrite
            else:
                wasyncore.readwrite(item, events)

    def forget(self, number: int) -> None:
        """Stop watching a descriptor that is about to be closed."""
        self._watch(number, 0)

    def _look_at(self, channel: Channel) -> None:
        """Write what can be written or close, and watch for the rest."""
        number, map_ = channel._fileno, self._map  # noqa: SLF001
        if map_.get(number) is channel and channel.writable():
            wasyncore.write(channel)
        if map_.get(number) is channel:  # else it has been closed
            channel.is_paused = False
            self._watch(number, _READ | _WRITE if channel.writable() else _READ)

    def _pause(self, number: int, channel: Channel) -> None:
        self._watch(number, _WRITE if channel.writable() else 0)
        channel.is_paused = True
        if channel.readable():
            self._attended.append(channel)

    def _watch(self, number: int, events: int) -> None:
        if events == self._watched.get(number, 0):
            return
        if events:
            self._poll.register(number, events)
            self._watched[number] = events
        else:
            self._poll.unregister(number)
            del self._watched[number]
