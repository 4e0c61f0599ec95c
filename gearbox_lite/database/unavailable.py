"""Whether an error means that the database is not available, rather than that the SQL is wrong."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gearbox_lite.errors import FAILURE, UserError
from gearbox_lite.masking import masked

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

    from gearbox_lite.ini.settings import AppSettings

SQLITE_MESSAGES = ("locked", "unable to open", "disk I/O error", "disk is full", "readonly database")
"""In SQLite's messages; its other operational errors are mistakes in the SQL."""


def is_unavailable(error: DBAPIError) -> bool:
    """Return whether the database could not be reached or written, or was locked for too long."""
    from sqlalchemy.exc import OperationalError

    if isinstance(error.orig, sqlite3.Error):
        return any(words in str(error.orig) for words in SQLITE_MESSAGES)
    return error.connection_invalidated or isinstance(error, OperationalError)


def reason_of(error: DBAPIError) -> str:
    """Return what the database or its driver says, in one line and without secrets."""
    return masked(" ".join(str(error.orig).split()))


@contextmanager
def explaining_outage(settings: AppSettings, what: str) -> Iterator[None]:
    """Raise UserError with the line of ``sqlalchemy.url`` if the database is not available; ``what`` says what failed.

    Does not import SQLAlchemy for a project without a database.
    """
    try:
        yield
    except Exception as error:
        kind = getattr(sys.modules.get("sqlalchemy.exc"), "DBAPIError", ())
        if not isinstance(error, kind) or not is_unavailable(error):
            raise
        from gearbox_lite.database.project import location_of_url

        raise UserError(f"{what}: {reason_of(error)}", at=location_of_url(settings), code=FAILURE) from error
