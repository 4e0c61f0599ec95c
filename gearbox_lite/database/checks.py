"""What ``check`` reports about a project's database, and what ``serve`` warns about."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from gearbox_lite.database.project import Database, applied_ids, database_of, loaded_module, location_of_url
from gearbox_lite.database.revisions import pending_revisions, read_revisions
from gearbox_lite.database.unavailable import reason_of
from gearbox_lite.errors import UserError, short_path
from gearbox_lite.findings import Finding
from gearbox_lite.ini.settings import AppSettings

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
    problem = _read_only(engine)
    if problem is not None:
        return [Finding("database-unreachable", "error", at, problem)]
    try:
        problem = _pending(database, settings, engine)
        if problem is not None:
            return [Finding("migration-pending", "error", at, problem)]
        problem = _differences(database, settings, engine) if compare else None
        return [] if problem is None else [Finding("models-differ", "error", at, problem)]
    except DBAPIError as error:
        return [Finding("database-unreachable", "error", at, f"the database cannot be used: {reason_of(error)}")]
    except UserError as error:
        return [Finding("migrations-broken", "error", error.at, error.text)]


def _read_only(engine: Engine) -> str | None:
    """Return what is wrong with the rights to an SQLite file, which can be read nevertheless; None for others."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name.startswith("file:"):
        return None
    for path in (name, os.path.dirname(os.path.abspath(name))):  # SQLite creates further files beside its own
        if os.path.exists(path) and not os.access(path, os.W_OK):
            return f"the database cannot be changed: this user may not write {short_path(path)}; run chmod or chown"
    return None


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
