"""Changing files in folders of a hostile user: no file is given away, and no access is widened."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from support.helpers import unavailable

from gearbox_lite import safe_files
from gearbox_lite.errors import UserError
from gearbox_lite.generate import writer
from gearbox_lite.generate.template import PlannedFile
from gearbox_lite.generate.writer import PurePosixPath
from gearbox_lite.ini.edit import replace_options
from gearbox_lite.safe_files import Folder

OTHER = 12345
as_root = pytest.mark.usefixtures("as_root")
ACL = "system.posix_acl_access"
DEFAULT_ACL = "system.posix_acl_default"


def acl(*, user: int, rights: int, group: int = 0) -> bytes:
    """Return the list in the kernel's format: owner rw, one user with rights, the group, others nothing."""
    undefined = 0xFFFFFFFF
    entries = [
        (1, 6, undefined),
        (2, rights, user),
        (4, group, undefined),
        (0x10, rights | group, undefined),
        (0x20, 0, undefined),
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def set_attribute(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError:
        unavailable("this file system has no such attributes")


def make_ini(folder: Path, owner: int = 0, mode: int = 0o640) -> Path:
    ini = folder / "site.ini"
    ini.write_text("[a]\nx = 1\n")
    ini.chmod(mode)
    if owner:
        os.chown(folder, owner, owner)
        os.chown(ini, owner, owner)
    return ini


@as_root
def test_a_draft_that_is_replaced_with_a_link_gives_no_file_away(tmp_path, monkeypatch):
    """At every moment at which the folder's owner could do it."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    ini = make_ini(folder, OTHER, 0o666)
    victim = tmp_path / "victim"
    victim.write_text("root's")
    victim.chmod(0o600)

    def swap_after(call):
        def called(*arguments, **options):
            result = call(*arguments, **options)
            for draft in folder.glob(".site.ini.*"):
                draft.unlink()
                draft.symlink_to(victim)
            return result

        return called

    for name in ("fsync", "fchmod", "fchown"):
        monkeypatch.setattr(os, name, swap_after(getattr(os, name)))
    replace_options(ini, {2: ["x = 2"]})
    status = victim.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode), victim.read_text()) == (0, 0o600, "root's")


@as_root
def test_a_changed_ini_keeps_its_owner_group_and_mode(tmp_path):
    ini = make_ini(tmp_path, OTHER)
    replace_options(ini, {2: ["x = 2"]})
    status = ini.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (OTHER, OTHER, 0o640)
    assert ini.read_text() == "[a]\nx = 2\n"


@as_root
def test_a_link_of_another_user_is_not_followed_and_our_own_link_is_kept(tmp_path):
    real = make_ini(tmp_path)
    link = tmp_path / "link.ini"
    link.symlink_to(real.name)
    replace_options(link, {2: ["x = 2"]})
    assert link.is_symlink()
    assert real.read_text() == "[a]\nx = 2\n"
    os.lchown(link, OTHER, OTHER)
    with pytest.raises(UserError, match=r"link\.ini: cannot be changed: it is a symbolic link of another user"):
        replace_options(link, {2: ["x = 3"]})
    assert real.read_text() == "[a]\nx = 2\n"


def test_a_changed_ini_keeps_its_access_control_list_and_attributes(tmp_path):
    ini = make_ini(tmp_path)
    set_attribute(ini, ACL, acl(user=OTHER, rights=4))
    set_attribute(ini, "user.note", b"kept")
    before = os.getxattr(ini, ACL), ini.stat().st_mode
    replace_options(ini, {2: ["x = 2"]})
    assert (os.getxattr(ini, ACL), ini.stat().st_mode) == before
    assert os.getxattr(ini, "user.note") == b"kept"


def test_a_changed_ini_does_not_inherit_access_from_its_folder(tmp_path):
    ini = make_ini(tmp_path)
    set_attribute(tmp_path, DEFAULT_ACL, acl(user=OTHER, rights=6))
    replace_options(ini, {2: ["x = 2"]})
    assert ACL not in os.listxattr(ini)
    assert stat.S_IMODE(ini.stat().st_mode) == 0o640


def test_an_access_control_list_that_cannot_be_kept_reduces_access(tmp_path, monkeypatch):
    ini = make_ini(tmp_path)
    set_attribute(ini, ACL, acl(user=OTHER, rights=6))
    assert stat.S_IMODE(ini.stat().st_mode) == 0o660

    def refuse(*_):
        raise OSError(95, "not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    replace_options(ini, {2: ["x = 2"]})
    assert stat.S_IMODE(ini.stat().st_mode) == 0o600


@as_root
@pytest.mark.parametrize(("mode", "left"), [(0o664, 0o604), (0o604, 0o600), (0o646, 0o604)])
def test_an_ini_that_changes_its_owner_is_accessible_to_no_more_users(tmp_path, mode, left):
    """The user who changes it becomes its owner; the old group, now among the others, gains no access."""
    tmp_path.chmod(0o777)
    parent = tmp_path
    while parent != Path("/tmp"):
        parent.chmod(parent.stat().st_mode | 0o055)
        parent = parent.parent
    ini = make_ini(tmp_path, mode=mode)
    os.chown(ini, OTHER + 1, OTHER + 1)
    os.chown(tmp_path, OTHER, OTHER)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(OTHER)
            os.setuid(OTHER)
            with Folder.opened(ini.parent) as folder:
                folder.rewrite(ini.name, lambda content: content + b"# more\n")
            os._exit(0)
        finally:
            os._exit(1)
    readable = bool(mode & 0o004)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (0 if readable else 1)
    assert stat.S_IMODE(ini.stat().st_mode) == left
    assert ini.stat().st_uid == OTHER


@as_root
@pytest.mark.parametrize("name", ["hello", "hello/controllers"])
def test_scaffold_writes_through_no_link_of_another_user(tmp_path, name):
    project, elsewhere = tmp_path / "project", tmp_path / "etc"
    (project / name).parent.mkdir(parents=True)
    (elsewhere / "controllers").mkdir(parents=True)
    (project / name).symlink_to(elsewhere)
    os.lchown(project / name, OTHER, OTHER)
    with pytest.raises(UserError, match="symbolic link of another user; run this as that user; nothing was changed"):
        writer.add_to_project([PlannedFile(PurePosixPath("hello/controllers/movies.py"), b"")], None, project)
    assert list(elsewhere.rglob("*.py")) == []
    assert list(project.glob(".*")) == []


@as_root
def test_a_replaced_staging_folder_creates_no_file_elsewhere(tmp_path, monkeypatch):
    project, elsewhere = tmp_path / "project", tmp_path / "etc"
    project.mkdir()
    elsewhere.mkdir()
    make = os.mkdir

    def swapped(path, *arguments, **options):
        make(path, *arguments, **options)
        if str(path).startswith(".scaffold."):
            (project / path).rename(project / "moved")
            (project / path).symlink_to(elsewhere)
            os.lchown(project / path, OTHER, OTHER)

    monkeypatch.setattr(os, "mkdir", swapped)
    with pytest.raises(UserError, match="symbolic link of another user"):
        writer.add_to_project([PlannedFile(PurePosixPath("movies.py"), b"")], None, project)
    assert list(elsewhere.iterdir()) == []


def test_a_file_that_changed_since_it_was_read_stops_all_writing(tmp_path):
    (tmp_path / "root.py").write_text("theirs")
    change = writer.FileEdit(PurePosixPath("root.py"), b"as it was", b"ours")
    with pytest.raises(UserError, match=r"root\.py: another program changed this file; nothing was written"):
        writer.add_to_project([PlannedFile(PurePosixPath("new/movies.py"), b"")], change, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["root.py"]
    assert (tmp_path / "root.py").read_text() == "theirs"


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_a_pipe_or_link_named_like_a_staging_folder_blocks_nothing(tmp_path, kind):
    stray = tmp_path / ".hello.gearbox-lite-00000000"
    os.mkfifo(stray) if kind == "fifo" else stray.symlink_to("/dev/tty")
    code = "import sys; from gearbox_lite.cli import main; main(['quickstart', 'hello'])"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=30, capture_output=True, check=False)
    assert result.returncode == 0
    assert os.path.lexists(stray)


def test_a_pipe_in_place_of_an_ini_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "site.ini")
    with pytest.raises(UserError, match="it is not a regular file"):
        replace_options(tmp_path / "site.ini", {2: ["x = 2"]})


def test_a_folder_that_stays_locked_is_an_error_after_a_time_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_files, "LOCK_SECONDS", 0.05)
    with Folder.opened(tmp_path) as one, one.locked(), Folder.opened(tmp_path) as two:
        with pytest.raises(TimeoutError, match="another process keeps it locked"), two.locked(0.05):
            pass
