"""Sessions in files, one each, where Beaker keeps them: ``<file_dir>/<prefix>/a/ab/abc....cache``.

Writes are atomic: a record is written to a draft beside its file and then renamed over it, so that a reader sees the
old record or the new one, and a process that is killed leaves one of them. Readers therefore need no lock. Writers hold
a file lock (flock) from reading the record until the rename, so that no other process changes it in between; the kernel
releases the lock of a process that is killed.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gearbox_lite.sessions.stores.base import GuardedStore, RecordUpdate
from gearbox_lite.sessions.stores.folders import Folders, UnsafePathError, check_private, make_private

log = logging.getLogger("gearbox_lite.sessions")

RECORD_SUFFIX = ".cache"
MAX_LOCK_PAUSE = 0.02
"""Seconds between two attempts to get a lock; the first pauses are shorter."""


class FileStore(GuardedStore):
    """One file a session, replaced atomically."""

    def __init__(self, folders: Folders, timeout: int | None, limit: float) -> None:
        """Create the folders; ``limit`` is in seconds an operation.

        Raises UnsafePathError, a ValueError, for a folder that other users own or can write, StoreUnavailable if one
        cannot be created.
        """
        super().__init__(f"folder {folders.sessions}", timeout, limit)
        self._folder = folders.sessions
        self._locks = folders.locks
        self._prefix, self._locks_prefix = (os.path.join(folder, "") for folder in (self._folder, self._locks))
        self._parents = folders.parents
        self._system = self.reaching(OSError, UnsafePathError)
        with self.reaching(OSError):
            self._make_folders()

    def _make_folders(self) -> bool:
        """Create the folders that are missing, and check the others; return whether any was missing."""
        made = []
        for folder in (self._folder, self._locks):
            made += make_private(folder)
            check_private(folder)
        for folder in self._parents:
            check_private(folder, may_be_sticky=True)
        return bool(made)

    def _path(self, session: str) -> Path:
        return Path(self._file_name(session))

    def _file_name(self, session: str) -> str:
        """Return a record's path as a string: joining Path objects would take a twentieth of a write."""
        return f"{self._prefix}{session[0]}{os.sep}{session[:2]}{os.sep}{session}{RECORD_SUFFIX}"

    def _read(self, session: str) -> str | None:
        with self._system:
            return self._read_file(session)

    def _read_file(self, session: str) -> str | None:
        name = self._file_name(session)
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "not a regular file", name)
            return os.read(descriptor, status.st_size).decode("ascii", "replace")
        finally:
            os.close(descriptor)

    def _update(self, session: str, change: RecordUpdate, expected: str | None) -> str | None:  # noqa: ARG002
        """Read, change and replace a record under its lock, which all processes of this store respect."""
        with self._system, self._locked(session):
            before = self._read_file(session)
            after = change(before)
            if after is None:
                return before
            self._replace_file(session, after)
            return after

    def _replace_file(self, session: str, text: str) -> None:
        name = self._file_name(session)
        draft = f"{name.removesuffix(RECORD_SUFFIX)}.temp"  # one is enough: only the lock's owner writes it
        try:
            descriptor = self._create(draft)
        except FileNotFoundError:
            self._make_folder(Path(name).parent)
            descriptor = self._create(draft)
        except FileExistsError:  # left behind by a process that was killed
            os.unlink(draft)
            descriptor = self._create(draft)
        try:
            with open(descriptor, "wb") as stream:
                stream.write(text.encode("ascii"))
            # Not flushed to the disk with fsync: after a crash of the machine a session may be lost, as with Beaker,
            # but a killed process loses nothing, because the kernel has the data.
            os.replace(draft, name)
        except OSError:
            with suppress(OSError):
                os.unlink(draft)
            raise

    def _make_folder(self, folder: Path) -> None:
        """Create the folder of some records, and those of the store if they have been removed."""
        if not self._folder.is_dir():
            self._restore_folders()
        make_private(folder)

    def _create(self, path: str) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)

    def _delete(self, session: str) -> None:
        with self._system, self._locked(session):
            self._path(session).unlink(missing_ok=True)

    def ids(self) -> Iterator[str]:
        """Yield the ids of all files."""
        self.ping()
        with self._system:
            found = [path.name for path in self._folder.glob(f"?/??/*{RECORD_SUFFIX}")]
        yield from (name.removesuffix(RECORD_SUFFIX) for name in found)

    def _ping(self) -> None:
        """Look for the folder, and create it again if it has been removed."""
        with self._system:
            try:
                os.scandir(self._folder).close()
            except FileNotFoundError:
                self._restore_folders()

    def _restore_folders(self) -> None:
        if self._make_folders():
            log.warning("the folder %s was removed, so its sessions are lost; it was created again", self._folder)

    @contextmanager
    def _locked(self, session: str) -> Iterator[None]:
        """Hold the lock of a session, one of 256, so that there are never more lock files than that.

        Lock files are never removed: a process that waits for the lock of a removed file would get it while another one
        holds the lock of the new file. The lock is polled, because flock itself waits without a time limit. Raises
        TimeoutError if another process holds it for longer than an operation may take.
        """
        path = f"{self._locks_prefix}{session[:2]}.lock"
        try:
            descriptor = self._open_lock(path)
        except FileNotFoundError:
            self._restore_folders()
            descriptor = self._open_lock(path)
        try:
            pause = 0.0005
            while not _try_lock(descriptor):
                operation = self.breaker.current()
                if operation is not None:
                    operation.check()
                time.sleep(pause)
                pause = min(2 * pause, MAX_LOCK_PAUSE)
            yield
        finally:
            os.close(descriptor)

    def _open_lock(self, path: str) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
