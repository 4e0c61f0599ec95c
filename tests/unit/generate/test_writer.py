"""Writing: the whole project or nothing."""

from __future__ import annotations

import stat
from pathlib import PurePosixPath

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.generate.template import PlannedFile
from gearbox_lite.generate.writer import check_target, write

FILES = [
    PlannedFile(PurePosixPath("a/b.txt"), b"b", secret=False),
    PlannedFile(PurePosixPath("keys.ini"), b"k", secret=True),
]


def test_the_whole_project_is_written_and_nothing_else(tmp_path):
    write(FILES, tmp_path / "hello")
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "hello", "hello/a", "hello/a/b.txt", "hello/keys.ini",
    ]  # fmt: skip


def test_a_file_with_secrets_is_readable_by_its_owner_only(tmp_path):
    write(FILES, tmp_path / "hello")
    assert stat.S_IMODE((tmp_path / "hello/keys.ini").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "hello/a/b.txt").stat().st_mode) & 0o600 == 0o600


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "hello").mkdir()
    write(FILES, tmp_path / "hello")
    assert (tmp_path / "hello/a/b.txt").read_bytes() == b"b"


def test_a_link_to_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "hello").symlink_to("real")
    write(FILES, tmp_path / "hello")
    assert (tmp_path / "hello").is_symlink()
    assert (tmp_path / "real/keys.ini").exists()


@pytest.mark.parametrize("kind", ["file", "full", "dangling"])
def test_anything_else_at_the_target_is_refused_and_not_touched(tmp_path, kind):
    target = tmp_path / "hello"
    if kind == "file":
        target.write_text("mine")
    elif kind == "full":
        target.mkdir()
        (target / "mine").write_text("mine")
    else:
        target.symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match="nothing was touched") as raised:
        check_target(target)
    assert raised.value.code == 2
    with pytest.raises(UserError, match="nothing was touched"):
        write(FILES, target)
    assert sorted(tmp_path.rglob("*")) == before
