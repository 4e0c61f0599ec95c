"""``gearbox-lite session rotate-key``: new keys, no visitor logged out, and no other byte of the ini changed."""

from __future__ import annotations

import json
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import options_of
from support.helpers import Browser, add_line, line_of, set_option, use_store
from support.warm import run, serve, session_of


def test_rotate_key_keeps_sessions_and_everything_else_in_the_file(project):
    ini = project / "development.ini"
    cookie = session_of(project)
    before = ini.read_text().splitlines()
    line = line_of(ini, "session.validate_key =")
    result = run("session", "rotate-key", cwd=project)
    assert result.stdout.startswith("The old key is still accepted. Changed: development.ini.\nRestart the server, or ")
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


def test_concurrent_rotations_lose_no_key(project):
    ini = project / "development.ini"

    def keys():
        lines = [line for line in ini.read_text().splitlines() if line.startswith("session.validate_key")]
        return " ".join(line.partition(" = ")[2] for line in lines).split()

    original = keys()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: run("session", "rotate-key", cwd=project), range(4)))
    assert [result.returncode for result in results] == [0] * 4, results
    assert len(set(keys())) == len(keys()) == 5
    assert keys()[-1:] == original


def test_rotate_key_of_a_stored_session_rotates_secret_and_encryption_key(project, tmp_path):
    ini = use_store(project, options_of("file", tmp_path, None))
    set_option(ini, "session.encrypt_key", "1caecab01caf45ddb116f999b0e6463a068be58ec72c6d00b9564ca9e1b9cd9f")
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


def test_keys_that_are_not_in_the_ini_are_printed_and_not_written(project):
    ini = project / "development.ini"
    set_option(ini, "session.validate_key", "%(key)s")
    add_line(ini, "DEFAULT", f"key = {'0a1b' * 16}")
    before = ini.read_text()
    result = run("session", "rotate-key", cwd=project)
    assert ini.read_text() == before
    assert re.search(r"^session\.validate_key = [0-9a-f]{64}$", result.stdout, re.MULTILINE)
    assert f"session.validate_key_fallbacks = {'0a1b' * 16}" in result.stdout


def test_a_symbolic_link_to_the_ini_and_its_line_endings_are_kept(project):
    ini = project / "development.ini"
    (project / "real.ini").write_bytes(ini.read_bytes().replace(b"\n", b"\r\n"))
    ini.unlink()
    ini.symlink_to("real.ini")
    run("session", "rotate-key", cwd=project)
    assert ini.is_symlink()
    assert b"validate_key_fallbacks" in ini.read_bytes()
    assert ini.read_bytes().count(b"\n") == ini.read_bytes().count(b"\r\n")


ENCRYPTION_KEYS = {
    "session.validate_key": "f2bfc7027ba222ff11e9ef5fe2a9877bdb0428468c6fb6a458f872cf66ddd075",
    "session.encrypt_key": "41903225d6db60fa496ea77078a91e5ef8598a29ab47f55667d8ede7740dd335",
}


@pytest.mark.parametrize("kind", ["cookie", "file"])
@pytest.mark.parametrize(
    "fallbacks",
    [{}, {"session.validate_key_fallbacks": "691c0f0f71cc829324329ed1b32f1b33e09d1913980976831da9dbaf0f5cbad1"}],
)
def test_rotating_encryption_keys_keeps_sessions_with_and_without_fallback_keys(project, tmp_path, kind, fallbacks):
    ini = project / "development.ini"
    if kind == "file":
        use_store(project, options_of("file", tmp_path, None))
    for name, value in ENCRYPTION_KEYS.items():
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


def test_rotate_key_keeps_the_rest_of_an_indented_ini(project):
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
    key = "de767d796adadc442c1e50a84c1d758779e099aadb888b59e5748124ff39b361"
    result = run("session", "rotate-key", cwd=project, HELLO_KEY=key)
    assert f"session.validate_key_fallbacks = {key}" in result.stdout
    assert run("check", cwd=project, HELLO_KEY=key).returncode == 0
    missing = run("check", cwd=project)
    assert missing.returncode == 1
    assert "the environment variable HELLO_KEY is not set; set it: export HELLO_KEY=" in missing.stderr
    with serve(project, HELLO_KEY=key) as served:
        browser = Browser(served.url)
        browser.get("/setsession")
        assert "retrieved MVL" in browser.get("/getsession").text


@pytest.mark.parametrize("value", ["four little words here", "one,two", "schlüssel" * 8])
def test_a_key_that_cannot_be_rotated_is_refused_and_not_shown(project, value):
    set_option(project / "development.ini", "session.validate_key", value)
    result = run("check", cwd=project)
    assert result.returncode == 1
    assert "; write a long random text of ASCII characters without spaces or commas\n" in result.stderr
    assert value not in result.stderr


def test_a_key_from_the_environment_on_a_line_of_its_own_is_not_written_into_the_ini(project):
    set_option(project / "development.ini", "session.validate_key", "\n    %(ENV_HELLO_KEY)s")
    before = (project / "development.ini").read_text()
    assert (
        "nothing was written"
        in run(
            "session",
            "rotate-key",
            cwd=project,
            HELLO_KEY="de767d796adadc442c1e50a84c1d758779e099aadb888b59e5748124ff39b361",
        ).stdout
    )
    assert (project / "development.ini").read_text() == before


def test_dropping_fallbacks_also_drops_hidden_ones(project):
    ini = project / "development.ini"
    add_line(ini, "filter:session", f"session.validate_key_fallbacks = {'0a1b2c3d' * 8}")
    add_line(ini, "DEFAULT", f"session.validate_key_fallbacks = {'4e5f6a7b' * 8}")
    result = run("session", "rotate-key", "--drop-fallbacks", cwd=project)
    assert result.returncode == 0, result.stderr
    lines = ini.read_text().splitlines()
    assert not any(line.startswith("session.validate_key_fallbacks") for line in lines)
