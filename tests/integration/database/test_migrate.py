"""``gearbox-lite migrate``: writes, applies and undoes migrations, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.databases import KINDS, database_project
from support.helpers import PROGRAM, TEST_TIMEOUT, line_of, new_project, set_option
from support.helpers import run as run_program
from support.warm import Process, run

from gearbox_lite.database.migrate import upgrade_database
from gearbox_lite.database.testing import recreate_tables
from gearbox_lite.errors import UserError

MODEL = '''"""A mood."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hello.model.base import Base, UTCDateTime


class Mood(Base):
    """A mood."""

    __tablename__ = "mood"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    since = mapped_column(UTCDateTime, index=True)
'''


@pytest.fixture(params=KINDS)
def site(request, tmp_path, shared_services):
    """A project with a database of each kind, and a second model, which no migration creates yet."""
    project = database_project(tmp_path, request.param, shared_services)
    (project / "hello" / "model" / "mood.py").write_text(MODEL)
    return project


def migrate(project, *arguments, code=0):
    result = run("migrate", *arguments, cwd=project)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout if code == 0 else result.stderr


def tables(project):
    names = "from sqlalchemy import inspect; print(sorted(inspect(db.get_bind()).get_table_names()))"
    result = run("shell", "-c", names, cwd=project)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_a_model_becomes_a_migration_that_is_applied_and_undone(site):
    assert "run: gearbox-lite migrate upgrade" in migrate(site, "new", "add moods", code=1)
    assert migrate(site, "upgrade") == "Upgrading: 0001 create the guest book\nThe database is up to date.\n"
    assert "new table mood" in run("check", cwd=site).stderr
    printed = migrate(site, "development.ini", "new", "add moods")
    assert printed.startswith(
        "hello/migrations/versions/0002_add_moods.py\n  new table mood\n  new index ix_mood_since of table mood\n"
    )
    for words in (["check"], ["format", "--check"]):
        subprocess.run([sys.executable, "-m", "ruff", *words, "--no-cache", "-q", "."], cwd=site, check=True)
    assert migrate(site, "status") == "applied  0001 create the guest book\npending  0002 add moods\n"
    assert "CREATE TABLE mood" in migrate(site, "sql", "0001:head")
    assert "Upgrading: 0002 add moods" in migrate(site, "upgrade")
    assert tables(site) == "['alembic_version', 'entry', 'mood']"
    assert "the models agree with the database" in migrate(site, "new", "nothing")
    assert migrate(site, "downgrade", "-1") == "Undoing: 0002 add moods\n"
    assert tables(site) == "['alembic_version', 'entry']"


def test_a_migration_names_the_type_that_the_database_stores_and_not_one_of_the_projects_code(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    migrate(project, "upgrade")
    (project / "hello" / "model" / "mood.py").write_text(MODEL)
    migrate(project, "new", "add moods")
    written = (project / "hello" / "migrations" / "versions" / "0002_add_moods.py").read_text()
    assert "UTCDateTime" not in written
    assert 'sa.Column("since", sa.DateTime(' in written
    migrate(project, "upgrade")


def test_a_password_with_a_percent_sign_reaches_the_database(tmp_path, shared_services):
    project = database_project(tmp_path, "postgresql", shared_services)
    ini = project / "development.ini"
    ini.write_text(ini.read_text().replace("postgres://test@", "postgres://test:50%%25@"))
    migrate(project, "upgrade")
    assert tables(project) == "['alembic_version', 'entry']"


def test_a_renamed_and_a_required_column_keep_the_rows_if_the_migration_is_edited_as_it_says(tmp_path, shared_services):
    for kind in KINDS:
        site = database_project(tmp_path / kind, kind, shared_services)
        migrate(site, "upgrade")
        code = "db.add(Entry(name='Ada', text='Hello')); db.commit()"
        assert run("shell", "-c", code, cwd=site).returncode == 0
        model = site / "hello" / "model" / "entry.py"
        mood = "    mood: Mapped[str] = mapped_column(String(20))\n"
        model.write_text(model.read_text().replace("    text:", f"{mood}    words:"))
        printed = migrate(site, "new", "change entries")
        assert 'replace both lines by batch_op.alter_column("OLD", new_column_name="NEW")' in printed
        assert "Rows that exist have no value for entry.mood, entry.words, which must have one." in printed
        path = site / "hello" / "migrations" / "versions" / "0002_change_entries.py"
        upgrade, downgrade = path.read_text().split("def downgrade")
        upgrade = re.sub(r".*words.*\n", "", upgrade).replace(
            'drop_column("text")', 'alter_column("text", new_column_name="words")'
        )
        path.write_text(
            upgrade.replace("nullable=False", 'nullable=False, server_default="calm"') + "def downgrade" + downgrade
        )
        migrate(site, "upgrade")
        code = "entry = db.get(Entry, 1); print(entry.words, entry.mood)"
        assert run("shell", "-c", code, cwd=site).stdout == "Hello calm\n"
        assert run("check", "--strict", cwd=site).stderr == ""


def test_a_migration_that_fails_leaves_nothing_and_the_next_run_starts_cleanly(site):
    migrate(site, "upgrade")
    migrate(site, "new", "add moods")
    path = site / "hello" / "migrations" / "versions" / "0002_add_moods.py"
    good = path.read_text()
    path.write_text(good.replace("def downgrade", "    op.execute('SELECT nothing FROM nowhere')\n\n\ndef downgrade"))
    error = migrate(site, "upgrade", code=1)
    assert "the upgrade failed, and nothing was changed" in error
    assert "0002_add_moods.py line" in error
    assert tables(site) == "['alembic_version', 'entry']"
    path.write_text(good)
    assert "Upgrading: 0002 add moods" in migrate(site, "upgrade")
    assert tables(site) == "['alembic_version', 'entry', 'mood']"


def test_several_upgrades_at_the_same_time_all_succeed(site):
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: run("migrate", "upgrade", cwd=site), range(4)))
    printed = [result.stdout + result.stderr for result in results]
    assert [result.returncode for result in results] == [0] * 4, printed
    assert sum("Upgrading: 0001" in text for text in printed) == 1
    assert tables(site) == "['alembic_version', 'entry']"


def test_the_table_of_sessions_stays_in_a_database_that_they_share(tmp_path):
    project = new_project(tmp_path, "hello", "--database", "--session", "database")
    set_option(project / "development.ini", "session.url", "sqlite:///%(here)s/data/hello.db")
    migrate(project, "upgrade")
    assert run("check", cwd=project).returncode == 0  # creates the table
    assert "beaker_cache" in tables(project)
    assert "the models agree with the database" in migrate(project, "new", "nothing")


def test_a_copied_table_keeps_the_rows_that_refer_to_it(tmp_path):
    """SQLite cannot alter most columns, so alembic copies the table and drops the old one."""
    project = new_project(tmp_path, "hello", "--database")
    migrate(project, "upgrade")
    versions = project / "hello" / "migrations" / "versions"
    (versions / "0002_b.py").write_text(
        'from alembic import op\nrevision = "0002"\ndown_revision = "0001"\n'
        "def upgrade():\n"
        '    op.execute("CREATE TABLE part (id INTEGER PRIMARY KEY, entry INTEGER NOT NULL'
        ' REFERENCES entry (id) ON DELETE CASCADE)")\n'
        "    op.execute(\"INSERT INTO entry VALUES (1, 'Ada', 'Hello', '2026-01-01')\")\n"
        '    op.execute("INSERT INTO part VALUES (1, 1)")\n'
        "def downgrade(): pass\n"
    )
    (versions / "0003_c.py").write_text(
        'from alembic import op\nimport sqlalchemy as sa\nrevision = "0003"\ndown_revision = "0002"\n'
        "def upgrade():\n"
        '    with op.batch_alter_table("entry") as batch:\n'
        '        batch.alter_column("name", type_=sa.String(80))\n'
        "def downgrade(): pass\n"
    )
    migrate(project, "upgrade")
    code = "from sqlalchemy import text; print(db.scalar(text('SELECT count(*) FROM part')))"
    assert run("shell", "-c", code, cwd=project).stdout == "1\n"
    # A migration that leaves rows without the ones that they refer to is refused.
    (versions / "0004_d.py").write_text(
        'from alembic import op\nrevision = "0004"\ndown_revision = "0003"\n'
        'def upgrade(): op.execute("DELETE FROM entry")\ndef downgrade(): pass\n'
    )
    assert "rows of table part refer to rows of table entry" in migrate(project, "upgrade", code=1)
    assert run("shell", "-c", code, cwd=project).stdout == "1\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("0001_b.py", 'revision = "0001"\ndown_revision = None\n', 'both have revision = "0001"'),
        ("0002_b.py", 'revision = "0002"\ndown_revision = None\n', "are both the last one"),
        ("0002_b.py", 'revision = "0002"\ndown_revision = "x"\n', 'no migration has revision = "x"'),
        ("0002_b.py", 'revision = "0002"\ndown_revision = ("0001", "0002")\n', "follow each other in a circle"),
    ],
)
def test_migrations_that_do_not_fit_together_are_one_line_with_the_file(tmp_path, name, content, message):
    project = new_project(tmp_path, "hello", "--database")
    (project / "hello" / "migrations" / "versions" / name).write_text(content)
    for command in ("status", "upgrade"):
        error = migrate(project, command, code=1)
        assert message in error
        assert "hello/migrations/versions/000" in error
        assert error.count("\n") == 1


def test_a_database_that_is_ahead_of_the_files_is_refused(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    migrate(project, "upgrade")
    next((project / "hello" / "migrations" / "versions").glob("0001*")).rename(project / "moved")
    for command in ("status", "upgrade"):
        assert "the database is at revision 0001, which no file in migrations/versions has" in migrate(
            project, command, code=1
        )
    assert "revision 0001" in run("check", cwd=project).stderr


def test_migrations_are_applied_and_undone_up_to_a_revision(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    migrate(project, "upgrade")
    assert migrate(project, "new", "fill in", "--empty").startswith("hello/migrations/versions/0002_fill_in.py\n")
    versions = project / "hello" / "migrations" / "versions"
    filled = (versions / "0002_fill_in.py").read_text()
    (versions / "0003_next.py").write_text(filled.replace('"0002"', '"0003"').replace('"0001"', '"0002"'))
    assert migrate(project, "upgrade", "0002").startswith("Upgrading: 0002 fill in\n")
    assert migrate(project, "status").splitlines()[1:] == ["applied  0002 fill in", "pending  0003 fill in"]
    assert migrate(project, "upgrade").startswith("Upgrading: 0003 fill in\n")
    assert migrate(project, "downgrade", "0001") == "Undoing: 0003 fill in\nUndoing: 0002 fill in\n"
    assert "gearbox-lite migrate status lists the migrations" in migrate(project, "upgrade", "0009", code=1)


DELETES = """from alembic import op
revision = "0002"
down_revision = "0001"
def upgrade(): op.execute("DELETE FROM entry")
def downgrade(): pass
"""


@pytest.mark.parametrize(
    ("words", "answer", "is_done"),
    [
        ("upgrade", "n", False),
        ("downgrade base", "n", False),
        ("downgrade base", "y", True),
        ("upgrade --yes", "", True),
    ],
)
def test_a_terminal_is_asked_before_data_is_deleted(tmp_path, words, answer, is_done):
    project = new_project(tmp_path, "hello", "--database")
    migrate(project, "upgrade")
    if words.startswith("upgrade"):
        (project / "hello" / "migrations" / "versions" / "0002_empty_the_book.py").write_text(DELETES)
    before = migrate(project, "status")
    controller, terminal = pty.openpty()
    output = tmp_path / "output"
    with os.fdopen(controller, "wb", buffering=0) as typed, output.open("w") as written:
        streams = [terminal, written.fileno(), written.fileno()]
        process = Process([PROGRAM, "migrate", *words.split()], streams, project, dict(os.environ))
        os.close(terminal)
        typed.write(f"{answer}\n".encode())
        process.wait(TEST_TIMEOUT)
    assert ("Data may be deleted by: 000" in output.read_text()) == bool(answer)
    assert process.returncode == (0 if is_done else 130)  # as for Ctrl-C
    assert (migrate(project, "status") != before) == is_done


def test_a_locked_file_is_one_line_after_the_timeout_of_the_url(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    url = "sqlite:///%(here)s/data/hello.db?timeout=0.1"
    set_option(project / "development.ini", "sqlalchemy.url", url)
    number = line_of(project / "development.ini", "sqlalchemy.url")
    assert migrate(project, "status") == "pending  0001 create the guest book\n"  # creates the file
    with contextlib.closing(sqlite3.connect(project / "data" / "hello.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = migrate(project, "upgrade", code=1)
    message = "the upgrade failed, and nothing was changed: database is locked"
    assert error == f"Error: development.ini:{number}: {message}\n"


URLS = {
    "": "there is no URL",
    "nothing": "this is not the URL of a database",
    "postgresql://u:geheim@h:port/d": "this is not the URL of a database",
    "oracle+foo://u:geheim@h/d": "SQLAlchemy knows no database 'oracle+foo'",
    "mysql://u:geheim@h/d": "its driver MySQLdb is not installed; pip install 'mysqlclient'",
    "postgres://u:geheim@127.0.0.1:1/d": "connection failed",
    "postgresql://u:ge%heim@127.0.0.1:1/d": "write %% for a percent sign",
    "postgresql://u:ge%%40heim@127.0.0.1:1/d": "connection failed",
    "sqlite://": "name a file",
    "sqlite:////proc/x/y.db": "the folder /proc/x cannot be created",
    "sqlite:////etc": "unable to open database file",
}


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_cannot_be_used_is_one_line_with_the_line_of_the_ini(tmp_path, url):
    project = new_project(tmp_path, "hello", "--database")
    set_option(project / "development.ini", "sqlalchemy.url", url)
    number = line_of(project / "development.ini", "sqlalchemy.url")
    for command in (["migrate", "status"], ["migrate", "upgrade"], ["check"]):
        result = run(*command, cwd=project)
        assert result.returncode in (1, 2)
        assert re.match(rf"Error: development\.ini:{number}: .*{re.escape(URLS[url])}", result.stderr), result.stderr
        assert result.stderr.count("\n") == 1
        assert "heim" not in result.stderr


def test_a_range_without_an_end_and_a_package_without_migrations_are_one_line(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    for wanted in (":", ":head", "0001:"):
        assert f"the range '{wanted}' lacks one end; write FROM:TO" in migrate(project, "sql", wanted, code=2)
    for function in (upgrade_database, recreate_tables):
        with pytest.raises(UserError, match=r"tg has no migrations/env\.py"):
            function("tg", {})


def test_a_missing_driver_names_the_extra(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    set_option(project / "development.ini", "sqlalchemy.url", "postgresql://h/d")
    (project / "psycopg.py").write_text("raise ModuleNotFoundError('no psycopg', name='psycopg')\n")
    result = run_program("check", cwd=project)
    assert "its driver psycopg is not installed; pip install 'gearbox-lite[postgresql]'" in result.stderr


def test_migrate_in_a_project_without_a_database_says_so(project):
    error = migrate(project, "status", code=2)
    assert error == (
        "Error: development.ini: its project has no database: there is no migrations/env.py in its package; "
        "quickstart --database writes a project with one\n"
    )
