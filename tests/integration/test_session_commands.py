"""``gearbox-lite session``: decode, purge and rotate-key on real projects and stores."""

from __future__ import annotations

import json
import re
import stat
import time

import pytest
from conftest import options_of
from helpers import Browser, add_line, line_of, run, serve, set_option, use_store
from sessions import make


def session_of(project):
    """Make a session by visiting the project, and return its cookie."""
    with serve(project) as served:
        browser = Browser(served.url)
        browser.get("/setsession")
        return browser.cookie("hello")


def test_decode_verifies_a_cookie_and_prints_it(project):
    set_option(project / "development.ini", "session.timeout", "600")
    cookie = session_of(project)
    for text in (cookie, f"hello={cookie}", f"Cookie: a=b; hello={cookie}; c=d"):
        result = run("session", "decode", text, cwd=project)
        assert result.returncode == 0, result.stderr
        shown = json.loads(result.stdout)
        assert shown["data"] == {"user": "MVL"}
        assert shown["signed_with"] == "session.validate_key"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", shown["expires"])
        assert shown["created"] <= shown["last_accessed"] < shown["expires"]


def test_decode_reads_standard_input(project):
    import subprocess

    from helpers import PROGRAM

    result = subprocess.run(
        [PROGRAM, "session", "-c", "hello/development.ini", "decode"],
        input=session_of(project), cwd=project.parent, capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert json.loads(result.stdout)["data"] == {"user": "MVL"}


def test_decode_says_why_a_cookie_is_none(project):
    cookie = session_of(project)
    for bad in (cookie[:-2], "x" * 60, ""):
        result = run("session", "decode", bad, cwd=project)
        assert result.returncode == 1
        assert result.stdout == ""
        assert result.stderr == "Error: the cookie is not signed with any key of the ini (validate_key)\n"


def test_decode_shows_the_stored_record(project, tmp_path):
    use_store(project, options_of("file", tmp_path, None))
    cookie = session_of(project)
    shown = json.loads(run("session", "decode", cookie, cwd=project).stdout)
    assert shown["data"] == {"user": "MVL"}
    assert shown["signed_with"] == "session.secret"
    run("session", "purge", "--all", "--yes", cwd=project)
    gone = run("session", "decode", cookie, cwd=project)
    assert gone.returncode == 1
    assert "has no session" in gone.stderr


@pytest.mark.parametrize("kind", ["file", "dbm", "sqlite", "redis", "postgresql"])
def test_purge_removes_what_has_expired_and_then_all(project, tmp_path, shared_services, kind):
    options = {**options_of(kind, tmp_path, shared_services), "session.timeout": "1"}
    use_store(project, options)
    for number in range(3):
        session = make(options)
        session["number"] = number
        session.save()
    last = session["_accessed_time"]
    while time.time() - last <= 1:
        time.sleep(0.05)
    fresh = make(options)
    fresh["fresh"] = True
    fresh["_accessed_time"] = fresh["_creation_time"] = time.time() + 1000
    fresh.save()
    fresh.store.update(
        fresh.id, lambda text: fresh.codec.encode(fresh.codec.dump({**fresh.codec.decode(text), "_accessed_time": 9e9}))
    )
    others = len(list(fresh.store.ids())) - 4  # of other tests, in a server that is shared
    dry = run("session", "purge", "--dry-run", cwd=project)
    assert re.match(r"\d+ would be removed of \d+ sessions", dry.stdout), dry.stderr
    assert len(list(fresh.store.ids())) == 4 + others
    purged = run("session", "purge", cwd=project)
    assert int(purged.stdout.split()[0]) >= 3
    assert fresh.store.read(fresh.id) is not None
    assert session.store.read(session.id) is None
    everything = run("session", "purge", "--all", "--yes", cwd=project)
    assert " removed of " in everything.stdout
    assert list(fresh.store.ids()) == []


def test_purging_all_asks_first(project, tmp_path):
    use_store(project, options_of("file", tmp_path, None))
    result = run("session", "purge", "--all", cwd=project)
    assert result.returncode == 2
    assert "add --yes" in result.stderr


def test_purge_explains_where_there_is_nothing_to_remove(project, tmp_path, shared_services):
    assert "live in the visitors' browsers" in run("session", "purge", cwd=project).stdout
    use_store(project, options_of("memcached", tmp_path, shared_services))
    assert "drops expired sessions by itself" in run("session", "purge", cwd=project).stdout
    refused = run("session", "purge", "--all", "--yes", cwd=project)
    assert refused.returncode == 2
    assert "--flush-server" in refused.stderr


def test_flushing_memcached_ends_its_sessions(project, tmp_path, shared_services):
    options = options_of("memcached", tmp_path, shared_services)
    use_store(project, options)
    session = make(options)
    session["user"] = "MVL"
    session.save()
    result = run("session", "purge", "--all", "--yes", "--flush-server", cwd=project)
    assert result.stdout == "The memcached server is empty.\n"
    assert session.store.read(session.id) is None


def test_purging_all_cookie_sessions_replaces_the_key_without_a_fallback(project):
    cookie = session_of(project)
    before = (project / "development.ini").read_text()
    assert "would be replaced" in run("session", "purge", "--all", "--dry-run", cwd=project).stdout
    assert (project / "development.ini").read_text() == before
    assert "Every session has ended" in run("session", "purge", "--all", "--yes", cwd=project).stdout
    with serve(project) as served:
        assert "no session variable" in Browser(served.url).get("/getsession", Cookie=f"hello={cookie}").text


def test_rotate_key_keeps_sessions_and_everything_else_in_the_file(project):
    ini = project / "development.ini"
    cookie = session_of(project)
    before = ini.read_text().splitlines()
    line = line_of(ini, "session.validate_key =")
    result = run("session", "rotate-key", cwd=project)
    assert result.stdout == "The old key is still accepted. Changed: development.ini. Restart the server.\n"
    after = ini.read_text().splitlines()
    old = before[line - 1].partition(" = ")[2]
    assert after[: line - 1] == before[: line - 1]
    assert after[line + 1 :] == before[line:]
    assert re.fullmatch(r"session\.validate_key = [0-9a-f]{64}", after[line - 1])
    assert old not in after[line - 1]
    assert after[line] == f"session.validate_key_fallbacks = {old}"
    assert stat.S_IMODE(ini.stat().st_mode) == 0o600
    shown = json.loads(run("session", "decode", cookie, cwd=project).stdout)
    assert shown["signed_with"] == "session.validate_key_fallbacks, number 1"
    run("session", "rotate-key", cwd=project)
    assert ini.read_text().splitlines()[line].endswith(f" {old}")
    with serve(project) as served:
        browser = Browser(served.url)
        assert "retrieved MVL" in browser.get("/getsession", Cookie=f"hello={cookie}").text
        newest = browser.cookie("hello")
    run("session", "rotate-key", "--drop-fallbacks", cwd=project)
    lines = ini.read_text().splitlines()
    assert lines[: line - 1] + lines[line:] == before[: line - 1] + before[line:]
    assert run("session", "decode", cookie, cwd=project).returncode == 1
    assert run("session", "decode", newest, cwd=project).returncode == 0


def test_rotate_key_of_a_stored_session_rotates_its_secret_and_cipher(project, tmp_path):
    ini = use_store(project, options_of("file", tmp_path, None))
    set_option(ini, "session.encrypt_key", "5a5b5c5d" * 8)
    cookie = session_of(project)
    assert run("session", "rotate-key", cwd=project).returncode == 0
    for name in ("validate_key", "secret", "encrypt_key"):
        assert line_of(ini, f"session.{name}_fallbacks = ") == line_of(ini, f"session.{name} = ") + 1
    assert json.loads(run("session", "decode", cookie, cwd=project).stdout)["data"] == {"user": "MVL"}


def test_rotate_key_changes_the_ini_that_has_the_key(project):
    (project / "derived.ini").write_text(
        "[server:main]\nuse = config:development.ini\n[app:main]\nuse = config:development.ini\n"
    )
    result = run("session", "-c", "derived.ini", "rotate-key", cwd=project)
    assert "Changed: development.ini" in result.stdout


def test_keys_from_outside_the_ini_are_printed_and_not_written(project):
    ini = project / "development.ini"
    set_option(ini, "session.validate_key", "%(key)s")
    add_line(ini, "DEFAULT", f"key = {'0a1b' * 16}")
    before = ini.read_text()
    result = run("session", "rotate-key", cwd=project)
    assert ini.read_text() == before
    assert re.search(r"^session\.validate_key = [0-9a-f]{64}$", result.stdout, re.MULTILINE)
    assert f"session.validate_key_fallbacks = {'0a1b' * 16}" in result.stdout


def test_a_link_to_the_ini_and_its_line_endings_stay(project):
    ini = project / "development.ini"
    (project / "real.ini").write_bytes(ini.read_bytes().replace(b"\n", b"\r\n"))
    ini.unlink()
    ini.symlink_to("real.ini")
    run("session", "rotate-key", cwd=project)
    assert ini.is_symlink()
    assert b"validate_key_fallbacks" in ini.read_bytes()
    assert ini.read_bytes().count(b"\n") == ini.read_bytes().count(b"\r\n")


def test_a_project_without_our_filter_is_told_so(project):
    set_option(project / "development.ini", "pipeline", "hello")
    result = run("session", "rotate-key", cwd=project)
    assert result.returncode == 2
    assert "add one: [filter:session] use = egg:gearbox_lite#session" in result.stderr


def test_a_store_that_is_down_is_one_line(project):
    use_store(
        project, {"session.type": "ext:redis", "session.url": "redis://127.0.0.1:1/0", "session.secret": "ab" * 32}
    )
    result = run("session", "purge", cwd=project)
    assert result.returncode == 1
    assert result.stderr.startswith("Error: the session store cannot be reached: redis redis://127.0.0.1:1/0:")
    assert result.stderr.count("\n") == 1


CIPHERS = {"session.validate_key": "1a2b3c4d" * 8, "session.encrypt_key": "5e6f7a8b" * 8}


@pytest.mark.parametrize("kind", ["cookie", "file"])
@pytest.mark.parametrize("fallbacks", [{}, {"session.validate_key_fallbacks": "9c0d1e2f" * 8}])
def test_rotating_ciphers_keeps_sessions_whatever_fallbacks_there_were(project, tmp_path, kind, fallbacks):
    ini = project / "development.ini"
    if kind == "file":
        use_store(project, options_of("file", tmp_path, None))
    for name, value in CIPHERS.items():
        set_option(ini, name, value)
    for name, value in fallbacks.items():
        set_option(ini, name, value)
    cookie = session_of(project)
    for _ in range(2):
        assert run("session", "rotate-key", cwd=project).returncode == 0
        decoded = run("session", "decode", cookie, cwd=project)
        assert decoded.returncode == 0, decoded.stderr
        assert json.loads(decoded.stdout)["data"] == {"user": "MVL"}
    assert run("check", "--strict", cwd=project).returncode == 0


def test_rotate_key_leaves_an_indented_ini_whole(project):
    ini = project / "development.ini"
    head, header, rest = ini.read_text().partition("[filter:session]\n")
    section, app, tail = rest.partition("[app:hello]")
    indented = "".join(f"  {line}\n" if line else "\n" for line in section.splitlines())
    lines = (head + header + indented + app + tail).splitlines()
    ini.write_text("\n".join(lines) + "\n")
    assert run("session", "rotate-key", cwd=project).returncode == 0
    after = ini.read_text().splitlines()
    changed = [line for line in after if line not in lines]
    assert [line.partition(" = ")[0] for line in changed] == [
        "  session.validate_key",
        "  session.validate_key_fallbacks",
    ]
    assert len(after) == len(lines) + 1


def test_a_percent_sign_in_a_key_survives_its_rotation(project):
    ini = project / "development.ini"
    set_option(ini, "session.validate_key", "0123456789%%abcdef" * 3)
    cookie = session_of(project)
    run("session", "rotate-key", cwd=project)
    assert run("session", "decode", cookie, cwd=project).returncode == 0


def test_a_key_that_the_ini_gets_from_another_setting_is_printed(project):
    ini = project / "development.ini"
    set_option(ini, "session.validate_key", None)
    add_line(ini, "filter:session", "get session.validate_key = master")
    add_line(ini, "DEFAULT", f"master = {'0a1b2c3d' * 8}")
    before = ini.read_text()
    assert "nothing was written" in run("session", "rotate-key", cwd=project).stdout
    assert ini.read_text() == before


def test_a_key_from_the_environment_is_used_and_printed(project):
    set_option(project / "development.ini", "session.validate_key", "%(ENV_HELLO_KEY)s")
    key = "0a1b2c3d" * 8
    result = run("session", "rotate-key", cwd=project, HELLO_KEY=key)
    assert f"session.validate_key_fallbacks = {key}" in result.stdout
    assert run("check", cwd=project, HELLO_KEY=key).returncode == 0
    missing = run("check", cwd=project)
    assert missing.returncode == 1
    assert "the environment has no HELLO_KEY; set it: export HELLO_KEY=" in missing.stderr
    with serve(project, HELLO_KEY=key) as served:
        browser = Browser(served.url)
        browser.get("/setsession")
        assert "retrieved MVL" in browser.get("/getsession").text


@pytest.mark.parametrize("value", ["four little words here", "one,two", "schlüssel" * 8])
def test_a_key_that_cannot_be_rotated_is_refused_and_not_shown(project, value):
    set_option(project / "development.ini", "session.validate_key", value)
    result = run("check", cwd=project)
    assert result.returncode == 1
    assert "session.validate_key = ...: this value cannot be used; write a long random text" in result.stderr
    assert value not in result.stderr


def test_an_expired_cookie_is_none(project):
    ini = project / "development.ini"
    set_option(ini, "session.timeout", "1")
    cookie = session_of(project)
    deadline = time.monotonic() + 10
    while (result := run("session", "decode", cookie, cwd=project)).returncode == 0:
        assert time.monotonic() < deadline
    assert result.returncode == 1
    assert "the cookie is ours, but its session expired at 20" in result.stderr


def test_a_password_in_the_stores_address_is_not_shown(project):
    use_store(project, {"session.type": "ext:database", "session.url": "nosuch://me:hunter2@host/db"})
    for arguments in (("check",), ("serve", "--port=0"), ("session", "purge")):
        result = run(*arguments, cwd=project)
        assert result.returncode in (1, 2)
        assert "hunter2" not in result.stderr
        assert "Traceback" not in result.stderr


def test_purge_leaves_what_is_not_a_session(project, tmp_path):
    import sqlite3

    options = options_of("sqlite", tmp_path, None)
    use_store(project, options)
    session_of(project)
    database = sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)
    database.execute("INSERT INTO beaker_cache VALUES (99, 'my_other_cache', '2026-01-01', '2026-01-01', 'x')")
    run("session", "purge", "--all", "--yes", cwd=project)
    assert database.execute("SELECT namespace FROM beaker_cache").fetchall() == [("my_other_cache",)]
    database.close()


