"""Find a project's database: its engine, its models and its migrations, by the names that quickstart gives them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.ini.validation.factories import factory_module

if TYPE_CHECKING:
    from sqlalchemy import Engine

VERSION_TABLE = "alembic_version"
"""Where alembic stores which migration was applied last."""


@dataclass(frozen=True)
class Database:
    """The database of a project: its package, and the folder of its migrations."""

    package: str
    migrations: Path

    def make_engine(self, settings: Mapping[str, str]) -> Engine:
        """Return a new engine, as ``lib/database.py`` of the project makes it. Raises whatever that raises."""
        engine: Engine = import_module(f"{self.package}.lib.database").make_engine(settings)
        return engine


def find_database(package: str) -> Database | None:
    """Return the database of a package that can be imported; None if it has no migrations."""
    spec = find_spec(package) if package else None
    for folder in spec.submodule_search_locations or () if spec else ():
        migrations = Path(folder, "migrations")
        if (migrations / "env.py").is_file():
            return Database(package, migrations)
    return None


def package_database(package: str) -> Database:
    """Return the database of a package that can be imported. Raises UserError if it has no migrations."""
    found = find_database(package)
    if found is None:
        raise UserError(f"{package} has no migrations/env.py", remedy="quickstart --database writes a project with one")
    return found


def database_of(settings: AppSettings) -> Database | None:
    """Return the database of the project that an ini's application comes from; None if it has none."""
    package = (factory_module(settings.app.innermost.factory) or "").partition(".")[0]
    return find_database(package)


def app_options(settings: AppSettings) -> dict[str, str]:
    """Return the options that the application factory gets from its [app:...] section."""
    section = settings.app.innermost
    return {name: item.value for name, item in {**section.options, **section.globals}.items()}


def location_of_url(settings: AppSettings) -> Location:
    """Return the line of ``sqlalchemy.url``, for messages."""
    setting = settings.app.innermost.get("sqlalchemy.url")
    return setting.at if setting is not None else Location(settings.ini)


def required_database(settings: AppSettings) -> Database:
    """Return the database of a project. Raises UserError if it has none."""
    found = database_of(settings)
    if found is None:
        raise UserError(
            "its project has no database: there is no migrations/env.py in its package",
            at=Location(settings.ini),
            remedy="quickstart --database writes a project with one",
        )
    return found


def loaded_module(database: Database) -> ModuleType | None:
    """Return the project's lib/database.py if the application has imported it."""
    return sys.modules.get(f"{database.package}.lib.database")


def model_classes(database: Database) -> dict[str, type]:
    """Return the classes of a project's models by their names."""
    base = import_module(f"{database.package}.model.base").Base
    return {mapper.class_.__name__: mapper.class_ for mapper in base.registry.mappers}


def applied_ids(engine: Engine) -> list[str]:
    """Return the ids in the table alembic_version, none before the first migration.

    Raises SQLAlchemy's OperationalError if the database cannot be reached. No transaction is begun in SQLite, where it
    would lock the file.
    """
    try:
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 (a constant)
            rows: Iterable[Any] = cursor.fetchall()
            return sorted(str(row[0]) for row in rows)
        finally:
            connection.close()
    except _driver_error(engine) as error:
        if VERSION_TABLE in str(error):  # the table does not exist
            return []
        from sqlalchemy.exc import OperationalError

        raise OperationalError("SELECT", {}, error) from error


def _driver_error(engine: Engine) -> type[BaseException]:
    error: type[BaseException] = engine.dialect.loaded_dbapi.Error
    return error
