"""Run and write migrations, with alembic.

All migrations of one command run in one transaction, so a failing one leaves nothing behind. It begins with a lock, so
that several commands at the same time run one after the other: BEGIN IMMEDIATE in SQLite, which the project's engine
sends, and an advisory lock in PostgreSQL.
"""

from __future__ import annotations

import io
import logging
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.engine import make_url

from gearbox_lite.database.project import Database, package_database
from gearbox_lite.database.revisions import Revision, next_id, pending_revisions, read_revisions
from gearbox_lite.database.url import NAME
from gearbox_lite.errors import FAILURE, Location, UserError

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic logs each detail as INFO, also while it is imported; what matters is reported.
logging.getLogger("alembic").setLevel(logging.WARNING)

LOCK = 5_163_170_221
"""The number of PostgreSQL's advisory lock; any, as long as no other program of this database uses it."""
SQLITE_WAIT = 600_000
"""Milliseconds for which a migration waits for another transaction of SQLite, unless the URL has a ``timeout``."""

Report = Callable[[Revision], object]


def _silent(_revision: Revision) -> None:
    pass


@dataclass(frozen=True)
class NewMigration:
    """A migration that was written, and the changes that it contains, one sentence each.

    ``required`` are the new columns of existing tables that must have a value, and have none in the rows that exist.
    """

    path: Path
    changes: list[str]
    required: list[str]


def upgrade_database(package: str, settings: Mapping[str, str], report: Report = _silent) -> list[Revision]:
    """Apply all pending migrations of a project's package, and return them.

    ``settings`` are those of its [app:...] section; ``report`` is called after each migration, before the COMMIT.
    """
    return upgrade_to(package_database(package), settings, "head", report)


def downgrade_database(package: str, settings: Mapping[str, str], report: Report = _silent) -> list[Revision]:
    """Undo all migrations of a project's package, and return them."""
    return downgrade_to(package_database(package), settings, "base", report)


def upgrade_to(
    database: Database, settings: Mapping[str, str], revision: str = "head", report: Report = _silent
) -> list[Revision]:
    """Apply the pending migrations up to a revision, and return them."""
    from alembic import command

    return _run(database, settings, lambda config: command.upgrade(config, revision), report)


def downgrade_to(
    database: Database, settings: Mapping[str, str], revision: str, report: Report = _silent
) -> list[Revision]:
    """Undo the migrations after a revision, and return them; ``base`` undoes all."""
    from alembic import command

    return _run(database, settings, lambda config: command.downgrade(config, revision), report)


def sql_of(database: Database, dialect: str, wanted: str) -> str:
    """Return the SQL that would apply a range of migrations, FROM:TO, without connecting to a database."""
    from alembic import command

    if wanted.startswith(":") or wanted.endswith(":"):
        raise UserError(f"the range {wanted!r} lacks one end", remedy="write FROM:TO, for example 0001:head")
    output = io.StringIO()
    config = _config(database, output)
    config.attributes["dialect"] = dialect
    with _explained(database):
        command.upgrade(config, wanted, sql=True)
    return output.getvalue()


def write_migration(
    database: Database, settings: Mapping[str, str], message: str, *, empty: bool
) -> NewMigration | None:
    """Write the migration from the database to the models; None if they agree and ``empty`` is false."""
    from alembic import command

    revisions = read_revisions(database.migrations)
    changes: list[tuple[Any, ...]] = []

    def keep_changes(_context: object, _revision: object, directives: list[Any]) -> None:
        if not directives[0].upgrade_ops.is_empty():
            changes.extend(_flattened(directives[0].upgrade_ops.as_diffs()))
        elif not empty:
            directives.clear()

    message = message.replace("\\", "/").replace('"', "'")
    with _connected(database, settings) as (config, connection), _explained(database):
        pending = pending_revisions(revisions, _applied(connection))
        if pending:
            raise UserError(
                f"{_count(len(pending))} not been applied to this database, beginning with {pending[0]}",
                remedy="run: gearbox-lite migrate upgrade",
                code=FAILURE,
            )
        written = command.revision(
            config,
            message=message,
            autogenerate=not empty,
            rev_id=next_id(revisions),
            process_revision_directives=keep_changes,
        )
        connection.rollback()
    if written is None or isinstance(written, list):
        return None
    path = Path(written.path)
    _format(path)
    required = [
        f"{change[2]}.{change[3].name}"
        for change in changes
        if change[0] == "add_column" and not change[3].nullable and change[3].server_default is None
    ]
    return NewMigration(path, [_describe(change) for change in changes], required)


