"""Syntax errors of an ini: one line each, with the line's number, and without text that may be a key."""

from __future__ import annotations

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.ini.parsing.ini_file import IniFile
from gearbox_lite.ini.parsing.lines import is_literal
from gearbox_lite.ini.parsing.text import read_text

KEY = "d2f5fbd20c3a4b8f03a7cbb6f4d0e9ad"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{KEY}\n[a]\n", "a.ini:1: a setting before any [section]; begin the ini with a section such as [DEFAULT]"),
        ("[a\nx = 1\n", "a.ini:1: '[a' is not a section header; close it with ]"),
        (f"[a]\nx = 1\n{KEY}\n", "a.ini:3: this line is neither a setting nor a [section]; write it as: name = value"),
        ("[a]\n[b\n", "a.ini:2: '[b' is not a section header; close it with ]"),
        (
            "[a]\nx = 1\nx = 2\n",
            "a.ini:3: x is set twice in [a], first on line 2; remove or comment out one of the two",
        ),
        ("[a]\n[b]\n[a]\n", "a.ini:3: section [a] appears twice; merge the two"),
        ("\ufeff[a]\n", "a.ini:1: the file begins with a byte order mark, which PasteDeploy does not read; save it as"),
        ("[a]\nx = \0\n", "a.ini:2: this line has a NUL character; remove it"),
    ],
)
def test_a_syntax_error_names_its_line_and_shows_no_key(tmp_path, text, message):
    ini = tmp_path / "a.ini"
    ini.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        IniFile(ini, {})
    assert raised.value.message.removeprefix(f"{tmp_path}/").startswith(message)
    assert KEY not in raised.value.message


def test_a_file_that_is_not_utf_8_or_no_file_is_one_error(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_bytes(b"[a]\nx = \xff\n")
    with pytest.raises(UserError, match=r"a\.ini:2: this is not UTF-8; save the file as UTF-8"):
        read_text(ini)
    with pytest.raises(UserError, match="this is a folder, not an ini; replace it with the ini"):
        read_text(tmp_path)
    with pytest.raises(UserError, match="there is no such file; restore it"):
        read_text(tmp_path / "b.ini")


def test_only_a_value_in_its_own_line_is_literal(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_text(
        "[DEFAULT]\nshared = 1\n[a]\nx = 1\ny = %(shared)s\nlong =\n  1\n  %(shared)s\n[b]\nx = %(shared)s\n"
    )
    file = IniFile(ini, {})
    assert {name: is_literal(item) for name, item in file.options("a").items()} == {
        "x": True,
        "y": False,
        "long": False,
    }
    assert is_literal(file.get("b", "x")) is False
    assert is_literal(file.get("a", "shared")) is True
    assert is_literal(file.get("a", "here")) is False
