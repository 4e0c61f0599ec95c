"""Sessions in dbm files, a database each, where Beaker keeps them: ``<dbm_dir>/<prefix>/a/ab/abc....dbm*``.

A database is written completely and then renamed into place. If the library keeps it in several files (``dbm.dumb``),
a process that is killed between two of these renames loses that session; with the file store this cannot happen.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from gearbox_lite.sessions.stores.file import FileStore
from gearbox_lite.sessions.stores.folders import Folders

DBM_SUFFIX = ".dbm"
RECORD_KEY = b"session"
"""The one key of each database."""
_SYSTEM_ERRORS = {errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOSPC}
"""Errors of the system, not of a damaged database."""


def default_module() -> str:
    """Return the module that Beaker takes: gdbm, whose databases are one file, if Python has it."""
    try:
        import_module("dbm.gnu")
    except ImportError:
        return "dbm.dumb"
    return "dbm.gnu"


class DbmStore(FileStore):
    """The file store's locks and layout, with a dbm database in place of each file."""

    def __init__(self, folders: Folders, timeout: int | None, limit: float, module: str) -> None:
        """Take the name of a dbm module of the standard library; the rest is as in FileStore."""
        super().__init__(folders, timeout, limit)
        self._module: Any = import_module(module)

    def _path(self, session: str) -> Path:
        return self._folder / session[0] / session[:2] / f"{session}{DBM_SUFFIX}"

    def _files(self, path: Path) -> list[Path]:
        return list(path.parent.glob(f"{path.name}*"))

    def _read(self, session: str) -> str | None:
        """Return a record; None if there is none.

        Other than in the file store a reader needs the lock: a database may consist of several files, which a writer
        renames one after the other.
        """
        with self._system:
            if not self._files(self._path(session)):
                self._ping()  # glob does not report a folder that cannot be read
                return None
            with self._locked(session):
                return self._read_file(session)

    def _read_file(self, session: str) -> str | None:
        path = self._path(session)
        files = self._files(path)
        if not files:
            return None
        for file in files:
            if not stat.S_ISREG(file.lstat().st_mode):
                raise OSError(errno.EINVAL, "not a regular file", str(file))
        try:
            with closing(self._module.open(str(path), "r")) as database:
                return bytes(database[RECORD_KEY]).decode("ascii", "replace")
        except (KeyError, ValueError, SyntaxError):
            return ""  # damaged, which is a corrupt record
        except OSError as error:
            if error.errno in _SYSTEM_ERRORS:
                raise
            return ""

    def _replace_file(self, session: str, text: str) -> None:
        path = self._path(session)
        if not path.parent.is_dir():
            self._make_folder(path.parent)
        draft = path.with_name(f"draft-{session}")
        for left in self._files(draft):  # by a process that was killed
            left.unlink()
        try:
            with closing(self._module.open(str(draft), "n", 0o600)) as database:
                database[RECORD_KEY] = text.encode("ascii")
            for written in sorted(self._files(draft)):
                written.replace(path.with_name(written.name.replace(draft.name, path.name)))
        except OSError:
            for left in self._files(draft):
                left.unlink(missing_ok=True)
            raise

    def _delete(self, session: str) -> None:
        with self._system, self._locked(session):
            for path in self._files(self._path(session)):
                path.unlink(missing_ok=True)

    def ids(self) -> Iterator[str]:
        """Yield the ids of all databases."""
        self.ping()
        with self._system:
            found = {path.name.partition(".")[0] for path in self._folder.glob(f"?/??/*{DBM_SUFFIX}*")}
        yield from found
