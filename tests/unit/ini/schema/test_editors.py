"""Links that open a file in the developer's editor."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from gearbox_lite.ini.schema.editors import editor_link, editor_url, is_editor


@pytest.mark.parametrize(
    ("setting", "editor", "expected"),
    [
        ("vscode", "", "vscode://file/tmp/a%20b.py:7"),
        ("", "/usr/bin/code --wait", "vscode://file/tmp/a%20b.py:7"),
        ("", "charm", "pycharm://open?file=/tmp/a%20b.py&line=7"),
        ("", "zed", "zed://file/tmp/a%20b.py:7"),
        ("subl", "code", "subl://open?url=file:///tmp/a%20b.py&line=7"),
        ("mine://{line}@{file}", "code", "mine://7@/tmp/a%20b.py"),
        ("", "vim", ""),
        ("", "", ""),
    ],
)
def test_the_setting_and_else_the_variable_editor_name_the_editor(setting, editor, expected, monkeypatch):
    monkeypatch.setattr("os.path.isfile", lambda _: True)
    assert editor_link(editor_url(setting, {"EDITOR": editor}), "/tmp/a b.py", 7) == expected


def test_a_file_of_any_name_is_one_part_of_the_link(tmp_path):
    file = str(tmp_path / "{line} ?&#%\"'<>\n\udcff.py")
    open(file, "w").close()
    link = editor_link(editor_url("pycharm"), file, 7)
    assert re.fullmatch(r"pycharm://open\?file=[A-Za-z0-9/._%-]+&line=7", link)
    assert unquote(link, errors="surrogateescape") == f"pycharm://open?file={file}&line=7"


def test_only_files_have_links():
    assert editor_link(editor_url("vscode"), "<string>", 1) == ""


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("vscode", True),
        ("idea://open?file={file}&line={line}", True),
        ("vim", False),
        ("idea://open?file={file}", False),
        ("javascript:alert('{file}{line}')", False),
        (" JavaScript:alert('{file}{line}')", False),
        ("java\tscript:alert('{file}{line}')", False),
        ("\x01javascript:alert('{file}{line}')", False),
        ("{file}:{line}", False),
    ],
)
def test_a_setting_is_an_editor_or_a_url_with_file_and_line(value, valid):
    assert is_editor(value) is valid
