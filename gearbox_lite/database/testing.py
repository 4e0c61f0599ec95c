"""An empty database for a project's own tests."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import MetaData

from gearbox_lite.database.migrate import upgrade_database
from gearbox_lite.database.project import package_database
from gearbox_lite.database.url import NAME
from gearbox_lite.errors import SettingError


def recreate_tables(package: str, settings: Mapping[str, str]) -> None:
    """Delete all tables of the database that ``settings`` name, and create them with the migrations.

    Raises SettingError unless the database's name contains "test", so that no other one is emptied by mistake.
    """
    database = package_database(package)
    engine = database.make_engine(settings)
    if "test" not in (engine.url.database or "").rpartition("/")[2]:
        raise SettingError(NAME, 'names a database that tests would empty; use one whose name contains "test"')
    try:
        with engine.begin() as connection:
            tables = MetaData()
            tables.reflect(connection)
            tables.drop_all(connection)
    finally:
        engine.dispose()
    upgrade_database(package, settings)
