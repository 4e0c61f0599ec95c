"""The workers of one server by what they do now, and how they take over from each other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import cycle

from gearbox_lite.server import descriptors
from gearbox_lite.server.supervisor.worker_handle import Worker
from gearbox_lite.server.worker.protocol import Begin, Drain, HandOver, Peer

KILL_AFTER = 3.0
"""Seconds after its drain's time at which a worker is killed; it runs what is registered with atexit in them."""


class Workers:
    """Who loads, serves, shows the error page, and drains."""

    def __init__(self) -> None:
        self.active: dict[int, Worker] = {}
        """Those that serve the application, by slot."""
        self.loading: dict[int, Worker] = {}
        """Those that load it, or have loaded it and wait for the others, by slot."""
        self.error_page: Worker | None = None
        """The one that serves the error page while none serves the application."""
        self.next_error_page: Worker | None = None
        """The one that will do so once it has started."""
        self.draining: list[Worker] = []
        """Those that finish what they have begun, and those that have been killed."""
        self._held: list[tuple[int, Peer]] = []

    def all(self) -> list[Worker]:
        """Return all whose process has not been reaped."""
        pages = [one for one in (self.error_page, self.next_error_page) if one is not None]
        return [*self.active.values(), *pages, *self.loading.values(), *self.draining]

    def serving(self) -> list[Worker]:
        """Return those that requests go to."""
        return [*self.active.values(), *([] if self.error_page is None else [self.error_page])]

    def begin(self, one: Worker) -> None:
        """Let a worker serve, once no other one holds its address if its server binds the socket itself."""
        if one.serving or (self.draining and not one.rollout.settings.is_waitress):
            return
        one.serving = True
        one.send(Begin())
        held, self._held = self._held, []
        for descriptor, peer in held:
            one.send_connection(descriptor, peer)

    def promote(self, new: Sequence[Worker]) -> None:
        """Let workers that have loaded serve, and drain those of other rollouts and the error page's."""
        former = [one for one in self.serving() if one.rollout is not new[0].rollout or one is self.error_page]
        self.error_page = None
        self.active = {slot: one for slot, one in self.active.items() if one not in former}
        for one in new:
            del self.loading[one.slot]
            self.active[one.slot] = one
        self._take_over(new, former)

    def _take_over(self, new: Sequence[Worker], former: Sequence[Worker]) -> None:
        share_sockets = new[0].rollout.settings.is_waitress
        if share_sockets:
            for one in new:
                self.begin(one)
        for one, successor in zip(former, cycle(new)):
            self.drain(one, successor)
        if not share_sockets:
            for one in new:
                self.begin(one)

    def show_error_page(self, page: Worker) -> None:
        """Let this worker alone serve."""
        former = self.serving()
        self.loading = {slot: one for slot, one in self.loading.items() if one is not page}
        self.active, self.error_page, self.next_error_page = {}, page, None
        self._take_over([page], former)

    def drain(self, one: Worker, successor: Worker | None, *, closes_idle: bool = False) -> None:
        """Have a worker finish, and hand its idle connections to its successor or whoever serves next."""
        one.successor = successor
        one.deadline = time.monotonic() + one.rollout.settings.serve.drain_timeout + KILL_AFTER
        self.draining.append(one)
        one.send(Drain() if closes_idle else HandOver())

    def discard(self, one: Worker) -> None:
        """End a worker that never served."""
        one.process.kill()
        if one.process.pid is None:
            one.deadline = time.monotonic() + one.start_patience
        self.draining.append(one)

    def discard_loading(self) -> None:
        """End all that load."""
        waiting = [] if self.next_error_page is None else [self.next_error_page]
        for one in [*self.loading.values(), *waiting]:
            self.discard(one)
        self.loading.clear()
        self.next_error_page = None

    def drain_serving(self, *, closes_idle: bool = False) -> None:
        """Have all that serve finish, without successors."""
        former = self.serving()
        self.active, self.error_page = {}, None
        for one in former:
            self.drain(one, None, closes_idle=closes_idle)

    def pass_on(self, one: Worker, peer: Peer, descriptor: int, *, is_ending: bool) -> None:
        """Give a connection of a draining worker to its successor, or that one's, or whoever serves next."""
        successor = one.successor
        while successor is not None and (successor.successor or successor.drained or successor.channel.closed):
            successor = successor.successor
        if successor is None:
            successor = next((other for other in self.serving() if other.serving and not other.channel.closed), None)
        if successor is not None:
            successor.send_connection(descriptor, peer)
        elif is_ending:
            descriptors.close_all([descriptor])
        else:
            self._held.append((descriptor, peer))

    def remove(self, one: Worker) -> None:
        """Forget a worker whose process has been reaped, and let those begin that have waited for it."""
        if one in self.draining:
            self.draining.remove(one)
            for other in self.serving():
                self.begin(other)
        elif one is self.error_page:
            self.error_page = None
        elif one is self.next_error_page:
            self.next_error_page = None
        elif self.loading.get(one.slot) is one:
            del self.loading[one.slot]
        elif self.active.get(one.slot) is one:
            del self.active[one.slot]

    def close(self) -> None:
        """Close the connections that wait for a worker."""
        descriptors.close_all(descriptor for descriptor, _ in self._held)
        self._held.clear()
