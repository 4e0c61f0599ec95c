"""The setting ``sqlalchemy.url``, checked before anything connects."""

from __future__ import annotations

import os
from collections.abc import Mapping

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from gearbox_lite.errors import SettingError

NAME = "sqlalchemy.url"
EXAMPLES = "write, for example, sqlite:///%(here)s/data/hello.db or postgresql://USER@HOST/DATABASE"
POSTGRESQL = "postgresql+psycopg"
PACKAGES = {"psycopg": "gearbox-lite[postgresql]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
"""What to install for a driver; others have packages of their own name."""
CONNECT_TIMEOUT = 2
"""Seconds to wait for PostgreSQL, unless the URL has a ``connect_timeout``; libpq itself would wait for minutes."""
LOCK_TIMEOUT = 15
"""Seconds to wait for another transaction of SQLite, unless the URL has a ``timeout``."""


def database_url(settings: Mapping[str, str]) -> URL:
    """Return the database's address from an [app:...] section, ready for ``create_engine``.

    postgresql:// and postgres:// mean psycopg 3, with every version of SQLAlchemy. A missing folder of an SQLite file
    is created, for this user only. Raises SettingError if the setting is missing or cannot be used.
    """
    text = settings.get(NAME, "").strip()
    if not text:
        raise SettingError(NAME, f"{'there is no URL' if NAME in settings else 'is missing'}; {EXAMPLES}")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise SettingError(NAME, f"this is not the URL of a database; {EXAMPLES}") from error
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername=POSTGRESQL)
    _check_driver(url)
    if url.get_backend_name() == "sqlite":
        _prepare_file(url)
        return url.update_query_dict({"timeout": str(LOCK_TIMEOUT)} if "timeout" not in url.query else {})
    if url.drivername == POSTGRESQL and "connect_timeout" not in url.query:
        return url.update_query_dict({"connect_timeout": str(CONNECT_TIMEOUT)})
    return url


def _check_driver(url: URL) -> None:
    try:
        url.get_dialect().import_dbapi()
    except NoSuchModuleError as error:
        raise SettingError(NAME, f"SQLAlchemy knows no database {url.drivername!r}; {EXAMPLES}") from error
    except ImportError as error:
        driver = error.name or url.get_driver_name()
        package = PACKAGES.get(driver, driver)
        raise SettingError(NAME, f"its driver {driver} is not installed; pip install '{package}'") from error


def _prepare_file(url: URL) -> None:
    name = url.database
    if not name or name == ":memory:":
        problem = "each thread would get a database of its own in memory, which is empty"
        raise SettingError(NAME, f"{problem}; name a file: sqlite:///%(here)s/data/hello.db")
    if name.startswith("file:"):
        return  # a URI, which SQLite itself resolves
    folder = os.path.dirname(os.path.abspath(name))
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise SettingError(
            NAME, f"the folder {folder} cannot be created: {error.strerror}; name another file, or create it"
        ) from error
