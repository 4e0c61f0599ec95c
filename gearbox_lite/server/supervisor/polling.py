"""Polling files for changes, for systems that cannot watch (more of) them.

watchfiles' own polling compares whole seconds, so that it misses a save soon after another.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from watchfiles import Change

POLL_INTERVAL = 0.5
"""Seconds between two polls."""


class PollNotify:
    """Does what watchfiles' RustNotify does for some folders, without their subfolders."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders
        self._before = self._snapshot()

    def watch(self, _burst: int, _step: int, _timeout: int, stop: threading.Event) -> set[tuple[int, str]] | str:
        """Wait for changes and return them, or "stop"."""
        while not stop.wait(POLL_INTERVAL):
            before, self._before = self._before, self._snapshot()
            changes = {(_kind(path, before, self._before), path) for path, _ in before.items() ^ self._before.items()}
            if changes:
                return changes
        return "stop"

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _snapshot(self) -> dict[str, tuple[int, ...]]:
        """Return, for each file and folder in the folders, values that differ after a change."""
        found = {}
        for folder in self._folders:
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        stat = entry.stat(follow_symlinks=False)
                        is_file = not entry.is_dir(follow_symlinks=False)
                        found[entry.path] = (stat.st_ino, *((stat.st_mtime_ns, stat.st_size) if is_file else ()))
        return found


def _kind(path: str, before: dict[str, tuple[int, ...]], now: dict[str, tuple[int, ...]]) -> int:
    if path not in before:
        return Change.added
    return Change.modified if path in now else Change.deleted
