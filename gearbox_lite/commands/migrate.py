"""``gearbox-lite migrate``: status, upgrade, downgrade, new, sql."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click

from gearbox_lite.commands.support.ini_parameters import ini_options, read_ini, share_options
from gearbox_lite.database.project import Database, app_options, applied_ids, location_of_url, required_database
from gearbox_lite.database.revisions import Revision, pending_revisions, read_revisions
from gearbox_lite.errors import FAILURE, UserError, short_path
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.output import show

EXTRA = "gearbox-lite[migrate]"


class MigrateGroup(click.Group):
    """A group that accepts the ini, and variables, before the subcommand: ``migrate production.ini upgrade``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move the arguments before the subcommand to the context."""
        first = next((number for number, word in enumerate(args) if word in self.commands), None)
        before, after = ([], args) if first is None else (args[:first], args[first:])
        words, options = [], []
        waiting = iter(before)
        for word in waiting:
            if word.startswith("-"):
                options.append(word)
                if word in ("-c", "--config", "-n", "--app-name"):
                    options += [value for value in [next(waiting, None)] if value is not None]
            else:
                words.append(word)
        ctx.meta["arguments"] = tuple(words)
        return super().parse_args(ctx, [*options, *after])


@dataclass(frozen=True)
class _Project:
    settings: AppSettings
    database: Database

    @property
    def options(self) -> dict[str, str]:
        return app_options(self.settings)


@click.group(name="migrate", cls=MigrateGroup, subcommand_metavar="[INI] COMMAND [ARGS]...")
@ini_options("-c", "--config")
@click.pass_context
def command(context: click.Context, /, **_: object) -> None:
    """Change the tables of a project's database.

    Migrations are the steps of such changes. INI defaults to development.ini; its sqlalchemy.url names the database.
    NAME=VALUE before COMMAND sets a variable that the ini uses as %(NAME)s.
    """
    share_options(context)


@command.command(name="status")
@ini_options("-c", "--config")
@click.pass_context
def status(context: click.Context, /, *, ini: str | None, app_name: str) -> None:
    """List the migrations, and which of them are applied."""
    project = _read_project(context, ini, app_name)
    revisions = read_revisions(project.database.migrations)
    pending = _pending(project, revisions)
    for revision in revisions:
        show(f"{'pending' if revision in pending else 'applied'}  {revision}")
    if not revisions:
        show("There are no migrations yet.")


@command.command(name="upgrade")
@click.argument("revision", default="head")
@click.option("--yes", is_flag=True, help="Do not ask before a migration that deletes data.")
@ini_options("-c", "--config")
@click.pass_context
def upgrade(context: click.Context, /, *, revision: str, yes: bool, ini: str | None, app_name: str) -> None:
    """Apply the pending migrations, up to REVISION (default: all).

    They run in one transaction: if one fails, none is applied.
    """
    project = _read_project(context, ini, app_name)
    _confirm(project, "upgrade", revision, yes=yes)
    from gearbox_lite.database.migrate import upgrade_to

    with _explaining(project, "the upgrade failed, and nothing was changed"):
        done = upgrade_to(project.database, project.options, revision, lambda step: show(f"Upgrading: {step}"))
    show("The database is up to date." if done else "Nothing to do: the database is up to date.")


@command.command(name="downgrade", context_settings={"ignore_unknown_options": True})  # -1 is no option
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask before a migration that deletes data.")
@ini_options("-c", "--config")
@click.pass_context
def downgrade(context: click.Context, /, *, revision: str, yes: bool, ini: str | None, app_name: str) -> None:
    """Undo the migrations after REVISION.

    REVISION is the id of the last migration to keep; -1 undoes one, base undoes all.
    """
    project = _read_project(context, ini, app_name)
    _confirm(project, "downgrade", revision, yes=yes)
    from gearbox_lite.database.migrate import downgrade_to

    with _explaining(project, "the downgrade failed, and nothing was changed"):
        done = downgrade_to(project.database, project.options, revision, lambda step: show(f"Undoing: {step}"))
    if not done:
        show("Nothing to do.")


@command.command(name="new")
@click.argument("message")
@click.option("--empty", is_flag=True, help="Write a migration without changes, to fill in by hand.")
@ini_options("-c", "--config")
@click.pass_context
def new(context: click.Context, /, *, message: str, empty: bool, ini: str | None, app_name: str) -> None:
    """Write the migration that changes the database as the models have changed.

    MESSAGE says in a few words what changes. The models are compared with the configured database. Read the file before
    you run it: a renamed table or column looks like one that is removed and one that is new, which loses its data.
    """
    project = _read_project(context, ini, app_name)
    if not message.strip():
        raise UserError("the message is empty", remedy='say what changes: migrate new "add the column entry.mood"')
    from gearbox_lite.database.migrate import write_migration

    with _explaining(project, "no migration was written"):
        written = write_migration(project.database, project.options, " ".join(message.split()), empty=empty)
    if written is None:
        show("Nothing to do: the models agree with the database. --empty writes a migration to fill in by hand.")
        return
    show(short_path(written.path), *(f"  {change}" for change in written.changes))
    if any(change.startswith("removed") for change in written.changes):
        show(
            "",
            "Data of what is removed is lost. If you have renamed it, replace both lines by "
            'batch_op.alter_column("OLD", new_column_name="NEW") or op.rename_table("OLD", "NEW").',
        )
    if written.required:
        show(
            "",
            f"Rows that exist have no value for {', '.join(written.required)}, which must have one. "
            'Write it into the migration: sa.Column(..., nullable=False, server_default="VALUE")',
        )
    show("", "Read it, then run: gearbox-lite migrate upgrade")


@command.command(name="sql")
@click.argument("revisions", metavar="[RANGE]", default="head")
@ini_options("-c", "--config")
@click.pass_context
def sql(context: click.Context, /, *, revisions: str, ini: str | None, app_name: str) -> None:
    """Print the SQL of migrations, without connecting to the database.

    RANGE is FROM:TO, for example 0001:head; by default it is all migrations, as for a new database.
    """
    project = _read_project(context, ini, app_name)
    from gearbox_lite.database.migrate import sql_of

    with _explaining(project, "these migrations cannot be printed"):
        dialect = project.database.make_engine(project.options).dialect.name
        printed = sql_of(project.database, dialect, revisions)
    show(*printed.rstrip().splitlines())


def _read_project(context: click.Context, ini: str | None, app_name: str) -> _Project:
    if find_spec("alembic") is None:
        raise UserError("migrate needs alembic", remedy=f"pip install '{EXTRA}'", code=FAILURE)
    settings = read_ini(context.meta["arguments"], ini, app_name)
    return _Project(settings, required_database(settings))


@contextmanager
def _explaining(project: _Project, what: str) -> Iterator[None]:
    """Turn any exception into one line: for a database that cannot be reached, or with the traceback of a migration."""
    from sqlalchemy.exc import DBAPIError

    from gearbox_lite.application import load
    from gearbox_lite.application.tracebacks import users_frames
    from gearbox_lite.database.unavailable import explaining_outage, reason_of

    with load.explaining(project.settings, what):
        try:
            with explaining_outage(project.settings, what):
                yield
        except DBAPIError as error:
            if any(Path(frame.filename).parent.name == "versions" for frame in users_frames(error)):
                raise  # the migration is at fault, so its line is shown
            raise UserError(
                f"{what}: {reason_of(error)}", at=location_of_url(project.settings), code=FAILURE
            ) from error


def _confirm(project: _Project, function: str, target: str, *, yes: bool) -> None:
    """Ask on a terminal before migrations that delete data."""
    if yes or not sys.stdin.isatty():
        return
    revisions = read_revisions(project.database.migrations)
    pending = _pending(project, revisions)
    if function == "upgrade":
        concerned = pending
    else:
        applied = [revision for revision in revisions if revision not in pending]
        kept = next((number for number, revision in enumerate(applied, 1) if revision.id == target), 0)
        concerned = applied[int(target) :] if re.fullmatch(r"-[1-9]\d*", target) else applied[kept:]
    deleting = [str(revision) for revision in concerned if revision.deletes_data(function)]
    if deleting:
        click.confirm(f"Data may be deleted by: {', '.join(deleting)}. Continue?", abort=True)


def _pending(project: _Project, revisions: list[Revision]) -> list[Revision]:
    with _explaining(project, "the database cannot be read"):
        engine = project.database.make_engine(project.options)
        try:
            return pending_revisions(revisions, applied_ids(engine))
        finally:
            engine.dispose()
