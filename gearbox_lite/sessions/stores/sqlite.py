"""SQLite's file and its locks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from gearbox_lite.sessions.stores.breaker import CircuitBreaker
from gearbox_lite.sessions.stores.folders import check_private, make_private

T = TypeVar("T")


def path_of(url: sa.URL) -> Path | None:
    """Return the database's file; None for a database in memory, and for a URI, which SQLite itself reads."""
    name = url.database
    return None if not name or name == ":memory:" or name.startswith("file:") else Path(name).absolute()


class File:
    """The database's file, made for this user alone; its journals get the same mode from SQLite."""

    def __init__(self, path: Path) -> None:
        """Make the file and its folder. Raises OSError, and UnsafePathError for what other users could have written."""
        self.path = path
        self._lock = threading.Lock()
        self._identity = self._make()

    def is_new(self) -> bool:
        """Whether the file is another one than at the last call, so that open connections are useless.

        A missing file is made again. Raises as ``__init__``.
        """
        if self._is_the_same():
            return False
        with self._lock:
            if self._is_the_same():
                return False
            self._identity = self._make()
            return True

    def _is_the_same(self) -> bool:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def _make(self) -> tuple[int, int]:
        make_private(self.path.parent)
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            check_private(self.path)
        status = self.path.stat()
        return status.st_dev, status.st_ino


def retry_while_locked(call: Callable[[], T], breaker: CircuitBreaker) -> T:
    """Return what a call returns, as soon as no other process has locked the database.

    SQLite's own wait (``timeout``) would hold the thread for the whole time limit.
    """
    while True:
        try:
            return call()
        except sa.exc.OperationalError as error:
            operation = breaker.current()
            if operation is None or "locked" not in str(error.orig):
                raise
            try:
                operation.check()
            except TimeoutError as reason:
                raise sa.exc.OperationalError(f"{error.orig}", None, reason) from error


def configure(connection: Any, _record: Any) -> None:
    """Keep sqlite3 from beginning transactions late, which makes two writers meet as "database is locked".

    https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes-with-the-sqlite3-or-aiosqlite-driver
    """
    connection.isolation_level = None
