"""The one list of workers, and how workers take over from each other: begin, drain, hand-over of connections.

Keep-alive connections survive a reload. The order of events in three processes, which the tests of the reload rely on:

1. Ready before begin: a new worker reports ``Ready`` before it is told to ``Begin``, and no previous worker is told to
   ``Drain`` before that. So there is always a worker that accepts connections: both share the listening socket.
2. Begin before drain: ``Begin`` is written into the new worker's channel before a connection can be, since the previous
   worker hands over its idle connections only after ``Drain``. A channel keeps the order of what is written into it.
3. A previous worker sends each idle connection as ``Connection``, and ``Drained`` after the last one. The supervisor
   passes each on to the successor. If that one has drained itself, its own successor gets it; if no worker serves yet,
   the supervisor keeps the connection until one begins.
4. Only after ``Drained`` is the previous worker told to ``Exit``: until then a connection may be on its way to it, and
   it passes on what arrives late.

A server other than waitress binds its own socket, so its order is the reverse: the previous worker drains, and the new
one begins (state WAITING until then) once the previous process has been reaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle

from gearbox_lite.server import descriptors
from gearbox_lite.server.supervisor.worker_handle import Worker
from gearbox_lite.server.supervisor.worker_state import WorkerState
from gearbox_lite.server.worker.protocol import Drain, Peer

KILL_AFTER = 3.0
"""Seconds after ``drain_timeout`` at which a worker is killed; in them it runs what is registered with atexit."""


class Workers:
    """All workers whose processes have not been reaped."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._workers: list[Worker] = []
        self._unclaimed: list[tuple[int, Peer]] = []
        """Connections that were handed over while no worker served."""

    def __iter__(self) -> Iterator[Worker]:
        return iter(self._workers.copy())

    def add(self, worker: Worker) -> None:
        """Take a worker that has just been spawned into the list."""
        self._workers.append(worker)

    def remove(self, worker: Worker) -> None:
        """Take a worker whose process has exited out of the list, and let those begin that have waited for it."""
        was_exiting = worker.is_exiting
        worker.move_to(WorkerState.STOPPED)
        self._workers.remove(worker)
        if was_exiting:
            for other in self._workers:
                if other.state is WorkerState.WAITING:
                    self._begin(other)

    def in_state(self, *states: WorkerState) -> list[Worker]:
        """Return the workers in one of these states."""
        return [worker for worker in self._workers if worker.state in states]

    def active(self) -> list[Worker]:
        """Return the workers that serve the application."""
        return [worker for worker in self._workers if worker.serves_application]

    def active_in(self, slot: int) -> Worker | None:
        """Return the worker that serves the application in a slot."""
        return next((worker for worker in self.active() if worker.slot == slot), None)

    def loading(self) -> list[Worker]:
        """Return the workers that load the application, or have and wait for the others of their reload."""
        return [worker for worker in self._workers if worker.is_loading]

    def loading_in(self, slot: int) -> Worker | None:
        """Return the worker that loads the application in a slot."""
        return next((worker for worker in self.loading() if worker.slot == slot), None)

    def serving(self) -> list[Worker]:
        """Return the workers that requests go to, be they answered by the application or by the error page."""
        return [worker for worker in self._workers if worker.serves_application or worker.serves_error_page]

    def exiting(self) -> list[Worker]:
        """Return the workers that drain, or have been killed because they are no longer needed."""
        return [worker for worker in self._workers if worker.is_exiting]

    def activate(self, new: Sequence[Worker]) -> None:
        """Let workers that have loaded serve, and drain those of other reloads and the error page's."""
        for page in self.in_state(WorkerState.STARTING_ERROR_PAGE):
            page.stop()
        former = [worker for worker in self.serving() if worker.reload is not new[0].reload or worker.serves_error_page]
        self._take_over(new, former)

    def show_error_page(self, page: Worker) -> None:
        """Let this worker alone serve."""
        self._take_over([page], self.serving())

    def _take_over(self, new: Sequence[Worker], former: Sequence[Worker]) -> None:
        if not new[0].reload.settings.is_waitress:  # the previous workers have the address
            for worker in new:
                worker.move_to(WorkerState.WAITING)
            for worker, successor in zip(former, cycle(new)):
                self.drain(worker, successor)
            for worker in new:
                self._begin(worker)
            return
        for worker in new:
            self._begin(worker)
        for worker, successor in zip(former, cycle(new)):
            self.drain(worker, successor)

    def _begin(self, worker: Worker) -> None:
        if worker.state is WorkerState.WAITING and self.exiting():
            return
        worker.begin()
        unclaimed, self._unclaimed = self._unclaimed, []
        for descriptor, peer in unclaimed:
            worker.send_connection(descriptor, peer)

    def drain(self, worker: Worker, successor: Worker | None, *, closes_idle: bool = False) -> None:
        """Have a worker finish its requests, and hand its idle connections over or close them.

        It is killed if it has not exited KILL_AFTER seconds after ``drain_timeout``.
        """
        if worker.state is WorkerState.WAITING:  # it has no connections, and only exits when told to drain
            worker.stop()
            return
        worker.move_to(WorkerState.DRAINING)
        worker.successor = successor
        worker.deadline = self._clock() + worker.reload.settings.serve.drain_timeout + KILL_AFTER
        worker.send(Drain(hands_over=not closes_idle))

    def drain_serving(self, *, closes_idle: bool = False) -> None:
        """Have all workers that serve finish, without successors."""
        for worker in self.serving():
            self.drain(worker, None, closes_idle=closes_idle)

    def stop_loading(self, *, but: Worker | None = None) -> None:
        """Stop all workers that have not served, except perhaps one."""
        for worker in self._workers:
            if worker is but:
                continue
            if worker.is_loading or worker.state is WorkerState.STARTING_ERROR_PAGE:
                worker.stop()

    def hand_over(self, worker: Worker, peer: Peer, descriptor: int, *, is_shutting_down: bool) -> None:
        """Pass a keep-alive connection of a draining worker to its successor, to that one's, or to any that serves."""
        successor = worker.successor
        while successor is not None and (successor.successor or successor.is_drained or successor.channel.closed):
            successor = successor.successor
        if successor is None:
            successor = next((other for other in self._workers if other.has_begun and not other.channel.closed), None)
        if successor is not None:
            successor.send_connection(descriptor, peer)
        elif is_shutting_down:
            descriptors.close_all([descriptor])
        else:
            self._unclaimed.append((descriptor, peer))

    def close(self) -> None:
        """Close the connections that wait for a worker."""
        descriptors.close_all(descriptor for descriptor, _ in self._unclaimed)
        self._unclaimed.clear()
