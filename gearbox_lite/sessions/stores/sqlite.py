"""SQLite's file, and waiting for its locks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from gearbox_lite.sessions.stores.breaker import CircuitBreaker
from gearbox_lite.sessions.stores.folders import check_private, make_private

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")


def database_path(url: sa.URL) -> Path | None:
    """Return the database's file; None for a database in memory, and for a URI, which SQLite itself resolves."""
    name = url.database
    return None if not name or name == ":memory:" or name.startswith("file:") else Path(name).absolute()


class DatabaseFile:
    """The database's file, which only this user can access; SQLite gives its journals the same mode."""

    def __init__(self, path: Path) -> None:
        """Create the file and its folder. Raises OSError, and UnsafePathError if other users could write them."""
        self.path = path
        self._lock = threading.Lock()
        self._identity = self._create()

    def was_replaced(self) -> bool:
        """Whether the file is not the one of the last call, so that open connections are useless.

        Many threads ask before each operation, so the common case takes no lock; the one that gets it first reports the
        new file, once. A missing file is created again. Raises as ``__init__``.
        """
        if self._is_same_file():
            return False
        with self._lock:
            if self._is_same_file():
                return False
            self._identity = self._create()
            return True

    def _is_same_file(self) -> bool:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == self._identity

    def _create(self) -> tuple[int, int]:
        make_private(self.path.parent)
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            check_private(self.path)
        status = self.path.stat()
        return status.st_dev, status.st_ino


def retry_while_locked(call: Callable[[], T], breaker: CircuitBreaker) -> T:
    """Call until no other process has locked the database, and return the result.

    SQLite's own wait (``timeout``) is short, since it cannot be ended early when the circuit breaker gives up.
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


def configure_connection(connection: sqlite3.Connection, _record: object) -> None:
    """Keep sqlite3 from beginning transactions by itself; DatabaseStore begins each one with a write lock.

    sqlite3 would begin with a read lock. Two processes that then both want to write can only fail with "database is
    locked", and waiting does not help.

    https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes-with-the-sqlite3-or-aiosqlite-driver
    """
    connection.isolation_level = None
