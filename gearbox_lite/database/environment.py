"""What ``migrations/env.py`` of a project runs: it configures alembic for the command that is running."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import MetaData
from sqlalchemy.types import TypeDecorator

SESSIONS = "beaker_cache"
"""The table of sessions, which may be in the same database; its store creates it, no migration."""


def run_migrations(metadata: MetaData, **options: Any) -> None:
    """Run or write migrations for the tables of ``metadata``.

    ``options`` are those of alembic's ``context.configure``; they take precedence. ``gearbox_lite.database.migrate``
    passes the connection, whose transaction it ends itself.
    """
    attributes = context.config.attributes
    defaults: dict[str, Any] = {
        "target_metadata": metadata,
        "include_object": include_object,
        "render_item": _render,
        # SQLite can hardly alter a table, so alembic copies it; with other databases these operations are plain ones.
        "render_as_batch": True,
        "transactional_ddl": True,
    }
    if context.is_offline_mode():
        defaults |= {
            "dialect_name": attributes["dialect"],
            "literal_binds": True,
            "dialect_opts": {"paramstyle": "named"},
        }
    else:
        defaults |= {"connection": attributes["connection"], "on_version_apply": attributes["on_version_apply"]}
    context.configure(**{**defaults, **options})
    with context.begin_transaction():
        context.run_migrations()


def include_object(_object: object, name: str | None, kind: str, reflected: bool, compared: object) -> bool:  # noqa: FBT001 (alembic's)
    """Leave out the table of sessions, which alembic would drop because no model describes it."""
    return not (kind == "table" and name == SESSIONS and reflected and compared is None)


def _render(kind: str, item: object, _context: object) -> str | bool:
    """Write a project's own column type as the type of SQLAlchemy that stores it.

    Alembic would write its name without an import, and a migration should not change with the project's code.
    """
    if kind == "type" and isinstance(item, TypeDecorator) and not type(item).__module__.startswith("sqlalchemy."):
        stored = item.impl_instance
        if type(stored).__module__.startswith("sqlalchemy.sql."):
            return f"sa.{stored!r}"
    return False
