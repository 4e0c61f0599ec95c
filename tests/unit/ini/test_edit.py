"""Editing an ini changes the given options and not one other byte."""

from __future__ import annotations

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.ini.edit import replace_options
from gearbox_lite.ini.parsing.ini_file import IniFile
from gearbox_lite.ini.parsing.lines import line_ranges

TEXT = """\
# first
[a]
x = 1
y = one
    two
    # inside
    three
# after
z : 3
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["", "  ", "\t"])
def test_only_the_option_and_its_continuation_lines_change(tmp_path, ending, indent):
    text = TEXT.replace("\n", ending)
    for name in "xyz":
        text = text.replace(f"{ending}{name} ", f"{ending}{indent}{name} ")
    text = text.replace(f"{ending}    ", f"{ending}{indent}    ")
    ini = tmp_path / "a.ini"
    ini.write_bytes(text.encode())
    replace_options(ini, {4: ["y = new", "w = 2"]})
    expected = text.partition(f"{indent}y ")[0] + f"{indent}y = new{ending}{indent}w = 2{ending}# after"
    assert ini.read_bytes().decode() == expected + text.partition("# after")[2]


def test_options_can_be_removed(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_text(TEXT)
    replace_options(ini, {3: [], 9: []})
    assert ini.read_text() == TEXT.replace("x = 1\n", "").replace("z : 3\n", "")


@pytest.mark.parametrize("text", ["a\x0cb = c", "a\u2028b = c", "a\x85b: c", "a\rb = c"])
def test_a_line_ends_where_configparser_ends_it(tmp_path, text):
    ini = tmp_path / "a.ini"
    ini.write_bytes(f"[a]\n# {text}\nx = 1\n".encode())
    assert IniFile(ini, {}).options("a")["x"].at.line == 3


def test_a_file_with_mixed_line_endings_is_changed_at_the_right_line(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_bytes(b"[a]\r\nx = 1\ny = 2\n")
    replace_options(ini, {line_ranges(ini.read_bytes().decode())["a", "y"].first: ["y = 3"]})
    assert ini.read_bytes() == b"[a]\r\nx = 1\ny = 3\n"


def test_a_line_that_is_no_longer_an_option_is_an_error_and_changes_nothing(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_text(TEXT)
    with pytest.raises(UserError, match=r"a\.ini:8: another program changed this line"):
        replace_options(ini, {8: ["x = 2"], 3: ["x = 2"]})
    assert ini.read_text() == TEXT
    assert list(tmp_path.iterdir()) == [ini]
