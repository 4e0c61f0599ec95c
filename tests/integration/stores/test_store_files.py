"""Folders and files of sessions: private, refused if other users can write them, and created again if removed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import sqlite3
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import options_of
from support.helpers import Browser, line_of, new_project, unavailable, use_store
from support.sessions import Parts, values, visitor
from support.warm import run, serve

from gearbox_lite.errors import UserError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def _open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_open_umask")
@pytest.mark.parametrize("kind", ["file", "dbm", "sqlite"])
def test_only_the_owner_can_access_the_folders_and_files(kind, tmp_path):
    options = options_of(kind, tmp_path / "new" / "parents", None)
    parts = Parts(options)
    parts.stored(user="MVL")
    made = list((tmp_path / "new").rglob("*"))
    assert {mode(path) for path in [tmp_path / "new", *made] if path.is_dir()} == {0o700}
    assert {mode(path) for path in made if path.is_file()} == {0o600}
    assert any(path.is_file() for path in made)


def refusal(options):
    with pytest.raises(UserError) as raised:
        visitor(options)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


@pytest.mark.parametrize(
    "folder", ["data", "data/container_file", "data/container_file/hello", "data/container_file_lock"]
)
def test_a_folder_that_others_can_write_is_refused_with_what_to_run(folder, tmp_path):
    options = options_of("file", tmp_path, None)
    Parts(options)
    for bits in (0o770, 0o707):
        (tmp_path / folder).chmod(bits)
        assert f"run: chmod go-w {tmp_path / folder}" in refusal(options)
    (tmp_path / folder).chmod(0o755)
    Parts(options)


def test_a_folder_inside_one_with_the_sticky_bit_is_accepted(tmp_path):
    options = options_of("file", tmp_path, None)
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o1777)
    Parts(options).stored(user="MVL")


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("kind", ["file", "dbm", "sqlite"])
def test_files_of_another_user_are_refused(kind, tmp_path):
    options = options_of(kind, tmp_path, None)
    Parts(options)
    target = tmp_path / ("sessions.db" if kind == "sqlite" else "data")
    shutil.chown(target, "nobody")
    assert f"{target} belongs to another user (nobody)" in refusal(options)


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_folder_that_the_user_cannot_write_is_refused_with_both_names(kind):
    with tempfile.TemporaryDirectory(prefix="gearbox-lite-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
        try:
            message = refusal(options_of(kind, folder, None))
        finally:
            os.seteuid(0)
    assert f"let nobody write {folder}, or name a folder that it can write" in message


@pytest.mark.usefixtures("as_root")
def test_a_folder_that_root_has_created_for_the_service_is_accepted():
    """As ``install --directory --owner`` does."""
    with tempfile.TemporaryDirectory(prefix="gearbox-lite-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "data").mkdir(mode=0o750)
        shutil.chown(folder / "data", "nobody")
        options = options_of("file", folder, None)
        Parts(options_of("file", folder / "root", None)).stored()  # imports what the other user may not read
        pid = os.fork()
        if pid == 0:
            os.setgroups([])
            os.setuid(pwd.getpwnam("nobody").pw_uid)
            with contextlib.suppress(BaseException):
                Parts(options).stored(user="MVL")
                os._exit(0)
            os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
        assert len(list((folder / "data/container_file/hello").rglob("*.cache"))) == 1


@pytest.mark.parametrize("kind", ["file", "dbm"])
def test_a_symbolic_link_instead_of_a_record_draft_or_lock_is_not_followed(kind, tmp_path):
    parts = Parts(options_of(kind, tmp_path, None))
    cookie, session_id = parts.stored(user="MVL")
    secret = tmp_path / "secret"
    secret.write_text("untouched")
    record = next(path for path in (tmp_path / "data").rglob(f"{session_id}*"))
    record.unlink()
    record.symlink_to(secret)
    draft = record.with_suffix(".temp") if kind == "file" else record.with_name(f"draft-{session_id}")
    draft.symlink_to(secret)
    app = visitor(options_of(kind, tmp_path, None))
    app.set_cookie("hello", cookie.partition("=")[2])
    assert app.get("/get", status=503)
    lock = next((tmp_path / "data").rglob(f"{session_id[:2]}.lock"))
    record.unlink()
    app.get("/set?user=new", status=200)
    lock.unlink()
    lock.symlink_to(secret)
    app = visitor(options_of(kind, tmp_path, None))
    app.set_cookie("hello", cookie.partition("=")[2])
    app.get("/set?user=new", expect_errors=True)
    assert secret.read_text() == "untouched"


def test_the_server_refuses_an_unsafe_folder_in_one_line(project):
    ini = use_store(project, {"session.type": "file", "session.data_dir": "%(here)s/data"})
    (project / "data").mkdir()
    (project / "data").chmod(0o777)
    line = line_of(ini, "session.data_dir")
    for command in (["serve", "--port=0", "--no-reload"], ["check"], ["session", "purge"]):
        result = run(*command, cwd=project)
        errors = [text for text in result.stderr.splitlines() if "can write" in text]
        assert result.returncode, command
        assert len(errors) == 1
        assert f"chmod go-w {project / 'data'}" in errors[0]
        assert "Traceback" not in result.stderr
        if command[0] != "session":
            assert f"development.ini:{line}:" in errors[0]


@pytest.mark.parametrize("kind", ["file", "dbm", "sqlite"])
def test_removed_files_are_created_again_logged_once_and_new_sessions_are_kept(kind, tmp_path, caplog):
    options = options_of(kind, tmp_path / "var", None)
    browser = visitor(options)
    browser.get("/set?user=old")
    for number in range(2):
        caplog.clear()
        shutil.rmtree(tmp_path / "var")
        assert browser.get("/get").json == {}
        for path in ("/set?user=new", "/get", "/set?more=yes"):
            assert browser.get(path).status_int == 200, number
        assert browser.get("/get").json == {"user": "new", "more": "yes"}
        lines = [record.getMessage() for record in caplog.records if record.name == "gearbox_lite.sessions"]
        assert len(lines) == 1
        assert "are lost" in lines[0]


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_running_server_keeps_serving_after_its_data_is_removed(kind, tmp_path):
    project = new_project(tmp_path)
    use_store(project, options_of(kind, tmp_path / "var", None))
    with serve(project) as served:
        browser = Browser(served.url)
        browser.get("/setsession")
        shutil.rmtree(tmp_path / "var")
        for _ in range(3):
            assert browser.get("/setsession").status == 200
        assert "MVL" in browser.get("/getsession").text
        served.end()
    assert served.output.count("are lost") == 1


def test_a_replaced_database_is_noticed_by_every_worker(tmp_path, caplog):
    """A backup that is moved into place."""
    options = options_of("sqlite", tmp_path, None)
    first, second = Parts(options), Parts(options)
    cookie, _ = first.stored(user="MVL")
    backup = sqlite3.connect(tmp_path / "backup.db")
    source = sqlite3.connect(tmp_path / "sessions.db")
    source.backup(backup)
    backup.close()
    source.close()
    later, _ = second.stored(user="later")
    (tmp_path / "backup.db").chmod(0o600)
    (tmp_path / "backup.db").replace(tmp_path / "sessions.db")
    for worker in (first, second):
        assert values(worker.session(cookie)) == {"user": "MVL"}
        assert values(worker.session(later)) == {}
    assert len(caplog.records) == 2


def small_disk(folder: Path) -> bool:
    """Mount a file system of 256 KiB; False if this user cannot."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", folder]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_full_disk_logs_one_line_when_it_fills_and_one_when_it_has_room(kind, tmp_path, caplog):
    disk = tmp_path / "disk"
    if os.geteuid() != 0 or not small_disk(disk):
        unavailable("this user cannot mount a file system")
    try:
        browser = visitor(options_of(kind, disk, None))
        browser.get("/set?user=MVL")
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as stream:
            try:
                while True:
                    stream.write(b"x" * 1024)
            except OSError:
                pass
        for number in range(50):
            browser.get(f"/set?big={'x' * 3000}{number}", status=503)
            assert browser.get("/get").json == {"user": "MVL"}
        filler.unlink()
        for number in range(3):
            browser.get(f"/set?number={number}")
            assert browser.get("/get").json == {"user": "MVL", "number": str(number)}
        lines = [record.getMessage() for record in caplog.records if record.name == "gearbox_lite.sessions"]
        assert len(lines) == 2, lines
        assert "is back" in lines[1]
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
