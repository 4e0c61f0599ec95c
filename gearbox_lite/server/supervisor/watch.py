"""Which files matter to a running project (``WatchFilter``), and the changes of them (``Watcher``, ``Changes``)."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from glob import escape, glob, has_magic
from pathlib import Path

from watchfiles import Change
from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from gearbox_lite.server.supervisor.polling import PollNotify

SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "data", "build", "dist", "venv", "env", "site-packages"})
"""Folders of a project that contain no source; those whose names begin with a dot are skipped too."""
DEBOUNCE = 10
"""Milliseconds without another change after which a burst is over and reported; watchfiles looks this often."""
MAX_BURST = 400
"""Milliseconds after which a burst is reported although it continues."""


def source_folders(root: str) -> list[str]:
    """Return a project's folder and all below it that may contain source."""
    found = []
    for folder, below, _ in os.walk(root):
        below[:] = [name for name in below if name not in SKIPPED_FOLDERS and not name.startswith(".")]
        if not os.path.lexists(os.path.join(folder, "pyvenv.cfg")):
            found.append(folder)
        else:
            below.clear()
    return found


class WatchFilter:
    """Decides which changes matter: of Python files, of files that the application consists of, and of ``watch`` globs.

    A glob is relative to the project. Its ``*`` also matches slashes, and ``**/`` any folders or none.
    """

    def __init__(self, root: Path, files: Iterable[str], watch: tuple[str, ...], ignore: tuple[str, ...]) -> None:
        """``files``: inis, and imported modules that are not installed."""
        self._root = str(root)
        self._exact = set(files)
        self._watch = [os.path.normpath(pattern) for pattern in watch]
        self._ignore = [os.path.normpath(pattern) for pattern in ignore]

    def folders(self) -> list[str]:
        """Return the folders to watch, without duplicates; for a missing one, its nearest parent that exists."""
        wanted = {os.path.dirname(path) for path in self._exact}
        for pattern in self._watch:
            folder = os.path.dirname(pattern)
            wanted.update(filter(os.path.isdir, glob(os.path.join(escape(self._root), folder), recursive=True)))
            while has_magic(folder):
                folder = os.path.dirname(folder)
            wanted.add(os.path.join(self._root, folder))
        wanted = {*source_folders(self._root), *map(_nearest, map(os.path.normpath, wanted))}
        return sorted(folder for folder in wanted if os.access(folder, os.R_OK | os.X_OK))

    def covers(self, path: str) -> bool:
        """Whether a change of this file matters, so that it leads to a reload."""
        if self._is_ignored(path):
            return False
        if path in self._exact or _matches(self._watch, os.path.relpath(path, self._root), path):
            return True
        return path.endswith(".py") and self._is_in_project(path)

    def covers_page_file(self, path: str) -> bool:
        """Whether a change of this file matters to open pages and causes no reload: a template, a public file."""
        from gearbox_lite.server.live_reload.file_events import is_page_file

        return is_page_file(path) and self._is_in_project(path) and not self._is_ignored(path) and not self.covers(path)

    def _is_ignored(self, path: str) -> bool:
        return _matches(self._ignore, os.path.relpath(path, self._root), path, os.path.basename(path))

    def _is_in_project(self, path: str) -> bool:
        parts = Path(os.path.relpath(path, self._root)).parts
        hidden = any(part.startswith(".") or part in SKIPPED_FOLDERS for part in parts)
        return not hidden and parts[0] != os.pardir


def _matches(globs: list[str], *names: str) -> bool:
    return any(fnmatch(name, pattern.replace("**/", "")) for pattern in globs for name in names)


def _nearest(folder: str) -> str:
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


class Watcher:
    """Watches in a thread, and calls ``on_change`` with the files that matter and have changed.

    There are none if folders of the project have been added or removed.
    """

    def __init__(
        self,
        watch_filter: WatchFilter,
        on_change: Callable[[list[str]], None],
        on_polling: Callable[[str], None],
        on_page_files: Callable[[list[str]], None] | None = None,
    ) -> None:
        """Start at once; if the system cannot watch more folders, call ``on_polling`` with the reason, and poll.

        ``on_page_files`` is called with changed files that only matter to open pages, for live reload.
        """
        self._filter = watch_filter
        self._on_page_files = on_page_files
        self._on_change = on_change
        self._on_polling = on_polling
        self._stop = threading.Event()
        self._folders, self._notify = self._start()
        threading.Thread(target=self._run, daemon=True, name="watch").start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _start(self) -> tuple[list[str], RustNotify | PollNotify]:
        while True:
            wanted = self._filter.folders()
            try:
                return wanted, RustNotify(wanted, False, False, 0, False, False)
            except FileNotFoundError:  # one has been removed since
                continue
            except (OSError, WatchfilesRustInternalError) as error:
                self._on_polling(str(error))
                return wanted, PollNotify(wanted)

    def _run(self) -> None:
        while True:
            changes = self._notify.watch(MAX_BURST, DEBOUNCE, 0, self._stop)
            if isinstance(changes, str):  # "stop", or a signal, which the main thread handles
                self._notify.close()
                return
            changed = [path for _, path in changes if self._filter.covers(path)]
            if self._rewatch(changes) or changed:
                self._on_change(changed)
            if self._on_page_files is not None:
                page_files = [path for _, path in changes if self._filter.covers_page_file(path)]
                if page_files:
                    self._on_page_files(page_files)

    def _rewatch(self, changes: set[tuple[int, str]]) -> bool:
        """Start watching again if folders have been added, removed or replaced; return whether they have."""
        replaced = any(path in self._folders and kind != Change.modified for kind, path in changes)
        if not replaced and not any(os.path.isdir(path) for _, path in changes):
            return False
        if not replaced and self._filter.folders() == self._folders:
            return False
        previous = self._notify
        self._folders, self._notify = self._start()
        previous.close()  # only now, so that no change is missed in between
        return True


class Changes:
    """Which files a reload brings, and how long it took: ``note`` each change, ``begin`` a reload, ``take`` its result.

    A change that is noted while a reload loads belongs to the next one. ``note`` is safe in signal handlers and other
    threads.
    """

    def __init__(self) -> None:
        self._noted: deque[tuple[float, list[str]]] = deque()
        self._included: list[tuple[float, list[str]]] = []

    def note(self, paths: list[str]) -> None:
        """Note that files have changed, none if it is SIGHUP that asks for the reload."""
        self._noted.append((time.monotonic(), paths))

    def begin(self) -> None:
        """Begin a reload, which brings all that has been noted, and what a reload brings that has not been taken."""
        self._included += [self._noted.popleft() for _ in range(len(self._noted))]

    def take(self) -> tuple[list[str], float | None]:
        """Return the files that the reload has brought, and the milliseconds since the last of the changes.

        These are None if the reload had another cause, such as a worker that exited.
        """
        included, self._included = self._included, []
        milliseconds = (time.monotonic() - included[-1][0]) * 1000 if included else None
        return sorted({path for _, paths in included for path in paths}), milliseconds
