"""No message shows a secret, and none controls the terminal, whatever was mistyped."""

from __future__ import annotations

import os
import subprocess

import pytest
from support.helpers import PROGRAM, add_line, line_of, set_option
from support.warm import run

PASSPHRASE = "open-sesame"
ESCAPE = "\x1b]0;owned\x07\x9b31m\u202e"


def refused(project, *arguments, **environment):
    result = run("check", *arguments, cwd=project, **environment)
    assert result.returncode in (1, 2)
    assert PASSPHRASE not in result.stdout + result.stderr
    assert "sesame" not in result.stdout + result.stderr
    return result.stderr


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("filter:session", f"session.secert = {PASSPHRASE}"),
        ("filter:session", f"session.foo = {PASSPHRASE}"),
        ("server:main", f"session.validate_key = {PASSPHRASE}"),
        ("server:main", f"validat_key = {PASSPHRASE}"),
        ("serve", f"session.foo = {PASSPHRASE}"),
        ("pipeline:main", f"session.foo = {PASSPHRASE}"),
        ("filter:session", PASSPHRASE),
        ("filter:session", f"session.secret {PASSPHRASE}"),
        ("filter:session", f"session.foo = {PASSPHRASE} %x"),
        ("filter:session", f"session.sa.password = {PASSPHRASE} %x"),
    ],
)
def test_a_key_in_an_invalid_line_is_not_shown(project, section, line):
    number = add_line(project / "development.ini", section, line)
    assert f"development.ini:{number}: " in refused(project)


@pytest.mark.parametrize(
    ("store", "url"),
    [
        ("ext:redis", "redis://:{}@127.0.0.1:1/0"),
        ("ext:redis", "redis://127.0.0.1:1/0?password={}"),
        ("ext:redis", "redis://:x/{}@127.0.0.1:1/0"),
        ("ext:redis", "redis://:x#{}@127.0.0.1:1/0"),
        ("ext:redis", "redis://:x@{}@127.0.0.1:1/0"),
        ("ext:database", "postgresql://me:{}@127.0.0.1:1/db"),
        ("ext:database", "postgresql://me:x@{}@127.0.0.1:1/db"),
        ("ext:database", "postgresql://me:x/{}@127.0.0.1:1/db"),
        ("ext:database", "postgresql://127.0.0.1:1/db?password={}&user=me"),
        ("ext:memcached", "me:{}@127.0.0.1:1"),
    ],
)
def test_the_password_of_an_invalid_or_unavailable_store_is_not_shown(project, store, url):
    ini = project / "development.ini"
    set_option(ini, "session.type", store)
    set_option(ini, "session.url", url.format(PASSPHRASE))
    assert f"development.ini:{line_of(ini, 'session.url')}: " in refused(project)


def test_secrets_from_the_environment_and_the_command_line_are_not_shown(project):
    ini = project / "development.ini"
    set_option(ini, "session.timeout", "%(ENV_HELLO_SECRET)s")
    assert "session.timeout = " in refused(project, HELLO_SECRET=PASSPHRASE)
    set_option(ini, "session.timeout", "60")
    set_option(ini, "port", "%(ENV_HELLO_KEY)s")
    assert "port = %(ENV_HELLO_KEY)s" in refused(project, HELLO_KEY=PASSPHRASE)
    set_option(ini, "port", "%(key)s")
    assert "port = %(key)s" in refused(project, f"key={PASSPHRASE}")
    set_option(ini, "port", "%(number)s")
    assert "port = 80x" in refused(project, "number=80x")


def test_a_verbose_traceback_shows_no_key(project):
    add_line(project / "development.ini", "filter:session", PASSPHRASE)
    result = run("-v", "routes", cwd=project)
    assert "Traceback" in result.stderr
    assert "sesame" not in result.stderr


def test_a_cookie_in_a_wrong_command_line_is_not_shown(project):
    cookie = f"hello={'0a1b2c3d' * 5}eyJ1c2VyIjoiTVZMIn0="
    result = run("session", "decode", "Cookie:", cookie, cwd=project)
    assert result.returncode == 2
    assert "0a1b2c3d0a1b" not in result.stderr


def test_a_session_id_is_not_in_the_error_of_a_database(tmp_path):
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from gearbox_lite.sessions.settings.parse import parse_options
    from gearbox_lite.sessions.stores import make_store

    url = f"sqlite:///{tmp_path / 'sessions.db'}"
    store = make_store(parse_options({"session.type": "ext:database", "session.secret": "k" * 32, "session.url": url}))
    with store._engine.connect() as connection, pytest.raises(SQLAlchemyError) as caught:
        connection.execute(text("select * from nowhere where id = :id"), {"id": PASSPHRASE})
    store.close()
    assert PASSPHRASE not in str(caught.value)


def shown_by(*arguments, cwd, **environment):
    """Return all that a command writes, as bytes."""
    result = subprocess.run(
        [PROGRAM, *arguments], cwd=cwd, env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=False,
    )  # fmt: skip
    return result.stdout


def is_harmless(shown: bytes) -> bool:
    return all(mark.isprintable() or mark == "\n" for mark in shown.decode())


def test_no_message_about_a_file_or_value_controls_the_terminal(project):
    ini = f"{ESCAPE}.ini"
    (project / ini).write_text((project / "development.ini").read_text())
    shown = [
        shown_by("check", ini, cwd=project),
        shown_by("check", f"{ESCAPE}.in", cwd=project),
        shown_by("check", ini, "-n", ESCAPE, cwd=project),
        shown_by("check", ini, f"--{ESCAPE}", cwd=project),
        shown_by(ESCAPE, cwd=project),
        shown_by("quickstart", ESCAPE, cwd=project),
        shown_by("quickstart", "x", "--template", ESCAPE, cwd=project),
        shown_by("scaffold", "controller", ESCAPE, cwd=project),
        shown_by("setup-app", ini, cwd=project),
    ]
    set_option(project / ini, "port", ESCAPE)
    shown.append(shown_by("check", ini, cwd=project))
    assert "\\x1b]0;owned" in b"".join(shown).decode()
    assert [text for text in shown if not is_harmless(text)] == []


def test_a_traceback_of_the_users_code_controls_no_terminal(project):
    root = project / "hello/controllers/root.py"
    root.write_text(f"raise ValueError({ESCAPE!r})\n# {ESCAPE}\n")
    shown = shown_by("routes", cwd=project)
    assert b"ValueError" in shown
    assert is_harmless(shown)


def test_the_data_of_a_session_controls_no_terminal_and_is_the_same_json(tmp_path):
    import json

    from support.sessions import COOKIE, make

    session = make(COOKIE)
    session["name"] = f"{ESCAPE} Größe"
    session.save()
    cookie = session.request["cookie_out"].strip().partition(";")[0]
    options = "\n".join(f"{name} = {value}" for name, value in COOKIE.items())
    (tmp_path / "site.ini").write_text(
        "[server:main]\nuse = egg:waitress#main\n[pipeline:main]\npipeline = session site\n"
        f"[filter:session]\nuse = egg:gearbox_lite#session\n{options}\n[app:site]\npaste.app_factory = site:make\n"
    )
    shown = shown_by("session", "-c", "site.ini", "decode", cookie, cwd=tmp_path)
    assert is_harmless(shown)
    assert "Größe" in shown.decode()
    assert json.loads(shown)["data"] == {"name": f"{ESCAPE} Größe"}
