"""What ``check`` reports about a project's database, and what ``serve`` warns about."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from gearbox_lite.database.project import Database, applied_ids, database_of, loaded_module, location_of_url
from gearbox_lite.database.revisions import pending_revisions, read_revisions
from gearbox_lite.errors import UserError, short_path
from gearbox_lite.findings import Finding
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.masking import masked

if TYPE_CHECKING:
    from sqlalchemy import Engine


def find_problems(settings: AppSettings, *, compare: bool = False) -> list[Finding]:
    """Return what is wrong with the database of the loaded application; nothing for one without a database.

    It is reached once. ``compare`` also compares the models with it, for which alembic must be installed.
    """
    database = database_of(settings)
    module = loaded_module(database) if database is not None else None
    if database is None or module is None or not hasattr(module, "db"):
        return []
    from sqlalchemy.exc import DBAPIError

    engine = module.db.get_bind()
    module.db.remove()
    at = location_of_url(settings)
    try:
        problem = _pending(database, settings, engine)
        if problem is not None:
            return [Finding("migration-pending", "error", at, problem)]
        problem = _differences(database, settings, engine) if compare else None
        return [] if problem is None else [Finding("models-differ", "error", at, problem)]
    except DBAPIError as error:
        reason = masked(" ".join(str(error.orig).split()))
        return [Finding("database-unreachable", "error", at, f"the database cannot be used: {reason}")]
    except UserError as error:
        return [Finding("migrations-broken", "error", error.at, error.text)]


def _pending(database: Database, settings: AppSettings, engine: Engine) -> str | None:
    pending = pending_revisions(read_revisions(database.migrations), applied_ids(engine))
    if not pending:
        return None
    more = f" and {len(pending) - 1} more" if len(pending) > 1 else ""
    command = f"gearbox-lite migrate {short_path(settings.ini)} upgrade"
    return f"the database lacks the migration {pending[0]}{more}; run: {command}"


def _differences(database: Database, settings: AppSettings, engine: Engine) -> str | None:
    from gearbox_lite.database.migrate import differences

    found = differences(engine, import_module(f"{database.package}.model.base").Base.metadata)
    if not found:
        return None
    command = f'gearbox-lite migrate {short_path(settings.ini)} new "what has changed"'
    return f"the models differ from the database: {', '.join(found)}; write a migration: {command}"
