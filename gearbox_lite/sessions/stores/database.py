"""Sessions in a table of a database, through SQLAlchemy; the table is the one that Beaker creates.

In PostgreSQL and SQLite, a save is one statement, which changes the row only if the record is still the expected one.
If it is not, and in other databases, writers lock the row (SELECT ... FOR UPDATE; in SQLite the whole database, BEGIN
IMMEDIATE) from reading the record until the commit, so that concurrent saves are merged one after the other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar

import sqlalchemy as sa

from gearbox_lite.masking import without_password
from gearbox_lite.sessions.stores import postgresql, sqlite
from gearbox_lite.sessions.stores.base import GuardedStore, RecordUpdate, check_time_limit
from gearbox_lite.sessions.stores.breaker import SLICE
from gearbox_lite.sessions.stores.folders import UnsafePathError

log = logging.getLogger("gearbox_lite.sessions")

MAX_INSERT_RACES = 5
"""How often an update is tried if other processes insert the same row or create the table first."""

T = TypeVar("T")


class DatabaseStore(GuardedStore):
    """One row a session; rows are locked while they change."""

    def __init__(
        self,
        url: str,
        timeout: int | None,
        prefix: str,
        limit: float,
        *,
        table: str = "beaker_cache",
        schema: str | None = None,
        engine_options: Mapping[str, str] | None = None,
    ) -> None:
        """``engine_options`` are strings as sqlalchemy.engine_from_config takes them.

        ``limit`` is in seconds an operation; SQLite's ``?timeout=`` in the URL takes precedence. Raises ValueError for
        an address or an option that SQLAlchemy does not know or that is unsafe, StoreUnavailable if SQLite's file
        cannot be created. Nothing is connected yet.
        """
        try:
            address = sa.make_url(url)
            if address.drivername == "postgresql":  # whose driver depends on SQLAlchemy's version
                address = address.set(drivername="postgresql+psycopg")
            if address.get_backend_name() == "sqlite":
                limit = check_time_limit(float(str(address.query.get("timeout", limit))))
            super().__init__(f"database {without_password(url)}", timeout, limit)
            self._engine = self._make_engine(address, engine_options or {})
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, TypeError, AttributeError, ImportError) as error:
            raise ValueError(str(error)) from error
        self._prefix = f"{prefix}:"
        self._driver = self.reaching(sa.exc.SQLAlchemyError, OSError, UnsafePathError)
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        # A single statement needs no transaction, which saves two round trips; SQLite has no round trips.
        self._autocommit = (
            self._engine if self._is_sqlite else self._engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        self._table = _beaker_table(table, schema)
        self._select = sa.select(self._table.c.data)
        # Not every database compares binary columns.
        self._has_compare_and_set = self._engine.dialect.name in ("postgresql", "sqlite")
        if self._has_compare_and_set:
            self._insert = _insert_unless_present(self._table, self._engine.dialect.name)
        self._replace = self._table.update().where(
            self._table.c.namespace == sa.bindparam("row"), self._table.c.data == sa.bindparam("expected")
        )
        self._table_lock = threading.Lock()
        self._file: sqlite.DatabaseFile | None = None
        path = sqlite.database_path(address) if self._is_sqlite else None
        if path is not None:
            with self.reaching(OSError):
                self._file = sqlite.DatabaseFile(path)

    def _make_engine(self, url: sa.URL, given: Mapping[str, str]) -> sa.Engine:
        driver, arguments = url.get_driver_name(), {}
        if url.get_backend_name() == "sqlite" and "timeout" not in url.query:
            arguments["timeout"] = SLICE  # retry_while_locked waits for the rest of the time
        elif url.get_backend_name() == "postgresql" and driver in ("psycopg", "psycopg2"):
            arguments = postgresql.server_limits(url, self.breaker.limit)
        defaults: dict[str, Any] = {"pool_pre_ping": True}
        # A SQLite database in memory has no pool.
        if url.get_backend_name() != "sqlite" or sqlite.database_path(url) is not None:
            defaults["pool_timeout"] = self.breaker.limit
            if "max_overflow" not in given:
                defaults["pool_size"] = 0  # no limit, so that no thread waits for another one's connection
        if url.get_backend_name() == "postgresql":
            defaults["use_native_hstore"] = False  # saves a query for this type in each new connection
        # engine_from_config converts strings to numbers, but not all of them to booleans.
        options = {
            **defaults,
            **{name: _boolean_or_text(text) for name, text in given.items()},
            "url": url,
            "hide_parameters": True,
        }
        engine = sa.engine_from_config(options, "", connect_args=arguments)
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", sqlite.configure_connection)
        elif engine.dialect.name == "postgresql" and driver == "psycopg":
            sa.event.listen(engine, "do_connect", postgresql.connect_handler(self.breaker))
        return engine

    def _run_with_table(self, engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
        """Call ``work`` with a connection; if the table is missing, create it and call ``work`` again."""
        with self._driver:
            if self._file is not None and self._file.was_replaced():
                log.warning("%s was removed or replaced, so the sessions of the old file are lost", self._file.path)
                self._engine.dispose()
            try:
                with engine.connect() as connection:
                    return work(connection)
            except sa.exc.DBAPIError as error:
                if not isinstance(error, sa.exc.ProgrammingError) and "no such table" not in str(error):
                    raise
            self._create_table()
            with engine.connect() as connection:
                return work(connection)

    def _create_table(self) -> None:
        """Create the table. One thread does it, and other processes may do it at the same time."""
        operation = self.breaker.current()
        while not self._table_lock.acquire(timeout=SLICE):
            if operation is not None:
                operation.check()
        try:
            for attempt in range(MAX_INSERT_RACES):
                try:
                    self._retry_while_locked(lambda: self._table.create(self._engine, checkfirst=True))
                except sa.exc.DBAPIError as error:
                    # Another process may create it after ``checkfirst`` has looked; other errors are real.
                    lost_race = "exists" in str(error) or isinstance(error, sa.exc.IntegrityError)
                    if not lost_race or attempt == MAX_INSERT_RACES - 1:
                        raise
                else:
                    return
        finally:
            self._table_lock.release()

    def _retry_while_locked(self, call: Callable[[], T]) -> T:
        return sqlite.retry_while_locked(call, self.breaker) if self._is_sqlite else call()

    def _in_transaction(self, work: Callable[[sa.Connection], T]) -> T:
        """Call ``work`` in a transaction."""

        def transaction(connection: sa.Connection) -> T:
            if self._is_sqlite:
                self._retry_while_locked(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))
            result = work(connection)
            if self._is_sqlite:
                self._retry_while_locked(lambda: connection.exec_driver_sql("COMMIT"))
            connection.commit()
            return result

        return self._run_with_table(self._engine, transaction)

    def _row(self, session: str) -> sa.ColumnElement[bool]:
        return self._table.c.namespace == self._prefix + session

    def _read(self, session: str) -> str | None:
        query = self._select.where(self._row(session))

        def read(connection: sa.Connection) -> bytes | None:
            return self._retry_while_locked(lambda: connection.execute(query).scalar())

        return _text(self._run_with_table(self._autocommit, read))

    def _update(self, session: str, change: RecordUpdate, expected: str | None) -> str | None:
        """Change a record by compare-and-set, or while its row is locked.

        A row that does not exist yet cannot be locked: two processes may both insert it. The unique constraint makes
        the later one fail, which then starts again with the other one's record.
        """
        attempt = 0 if self._has_compare_and_set else 1
        while True:
            try:
                if attempt == 0:
                    after = change(expected)
                    if after is not None and self._compare_and_set(session, expected, after):
                        return after
                else:
                    return self._in_transaction(lambda connection: self._change_row(connection, session, change))
            except BaseException as error:
                lost_race = isinstance(error.__cause__, sa.exc.IntegrityError)
                if not lost_race or attempt == MAX_INSERT_RACES:
                    raise
            attempt += 1

    def _compare_and_set(self, session: str, before: str | None, after: str) -> bool:
        """Store a record if the current one is ``before``, in one statement; return whether it was stored."""
        row, now = self._prefix + session, _now()
        values: dict[str, Any] = {"data": after.encode("ascii"), "accessed": now}
        statement: sa.Insert | sa.Update
        if before is None:
            statement, values = self._insert, {**values, "namespace": row, "created": now}
        else:
            statement, values = self._replace, {**values, "row": row, "expected": before.encode("ascii", "replace")}

        def write(connection: sa.Connection) -> bool:
            return self._retry_while_locked(lambda: connection.execute(statement, values).rowcount == 1)

        return self._run_with_table(self._autocommit, write)

    def _change_row(self, connection: sa.Connection, session: str, change: RecordUpdate) -> str | None:
        row = self._row(session)
        before = _text(connection.execute(self._select.where(row).with_for_update()).scalar())
        after = change(before)
        if after is None:
            return before
        now = _now()
        values = {"data": after.encode("ascii"), "accessed": now}
        if before is None:
            connection.execute(self._table.insert().values(namespace=self._prefix + session, created=now, **values))
        else:
            connection.execute(self._table.update().where(row).values(**values))
        return after

    def _delete(self, session: str) -> None:
        self._in_transaction(lambda connection: connection.execute(self._table.delete().where(self._row(session))))

    def ids(self) -> Iterator[str]:
        """Yield the ids of this project's rows, a thousand at a time."""
        column, last = self._table.c.namespace, ""
        query = sa.select(column).where(column.startswith(self._prefix, autoescape=True)).order_by(column).limit(1000)
        while True:
            with self.breaker.operation():
                found = self._run_with_table(self._autocommit, _fetch(query.where(column > last)))
            # SQLite's LIKE ignores case.
            yield from (name.removeprefix(self._prefix) for name in found if name.startswith(self._prefix))
            if not found:
                return
            last = found[-1]

    def close(self) -> None:
        """Close the pool's connections."""
        super().close()
        self._engine.dispose()

    def after_fork(self) -> None:
        """As in Store; a database in memory has no connection, and the fork has copied it."""
        super().after_fork()
        self._table_lock = threading.Lock()
        if not self._is_sqlite or self._file is not None:
            self._engine.dispose(close=False)

    def _ping(self) -> None:
        """Connect, and create the table if it is missing; with SQLite also take the write lock."""
        query = sa.select(self._table.c.id).limit(1)
        run = self._in_transaction if self._is_sqlite else lambda work: self._run_with_table(self._autocommit, work)
        run(lambda connection: connection.execute(query).scalar())


def _beaker_table(name: str, schema: str | None) -> sa.Table:
    """Return the table that Beaker creates too (beaker/ext/database.py)."""
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("namespace", sa.String(255), nullable=False),
        sa.Column("accessed", sa.DateTime, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("namespace"),
        schema=schema,
    )


def _insert_unless_present(table: sa.Table, dialect: str) -> sa.Insert:
    """Return the statement that inserts a row, or nothing if there is one of its namespace.

    A plain INSERT would fail then, and PostgreSQL would log each failure as an error.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql as dialects
    else:
        from sqlalchemy.dialects import sqlite as dialects  # type: ignore[no-redef]
    return dialects.insert(table).on_conflict_do_nothing()


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _fetch(query: sa.Select[Any]) -> Callable[[sa.Connection], Sequence[str]]:
    return lambda connection: connection.execute(query).scalars().all()


def _boolean_or_text(text: str) -> str | bool:
    return {"true": True, "false": False}.get(text.lower(), text)


def _text(data: bytes | None) -> str | None:
    return None if data is None else bytes(data).decode("ascii", "replace")