def test_a_guessable_old_key_is_found(project):
    set_option(project / "development.ini", "session.validate_key", "secret")
    run("session", "rotate-key", cwd=project)
    result = run("check", cwd=project)
    assert (
        "an old key can be guessed; end the rotation: gearbox-lite session rotate-key --drop-fallbacks" in result.stderr
    )


def test_a_key_from_the_environment_on_a_line_of_its_own_is_not_written_into_the_ini(project):
    set_option(project / "development.ini", "session.validate_key", "\n    %(ENV_HELLO_KEY)s")
    before = (project / "development.ini").read_text()
    assert "nothing was written" in run("session", "rotate-key", cwd=project, HELLO_KEY="0a1b2c3d" * 8).stdout
    assert (project / "development.ini").read_text() == before


def test_dropping_fallbacks_drops_those_that_others_hide(project):
    ini = project / "development.ini"
    add_line(ini, "filter:session", f"session.validate_key_fallbacks = {'0a1b2c3d' * 8}")
    add_line(ini, "DEFAULT", f"session.validate_key_fallbacks = {'4e5f6a7b' * 8}")
    result = run("session", "rotate-key", "--drop-fallbacks", cwd=project)
    assert result.returncode == 0, result.stderr
    lines = ini.read_text().splitlines()
    assert not any(line.startswith("session.validate_key_fallbacks") for line in lines)
