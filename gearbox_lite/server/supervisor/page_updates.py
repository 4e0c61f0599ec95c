"""Live reload as the supervisor's loop sees it: nothing happens, and nothing is imported, until it is switched on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gearbox_lite.server import descriptors
from gearbox_lite.server.supervisor.commands import Command
from gearbox_lite.server.supervisor.worker_handle import Worker

if TYPE_CHECKING:
    from gearbox_lite.server.live_reload.file_events import PageEvent
    from gearbox_lite.server.live_reload.open_pages import OpenPages


class PageUpdates:
    """Tells the pages that are open in browsers what the loop has learned; see ``OpenPages``."""

    def __init__(self) -> None:
        self._pages: OpenPages | None = None

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

    def update(self, ready: set[object], workers: Iterable[Worker]) -> None:
        """Tell the pages whether other workers serve now, and drop those that browsers have closed."""
        if self._pages is None:
            return
        if self._pages in ready:
            self._pages.drop_closed()
        begun = [worker for worker in workers if worker.has_begun]
        if begun:
            self._pages.show(begun[-1].page_version)

    def close(self) -> None:
        """Close all connections: the server stops."""
        if self._pages is not None:
            self._pages.close()
            self._pages = None
