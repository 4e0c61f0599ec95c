"""Sessions in a table of a database, through SQLAlchemy; the table is the one that Beaker makes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa

from gearbox_lite.masking import without_password
from gearbox_lite.sessions.stores.base import Change, Store

ATTEMPTS = 5
"""How often an update is tried where another process comes first."""
CONNECT_SECONDS = 3
"""Seconds for a connection to PostgreSQL, whose library would wait for ever."""


class DatabaseStore(Store):
    """One row a session; rows are locked while they change."""

    def __init__(
        self,
        url: str,
        timeout: int | None,
        prefix: str,
        *,
        table: str = "beaker_cache",
        schema: str | None = None,
        engine_options: Mapping[str, str] | None = None,
    ) -> None:
        """``engine_options`` are texts as sqlalchemy.engine_from_config takes them.

        Raises ValueError for an address or an option that SQLAlchemy does not know. Nothing is connected yet.
        """
        super().__init__(f"database {without_password(url)}", timeout)
        self._prefix = f"{prefix}:"
        if url.startswith("postgresql://"):  # whose driver depends on SQLAlchemy's version
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        # engine_from_config takes numbers from text, but not every truth value.
        given = {name: _truth(text) for name, text in (engine_options or {}).items()}
        options = {"pool_pre_ping": True, **given, "url": url, "hide_parameters": True}
        arguments: dict[str, Any] = {}
        if url.startswith("postgresql") and "connect_timeout=" not in url:
            arguments["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
        try:
            self._engine = sa.engine_from_config(options, "", **arguments)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, TypeError, ImportError) as error:
            raise ValueError(str(error)) from error
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        # A read by itself needs no transaction, which saves two round trips; SQLite has none to save.
        self._reader = self._engine if self._is_sqlite else self._engine.execution_options(isolation_level="AUTOCOMMIT")
        if self._is_sqlite:
            sa.event.listen(self._engine, "connect", _leave_transactions_to_us)
        self._table = sa.Table(
            table,
            sa.MetaData(),
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("namespace", sa.String(255), nullable=False),
            sa.Column("accessed", sa.DateTime, nullable=False),
            sa.Column("created", sa.DateTime, nullable=False),
            sa.Column("data", sa.LargeBinary, nullable=False),
            sa.UniqueConstraint("namespace"),
            schema=schema,
        )
        self._select = sa.select(self._table.c.data)
        self._made = False
        self._making = threading.Lock()

    @contextmanager
    def _connection(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        """Connect, and make the table at the first time and where it is gone."""
        with self.reaching(sa.exc.SQLAlchemyError, OSError):
            try:
                if not self._made:
                    self._make_table()
                with engine.connect() as connection:
                    yield connection
            except sa.exc.DBAPIError as error:
                if isinstance(error, sa.exc.ProgrammingError) or "no such table" in str(error):
                    self._made = False
                raise

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """Connect, and commit at the end."""
        with self._connection(self._engine) as connection:
            if self._is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def _make_table(self) -> None:
        with self._making:
            for attempt in range(ATTEMPTS):
                try:
                    self._table.create(self._engine, checkfirst=True)
                    break
                except sa.exc.DBAPIError as error:
                    # Another process made it between the look and the making; a failure to connect is something else.
                    lost_race = "exists" in str(error) or isinstance(error, sa.exc.IntegrityError)
                    if not lost_race or attempt == ATTEMPTS - 1:
                        raise
            self._made = True

    def _row(self, session: str) -> sa.ColumnElement[bool]:
        return self._table.c.namespace == self._prefix + session

    def read(self, session: str) -> str | None:
        """Return a record; None where there is none."""
        with self._connection(self._reader) as connection:
            data = connection.execute(self._select.where(self._row(session))).scalar()
        return _text(data)

    def update(self, session: str, change: Change) -> str | None:
        """Change a record while its row is locked."""
        attempt = 1
        while True:
            try:
                with self._transaction() as connection:
                    return self._update(connection, session, change)
            except BaseException as error:
                raced = isinstance(error.__cause__, sa.exc.IntegrityError)
                if not raced or attempt == ATTEMPTS:
                    raise
            attempt += 1

    def _update(self, connection: sa.Connection, session: str, change: Change) -> str | None:
        row = self._row(session)
        before = _text(connection.execute(self._select.where(row).with_for_update()).scalar())
        after = change(before)
        if after is None:
            return before
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        values = {"data": after.encode("ascii"), "accessed": now}
        if before is None:
            connection.execute(self._table.insert().values(namespace=self._prefix + session, created=now, **values))
        else:
            connection.execute(self._table.update().where(row).values(**values))
        return after

    def delete(self, session: str) -> None:
        """Remove a record."""
        with self._transaction() as connection:
            connection.execute(self._table.delete().where(self._row(session)))

    def ids(self) -> Iterator[str]:
        """Yield the ids of this project's rows, a thousand at a time."""
        column, last = self._table.c.namespace, ""
        query = sa.select(column).where(column.startswith(self._prefix, autoescape=True)).order_by(column).limit(1000)
        while True:
            with self._transaction() as connection:
                found = connection.execute(query.where(column > last)).scalars().all()
            # SQLite's LIKE does not tell upper case from lower case.
            yield from (name.removeprefix(self._prefix) for name in found if name.startswith(self._prefix))
            if not found:
                return
            last = found[-1]

    def close(self) -> None:
        """Close the pool's connections."""
        self._engine.dispose()

    def ping(self) -> None:
        """Connect, and make the table if it is not there."""
        with self._transaction() as connection:
            connection.execute(sa.select(sa.literal(1)))


def _truth(text: str) -> str | bool:
    return {"true": True, "false": False}.get(text.lower(), text)


def _text(data: bytes | None) -> str | None:
    return None if data is None else bytes(data).decode("ascii", "replace")


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    """Keep sqlite3 from beginning transactions late, which makes two writers meet as "database is locked".

    https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes-with-the-sqlite3-or-aiosqlite-driver
    """
    connection.isolation_level = None
