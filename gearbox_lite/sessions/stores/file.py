"""Sessions in files, one each, where Beaker keeps them: ``<file_dir>/<prefix>/a/ab/abc....cache``."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gearbox_lite.sessions.stores.base import Change, Store

SUFFIX = ".cache"


class FileStore(Store):
    """Files that are replaced whole, so that a reader or a killed writer never sees a part of one."""

    def __init__(self, folder: Path, lock_folder: Path, timeout: int | None) -> None:
        super().__init__(f"folder {folder}", timeout)
        self._folder = folder
        self._locks = lock_folder
        with self.reaching(OSError):
            for made in (folder, lock_folder):
                made.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _path(self, session: str) -> Path:
        return self._folder / session[0] / session[:2] / f"{session}{SUFFIX}"

    def read(self, session: str) -> str | None:
        """Return a record; None where there is none. A folder that is gone is a store that cannot be reached."""
        with self.reaching(OSError):
            return self._read(session)

    def _read(self, session: str) -> str | None:
        try:
            return self._path(session).read_bytes().decode("ascii", "replace")
        except FileNotFoundError:
            self.ping()
            return None

    def update(self, session: str, change: Change) -> str | None:
        """Change a record under a lock that other processes respect."""
        with self.reaching(OSError), self._locked(session):
            before = self._read(session)
            after = change(before)
            if after is None:
                return before
            self._replace(session, after)
            return after

    def _replace(self, session: str, text: str) -> None:
        path = self._path(session)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".temp")  # only the holder of the lock writes it
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="ascii") as stream:  # noqa: PTH123 (Path.open takes no mode)
                stream.write(text)
            draft.replace(path)
        except OSError:
            with suppress(OSError):
                draft.unlink()
            raise

    def delete(self, session: str) -> None:
        """Remove a record."""
        with self.reaching(OSError), self._locked(session):
            self._path(session).unlink(missing_ok=True)

    def ids(self) -> Iterator[str]:
        """Yield the ids of all files."""
        with self.reaching(OSError):
            self.ping()
        for path in self._folder.glob(f"?/??/*{SUFFIX}"):
            yield path.name.removesuffix(SUFFIX)

    def ping(self) -> None:
        """Look for the folder."""
        with self.reaching(OSError):
            os.scandir(self._folder).close()

    @contextmanager
    def _locked(self, session: str) -> Iterator[None]:
        """Hold one of 256 locks, so that there are never more lock files than that."""
        descriptor = os.open(self._locks / f"{session[:2]}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
