"""Which ini a command reads, and what it suggests if there is none."""

from __future__ import annotations

import os

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.ini.discover import find_ini


def problem(name, folder):
    with pytest.raises(UserError) as raised:
        find_ini(name, folder)
    return raised.value.message.removeprefix(f"{folder}/")


def test_without_a_name_it_is_development_ini(tmp_path):
    (tmp_path / "development.ini").touch()
    (tmp_path / "other.ini").touch()
    assert find_ini(None, tmp_path) == tmp_path / "development.ini"
    assert find_ini("other.ini", tmp_path) == tmp_path / "other.ini"


def test_a_missing_ini_names_those_nearby_with_development_ini_first(tmp_path):
    assert problem(None, tmp_path) == (
        "development.ini: there is no such file; go to your project's folder, or create a project: "
        "gearbox-lite quickstart hello"
    )
    (tmp_path / "a.ini").touch()
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "development.ini").touch()
    found = "found nearby: hello/development.ini, a.ini"
    assert problem("b.ini", tmp_path) == f"b.ini: there is no such file; {found}"


def test_a_folder_names_the_inis_in_it(tmp_path):
    (tmp_path / "a.ini").touch()
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "b.ini").touch()
    assert problem("hello", tmp_path) == "hello: this is a folder, not an ini; found nearby: hello/b.ini"


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.ini")
    assert problem("pipe.ini", tmp_path).startswith("pipe.ini: this is a device or a pipe, not an ini; ")


def test_a_path_through_a_file_is_one_error(tmp_path):
    (tmp_path / "a.ini").touch()
    assert problem("a.ini/b.ini", tmp_path) == (
        "a.ini/b.ini: cannot be accessed: Not a directory; correct the name, or make its folder readable"
    )
