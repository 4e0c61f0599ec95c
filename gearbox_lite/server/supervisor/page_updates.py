"""Live reload as the supervisor's loop sees it: nothing happens, and nothing is imported, until it is switched on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gearbox_lite.server import descriptors
from gearbox_lite.server.supervisor.commands import Command
from gearbox_lite.server.supervisor.worker_handle import Worker
from gearbox_lite.server.supervisor.worker_state import WorkerState

if TYPE_CHECKING:
    from gearbox_lite.server.live_reload.file_events import PageEvent
    from gearbox_lite.server.live_reload.open_pages import OpenPages

DRAIN_WAIT = 0.1
"""Seconds for which pages are told nothing while a previous worker finishes requests.

It accepts no connection once it drains, but its last answers would be out of date, and be loaded again.
"""


class PageUpdates:
    """Tells the pages that are open in browsers what the loop has learned; see ``OpenPages``."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pages: OpenPages | None = None
        self._version: str | None = None
        """What the workers that serve make."""
        self._show_by: float | None = None
        """When pages are told of it at the latest; None if they have been."""

    def new_version(self) -> str:
        """Return the version of the next workers' pages, and switch live reload on."""
        if self._pages is None:
            from gearbox_lite.server.live_reload.open_pages import OpenPages

            self._pages = OpenPages()
        return self._pages.new_version()

    def sources(self) -> list[Any]:
        """Return what the loop has to wait for."""
        return [] if self._pages is None else [self._pages]

    def add(self, descriptor: int, page: str) -> None:
        """Take over the connection of a page that asks for events; close it if there are none any more."""
        if self._pages is None:
            descriptors.close_all([descriptor])
        else:
            self._pages.add(descriptor, page)

    def tell(self, commands: set[Command | PageEvent]) -> set[Command]:
        """Tell the pages what is for them, and return the rest."""
        for one in commands:
            if self._pages is not None and not isinstance(one, Command):
                self._pages.tell(one)
        return {one for one in commands if isinstance(one, Command)}

    def update(self, ready: set[object], workers: Sequence[Worker]) -> None:
        """Tell the pages whether other workers serve now, and drop those that browsers have closed."""
        if self._pages is None:
            return
        if self._pages in ready:
            self._pages.drop_closed()
        begun = [worker for worker in workers if worker.has_begun]
        if begun and begun[-1].page_version != self._version:
            self._version, self._show_by = begun[-1].page_version, self._clock() + DRAIN_WAIT
        is_draining = any(one.state is WorkerState.DRAINING and not one.is_drained for one in workers)
        if self._show_by is not None and (not is_draining or self._clock() >= self._show_by):
            self._show_by = None
            self._pages.show(self._version)

    def due_times(self) -> list[float]:
        """Return when something is due without an event, on the clock."""
        return [] if self._show_by is None else [self._show_by]

    def close(self) -> None:
        """Close all connections: the server stops."""
        if self._pages is not None:
            self._pages.close()
            self._pages = None
