"""Which files matter to a running project, and changes of them as events."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from glob import glob
from pathlib import Path

from watchfiles._rust_notify import RustNotify

SKIPPED = frozenset({"__pycache__", "node_modules", "data", "build", "dist", "venv", "env", "site-packages"})
"""Folders of a project that hold no source; those whose names begin with a dot are skipped too."""
STEP = 20
"""Milliseconds without a further change after which a burst of changes is over."""
LONGEST_BURST = 400
"""Milliseconds after which a burst counts as one change although it goes on."""


def folders(root: Path) -> list[str]:
    """Return a project's folder and all below it that may hold source."""
    found = []
    for folder, below, _ in os.walk(root):
        below[:] = [name for name in below if name not in SKIPPED and not name.startswith(".")]
        if not os.path.lexists(os.path.join(folder, "pyvenv.cfg")):  # noqa: PTH118 (a folder may have thousands)
            found.append(folder)
        else:
            below.clear()
    return found


class Interest:
    """What to reload for: a project's Python files, further files wherever they are, and the user's own globs."""

    def __init__(self, root: Path, files: Iterable[str], watch: tuple[str, ...], ignore: tuple[str, ...]) -> None:
        """``files`` are inis, and imported modules that are not installed; the globs are relative to the root."""
        self._root = root
        self._exact = set(files)
        self._watch = watch
        self._ignore = ignore

    def folders(self) -> list[str]:
        """Return the folders to watch, none of them twice."""
        further = {os.path.dirname(path) for path in self._exact}  # noqa: PTH120
        for pattern in self._watch:
            further.update(glob(os.path.join(self._root, os.path.dirname(pattern))))  # noqa: PTH118, PTH120, PTH207
        return sorted({*folders(self._root), *filter(os.path.isdir, map(os.path.normpath, further))})

    def covers(self, path: str) -> bool:
        """Whether a change of this file asks for a reload."""
        inside = os.path.relpath(path, self._root)
        if any(fnmatch(inside, pattern) or fnmatch(os.path.basename(path), pattern) for pattern in self._ignore):  # noqa: PTH119
            return False
        if path in self._exact or any(fnmatch(inside, pattern) for pattern in self._watch):
            return True
        parts = Path(inside).parts
        hidden = any(part.startswith(".") or part in SKIPPED for part in parts)
        return inside.endswith(".py") and not hidden and parts[0] != os.pardir

    def is_source_folder(self, path: str) -> bool:
        """Whether this is a folder of the project that may hold source."""
        name = os.path.basename(path)  # noqa: PTH119
        return os.path.isdir(path) and name not in SKIPPED and not name.startswith(".")  # noqa: PTH112


class Watcher:
    """Watches in a thread from the moment it is made, and calls when something that matters has changed."""

    def __init__(self, interest: Interest, changed: Callable[[], None]) -> None:
        self._interest = interest
        self._changed = changed
        self._stop = threading.Event()
        self._notify = self._watch_folders()
        threading.Thread(target=self._run, daemon=True, name="watch").start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _watch_folders(self) -> RustNotify:
        return RustNotify(self._interest.folders(), False, False, 0, False, True)

    def _run(self) -> None:
        while True:
            changes = self._notify.watch(LONGEST_BURST, STEP, 0, self._stop)
            if isinstance(changes, str):  # "stop", or a signal that is the main thread's
                self._notify.close()
                return
            grown = any(self._interest.is_source_folder(path) for _, path in changes)
            if grown:
                before, self._notify = self._notify, self._watch_folders()
                before.close()
            if grown or any(self._interest.covers(path) for _, path in changes):
                self._changed()
