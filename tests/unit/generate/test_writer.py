"""Writing a project atomically: all of it or nothing."""

from __future__ import annotations

import stat
from pathlib import PurePosixPath

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.generate.template import PlannedFile
from gearbox_lite.generate.writer import check_target, write_project

FILES = [
    PlannedFile(PurePosixPath("a/b.txt"), b"b", secret=False),
    PlannedFile(PurePosixPath("keys.ini"), b"k", secret=True),
]


def test_the_whole_project_is_written_and_nothing_else(tmp_path):
    write_project(FILES, tmp_path / "hello")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "hello", "hello/a", "hello/a/b.txt", "hello/keys.ini",
    ]  # fmt: skip


def test_a_file_with_secrets_is_readable_by_its_owner_only(tmp_path):
    write_project(FILES, tmp_path / "hello")
    assert stat.S_IMODE((tmp_path / "hello/keys.ini").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "hello/a/b.txt").stat().st_mode) & 0o600 == 0o600


def test_an_empty_target_is_replaced(tmp_path):
    (tmp_path / "hello").mkdir()
    write_project(FILES, tmp_path / "hello")
    assert (tmp_path / "hello/a/b.txt").read_bytes() == b"b"


def test_a_symbolic_link_to_an_empty_folder_is_kept(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "hello").symlink_to("real")
    write_project(FILES, tmp_path / "hello")
    assert (tmp_path / "hello").is_symlink()
    assert (tmp_path / "real/keys.ini").exists()


@pytest.mark.parametrize("kind", ["file", "full", "dangling"])
def test_any_other_target_is_refused_and_kept(tmp_path, kind):
    target = tmp_path / "hello"
    if kind == "file":
        target.write_text("mine")
    elif kind == "full":
        target.mkdir()
        (target / "mine").write_text("mine")
    else:
        target.symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match="nothing was written") as raised:
        check_target(target)
    assert raised.value.code == 2
    with pytest.raises(UserError, match="nothing was written"):
        write_project(FILES, target)
    assert sorted(tmp_path.rglob("*")) == before
