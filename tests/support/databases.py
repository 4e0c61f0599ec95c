"""Projects with a database, on SQLite and on PostgreSQL, for the tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from support.helpers import new_project, set_option
from support.services import Service

KINDS = ("sqlite", "postgresql")
_numbers = itertools.count()


def database_project(folder: Path, kind: str, get_service: Callable[[str], Service], *options: str) -> Path:
    """Return a project with a new database; no migration has run."""
    project = new_project(folder, "hello", "--database", *options)
    if kind == "postgresql":
        use_postgresql(project, get_service("postgresql"))
    return project


def use_postgresql(project: Path, service: Service, ini: str = "development.ini") -> None:
    """Create a database, and write its URL into an ini; the name contains "test", as test.ini needs it."""
    import psycopg

    name = f"hello_test_{next(_numbers)}"
    with psycopg.connect(
        f"host=127.0.0.1 port={service.port} user=test dbname=postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    set_option(project / ini, "sqlalchemy.url", f"postgres://test@127.0.0.1:{service.port}/{name}")


PAGES = '''"""Pages for tests of transactions."""

import sys

from sqlalchemy import func, select, text
from tg import config, expose, session

from hello.lib.base import BaseController
from hello.lib.database import db
from hello.model.entry import Entry


class Pages(BaseController):
    """Writes, reads, and fails in several ways."""

    @expose("json")
    def imported(self):
        return {"alembic": "alembic" in sys.modules, "SQLAlchemy": "sqlalchemy" in sys.modules}

    @expose("json", allowed_methods=["POST"])
    def count(self):
        """Read a number and write the next one."""
        entry = db.scalar(select(Entry).where(Entry.name == "counter").with_for_update())
        entry.text = str(int(entry.text) + 1)
        return {"count": entry.text}

    @expose("json", allowed_methods=["POST"])
    def pair(self, name):
        """Write two rows, in two statements."""
        for half in ("left", "right"):
            db.add(Entry(name=name, text=half))
            db.flush()
        return {}

    @expose("json")
    def pairs(self):
        halves = db.execute(select(Entry.name, func.count()).group_by(Entry.name)).all()
        return {"names": len(halves), "broken": [name for name, number in halves if number % 2]}

    @expose("json")
    def wait(self, seconds):
        """Run a query of PostgreSQL that takes long."""
        db.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": float(seconds)})
        return {}

    @expose("json", allowed_methods=["POST"])
    def refused_at_commit(self):
        """Break a rule that the database checks at the COMMIT."""
        db.execute(text("CREATE TABLE part (entry INTEGER REFERENCES entry (id) DEFERRABLE INITIALLY DEFERRED)"))
        db.execute(text("INSERT INTO part VALUES (99)"))
        session["stored"] = "yes"
        session.save()
        return {}

    @expose("json", allowed_methods=["POST"])
    def store_fails(self):
        """Write a row and a session whose store then fails."""
        db.add(Entry(name="both", text="committed"))
        session["stored"] = "yes"
        session.save()
        open(config["broken_store"], "w").close()
        return {}
'''


def add_pages(project: Path) -> None:
    """Mount ``PAGES`` at /pages of a project, and apply its migrations."""
    from support.warm import run

    (project / "hello" / "controllers" / "pages.py").write_text(PAGES)
    root = project / "hello" / "controllers" / "root.py"
    text = root.read_text().replace("\n\n\nclass ", "\nfrom hello.controllers.pages import Pages\n\n\nclass ", 1)
    text = text.replace("    @expose", "    pages = Pages()\n\n    @expose", 1)
    root.write_text(text)
    result = run("migrate", "upgrade", cwd=project)
    assert result.returncode == 0, result.stderr