def differences(engine: Engine, metadata: MetaData) -> list[str]:
    """Return how the models differ from the database, one sentence each."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from gearbox_lite.database.environment import include_object

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include_object})
        return [_describe(item) for item in _flattened(compare_metadata(context, metadata))]


def _run(
    database: Database, settings: Mapping[str, str], work: Callable[[Config], object], report: Report
) -> list[Revision]:
    revisions = {revision.id: revision for revision in read_revisions(database.migrations)}
    done: list[Revision] = []

    def on_version_apply(step: Any, **_: object) -> None:
        for name in step.up_revision_ids:
            done.append(revisions[name])
            report(revisions[name])

    with _connected(database, settings) as (config, connection), _explained(database):
        pending_revisions(revisions.values(), _applied(connection))  # raises for an unknown one
        config.attributes["on_version_apply"] = on_version_apply
        work(config)
        _check_foreign_keys(connection)
        connection.commit()
    return done


@contextmanager
def _connected(database: Database, settings: Mapping[str, str]) -> Iterator[tuple[Config, Connection]]:
    """Yield alembic's configuration and a connection whose transaction holds the lock; roll back what is left."""
    engine = database.make_engine(settings)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                # Not through SQLAlchemy, which would begin a transaction, in which this has no effect. A table that
                # alembic copies is dropped, which would delete the rows that refer to it.
                cursor = connection.connection.cursor()
                cursor.execute("PRAGMA foreign_keys = OFF")
                if "timeout" not in make_url(settings[NAME]).query:
                    cursor.execute(f"PRAGMA busy_timeout = {SQLITE_WAIT}")
                cursor.close()
            connection.begin()
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            config = _config(database, io.StringIO())
            config.attributes.update(connection=connection, on_version_apply=())
            yield config, connection
    finally:
        engine.dispose()


@contextmanager
def _explained(database: Database) -> Iterator[None]:
    """Turn alembic's own errors into UserError, such as the one for an unknown revision."""
    from alembic.util import CommandError

    try:
        yield
    except CommandError as error:
        raise UserError(
            str(error),
            at=Location(database.migrations),
            remedy="gearbox-lite migrate status lists the migrations",
            code=FAILURE,
        ) from error


def _config(database: Database, output: io.StringIO) -> Config:
    from alembic.config import Config

    config = Config(output_buffer=output, stdout=output, cmd_opts=Namespace(quiet=True))
    for name, value in {"script_location": str(database.migrations), "file_template": "%(rev)s_%(slug)s"}.items():
        config.set_main_option(name, value.replace("%", "%%"))
    return config


def _applied(connection: Connection) -> tuple[str, ...]:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_heads()


def _format(path: Path) -> None:
    """Format a file with ruff if it is installed; ruff's rules accept the file anyway."""
    own = Path(sys.executable).with_name("ruff")
    ruff = str(own) if own.exists() else shutil.which("ruff")
    if ruff is not None:
        subprocess.run([ruff, "format", "--quiet", path], cwd=path.parent, check=False)  # noqa: S603 (a program of the user's)


def _check_foreign_keys(connection: Connection) -> None:
    """Raise UserError if a migration has left rows that refer to missing ones, which SQLite does not check by then."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise UserError(
            f"after this migration, rows of table {broken[0]} refer to rows of table {broken[2]} that do not exist; "
            "nothing was changed",
            remedy="delete or correct these rows in the migration",
            code=FAILURE,
        )


def _flattened(changes: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield alembic's descriptions of changes; those of one column are in a list of their own."""
    for item in changes:
        yield from item if isinstance(item, list) else [item]


def _describe(change: tuple[Any, ...]) -> str:
    """Return a change in words.

    https://alembic.sqlalchemy.org/en/latest/api/autogenerate.html#getting-diffs
    """
    action, _, kind = change[0].partition("_")
    verb = {"add": "new", "remove": "removed", "modify": "changed"}.get(action, action)
    if kind == "column":
        return f"{verb} column {change[2]}.{change[3].name}"
    if action == "modify":
        return f"changed {kind} of column {change[2]}.{change[3]}: {change[5]!r} to {change[6]!r}"
    name = getattr(change[1], "name", None) or "without a name"
    table = getattr(getattr(change[1], "table", None), "name", None)
    words = {"fk": "foreign key"}.get(kind, kind.replace("_", " "))
    return f"{verb} {words} {name}" + (f" of table {table}" if table else "")


def _count(number: int) -> str:
    return "1 migration has" if number == 1 else f"{number} migrations have"
