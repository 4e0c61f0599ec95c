"""The connection to the database that ``sqlalchemy.url`` in the ini names.

``db`` is SQLAlchemy's session; lib/transactions.py begins and ends its transactions:

    from sqlalchemy import select

    db.add(Entry(name="Ada", text="Hello"))
    entries = db.scalars(select(Entry)).all()

The tutorial of SQLAlchemy explains queries: https://docs.sqlalchemy.org/tutorial/
"""

from gearbox_lite.database.postgresql import notice_silence
from gearbox_lite.database.url import database_url
from sqlalchemy import create_engine, event
from sqlalchemy.orm import scoped_session, sessionmaker

db = scoped_session(sessionmaker())

IN_GET = (
    "a GET request cannot change the database, since links, robots and prefetching "
    "browsers send it unasked; use a form with POST and "
    '@expose(allowed_methods=["POST"]), or call allow_writes() of lib/transactions.py '
    "before the first query"
)
IN_BODY = (
    "a response cannot change the database while its body is sent, since its status "
    "is sent already; make the change in the controller, before it returns the body"
)


class ReadOnlyError(Exception):
    """Code has changed the database where it cannot: IN_GET or IN_BODY says why."""


def read_only(reason):
    """Return the options of connections that cannot write; ``reason`` is the error."""
    return {"read_only": reason, "postgresql_readonly": True}


def make_engine(settings):
    """Return SQLAlchemy's engine for an [app:...] section. It connects when first used.

    Raises SettingError, which is a ValueError, if ``sqlalchemy.url`` cannot be used.
    """
    engine = create_engine(
        database_url(settings),
        # Replaces a connection that the database has closed, for example by restarting.
        pool_pre_ping=True,
        # No limit: there are as many connections as threads that use one.
        pool_size=0,
        # Errors do not show the values, which may be personal, only the SQL.
        hide_parameters=True,
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", configure_sqlite)
        event.listen(engine, "begin", begin)
        event.listen(engine, "checkin", end)
    if engine.dialect.name == "postgresql":
        # No request waits forever for a server that hangs.
        notice_silence(engine)
    event.listen(engine, "handle_error", explain_read_only)
    return engine


def configure_sqlite(connection, _record):
    """Set up a new connection to SQLite."""
    # sqlite3 would begin a transaction only before the first write, so that what was
    # read before could already be out of date. begin, below, does it instead.
    connection.isolation_level = None
    # WAL: who reads and who writes do not wait for each other.
    connection.execute("PRAGMA journal_mode = WAL")
    # In WAL mode, NORMAL cannot corrupt the file either, and is much faster than FULL;
    # the last transactions may be missing after a power failure.
    connection.execute("PRAGMA synchronous = NORMAL")
    # SQLite checks foreign keys only if asked to.
    connection.execute("PRAGMA foreign_keys = ON")


def begin(connection):
    """Begin a transaction in SQLite.

    One that may write gets the lock for that at once. If two transactions asked for it
    later, after both have read, one of them could only fail: "database is locked".
    """
    reads = "read_only" in connection.get_execution_options()
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def end(connection, _record):
    """Roll back what a failed COMMIT has left.

    SQLite keeps such a transaction open, unlike other databases, so the next request
    that gets this connection would continue it.
    """
    if connection is not None and connection.in_transaction:
        connection.rollback()


def explain_read_only(context):
    """Say what to do if the database refuses a change because of read_only."""
    message = str(context.original_exception)
    if context.connection is not None and (
        "readonly database" in message or "read-only transaction" in message
    ):
        reason = context.connection.get_execution_options().get("read_only")
        if reason is not None:
            raise ReadOnlyError(reason)
