"""``gearbox-lite session``: decode, purge and rotate-key on real projects and stores."""

from __future__ import annotations

import json
import re
import time

import pytest
from conftest import options_of
from support.helpers import Browser, line_of, set_option, use_store
from support.sessions import make
from support.warm import run, serve, session_of


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
    result = run("session", "-c", "hello/development.ini", "decode", cwd=project.parent, typed=session_of(project))
    assert json.loads(result.stdout)["data"] == {"user": "MVL"}


def test_decode_reports_why_a_cookie_is_invalid(project):
    cookie = session_of(project)
    for bad in (cookie[:-2], "x" * 60):
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
def test_purge_removes_expired_sessions_and_with_all_every_session(project, tmp_path, shared_services, kind):
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
    fresh.save()
    ahead = {**fresh, "_accessed_time": time.time() + 55}  # within the clock skew that is tolerated
    fresh.store.update(fresh.id, lambda _: fresh.records.encode(fresh.id, ahead))
    others = len(list(fresh.store.ids())) - 4  # left by other tests in a shared server
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


def test_purging_all_sessions_needs_confirmation(project, tmp_path):
    use_store(project, options_of("file", tmp_path, None))
    result = run("session", "purge", "--all", cwd=project)
    assert result.returncode == 2
    assert "add --yes" in result.stderr


def test_purge_explains_why_a_store_has_nothing_to_remove(project, tmp_path, shared_services):
    assert "are kept in the visitors' browsers" in run("session", "purge", cwd=project).stdout
    use_store(project, options_of("memcached", tmp_path, shared_services))
    assert "drops expired sessions by itself" in run("session", "purge", cwd=project).stdout
    refused = run("session", "purge", "--all", "--yes", cwd=project)
    assert refused.returncode == 2
    assert "--flush-server" in refused.stderr


def test_flushing_memcached_removes_its_sessions(project, tmp_path, shared_services):
    options = options_of("memcached", tmp_path, shared_services)
    use_store(project, options)
    session = make(options)
    session["user"] = "MVL"
    session.save()
    result = run("session", "purge", "--all", "--yes", "--flush-server", cwd=project)
    assert result.stdout == "The memcached server was emptied.\n"
    assert session.store.read(session.id) is None


def test_purging_all_cookie_sessions_replaces_the_key_without_a_fallback(project):
    cookie = session_of(project)
    before = (project / "development.ini").read_text()
    assert "would be replaced" in run("session", "purge", "--all", "--dry-run", cwd=project).stdout
    assert (project / "development.ini").read_text() == before
    output = run("session", "purge", "--all", "--yes", cwd=project).stdout
    assert output.startswith(
        "The key was replaced. Changed: development.ini.\nA running server accepts the old sessions until"
    )
    with serve(project) as served:
        assert "no session variable" in Browser(served.url).get("/getsession", Cookie=f"hello={cookie}").text


def test_a_project_without_our_filter_is_an_error_with_a_remedy(project):
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
    at = f"development.ini:{line_of(project / 'development.ini', 'session.url')}"
    assert result.stderr.startswith(f"Error: {at}: the session store cannot be reached: redis redis://127.0.0.1:1/0:")
    assert result.stderr.count("\n") == 1


def test_decoding_an_expired_cookie_fails(project):
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
    for arguments in (("check",), ("serve", "--port=0", "--no-reload"), ("session", "purge")):
        result = run(*arguments, cwd=project)
        assert result.returncode in (1, 2)
        assert "hunter2" not in result.stderr
        assert "Traceback" not in result.stderr


def test_purge_removes_only_sessions(project, tmp_path):
    import sqlite3

    options = options_of("sqlite", tmp_path, None)
    use_store(project, options)
    session_of(project)
    database = sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)
    database.execute("INSERT INTO beaker_cache VALUES (99, 'my_other_cache', '2026-01-01', '2026-01-01', 'x')")
    run("session", "purge", "--all", "--yes", cwd=project)
    assert database.execute("SELECT namespace FROM beaker_cache").fetchall() == [("my_other_cache",)]
    database.close()


def test_check_finds_an_old_key_that_can_be_guessed(project):
    set_option(project / "development.ini", "session.validate_key", "secret")
    run("session", "rotate-key", cwd=project)
    result = run("check", cwd=project)
    assert (
        "an old key can be guessed; end the rotation: gearbox-lite session rotate-key --drop-fallbacks" in result.stderr
    )
