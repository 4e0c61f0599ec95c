"""Which files matter to a running project, and changes of them as events."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from glob import escape, glob, has_magic
from pathlib import Path

from watchfiles import Change
from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from gearbox_lite.server.supervisor.polling import PollNotify

SKIPPED = frozenset({"__pycache__", "node_modules", "data", "build", "dist", "venv", "env", "site-packages"})
"""Folders of a project that hold no source; those whose names begin with a dot are skipped too."""
STEP = 20
"""Milliseconds without a further change after which a burst of changes is over."""
LONGEST_BURST = 400
"""Milliseconds after which a burst counts as one change although it goes on."""


def folders(root: str) -> list[str]:
    """Return a project's folder and all below it that may hold source."""
    found = []
    for folder, below, _ in os.walk(root):
        below[:] = [name for name in below if name not in SKIPPED and not name.startswith(".")]
        if not os.path.lexists(os.path.join(folder, "pyvenv.cfg")):
            found.append(folder)
        else:
            below.clear()
    return found


class Interest:
    """What to reload for: a project's Python files, further files wherever they are, and the user's own globs.

    A glob is relative to the project. Its ``*`` also stands for slashes, and ``**/`` for any folders or none.
    """

    def __init__(self, root: Path, files: Iterable[str], watch: tuple[str, ...], ignore: tuple[str, ...]) -> None:
        """``files`` are inis, and imported modules that are not installed."""
        self._root = str(root)
        self._exact = set(files)
        self._watch = [os.path.normpath(pattern) for pattern in watch]
        self._ignore = [os.path.normpath(pattern) for pattern in ignore]

    def folders(self) -> list[str]:
        """Return the folders to watch, none of them twice; for one that is not there, the nearest one that is."""
        wanted = {os.path.dirname(path) for path in self._exact}
        for pattern in self._watch:
            folder = os.path.dirname(pattern)
            wanted.update(filter(os.path.isdir, glob(os.path.join(escape(self._root), folder), recursive=True)))
            while has_magic(folder):
                folder = os.path.dirname(folder)
            wanted.add(os.path.join(self._root, folder))
        wanted = {*folders(self._root), *map(_nearest, map(os.path.normpath, wanted))}
        return sorted(folder for folder in wanted if os.access(folder, os.R_OK | os.X_OK))

    def covers(self, path: str) -> bool:
        """Whether a change of this file asks for a reload."""
        inside, name = os.path.relpath(path, self._root), os.path.basename(path)
        if _matches(self._ignore, inside, path, name):
            return False
        if path in self._exact or _matches(self._watch, inside, path):
            return True
        parts = Path(inside).parts
        hidden = any(part.startswith(".") or part in SKIPPED for part in parts)
        return inside.endswith(".py") and not hidden and parts[0] != os.pardir


def _matches(globs: list[str], *names: str) -> bool:
    return any(fnmatch(name, pattern.replace("**/", "")) for pattern in globs for name in names)


def _nearest(folder: str) -> str:
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


class Watcher:
    """Watches in a thread from the moment it is made, and calls when something that matters has changed."""

    def __init__(self, interest: Interest, changed: Callable[[], None], polls: Callable[[str], None]) -> None:
        """Start at once; ``polls`` is told why where the system watches no more folders, so that they are looked at."""
        self._interest = interest
        self._changed = changed
        self._polls = polls
        self._stop = threading.Event()
        self._folders, self._notify = self._start()
        threading.Thread(target=self._run, daemon=True, name="watch").start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _start(self) -> tuple[list[str], RustNotify | PollNotify]:
        while True:
            wanted = self._interest.folders()
            try:
                return wanted, RustNotify(wanted, False, False, 0, False, False)
            except FileNotFoundError:  # one has gone since
                continue
            except (OSError, WatchfilesRustInternalError) as error:
                self._polls(str(error))
                return wanted, PollNotify(wanted)

    def _run(self) -> None:
        while True:
            changes = self._notify.watch(LONGEST_BURST, STEP, 0, self._stop)
            if isinstance(changes, str):  # "stop", or a signal that is the main thread's
                self._notify.close()
                return
            if self._rewatch(changes) or any(self._interest.covers(path) for _, path in changes):
                self._changed()

    def _rewatch(self, changes: set[tuple[int, str]]) -> bool:
        """Watch anew where folders have come, gone or been replaced; return whether they have."""
        replaced = any(path in self._folders and kind != Change.modified for kind, path in changes)
        if not replaced and not any(os.path.isdir(path) for _, path in changes):
            return False
        if not replaced and self._interest.folders() == self._folders:
            return False
        before = self._notify
        self._folders, self._notify = self._start()
        before.close()
        return True
