"""Nothing that is shown controls the terminal."""

from __future__ import annotations

import ast
import re

import pytest
from support.helpers import REPOSITORY

from gearbox_lite.output import printable, show

CODE = REPOSITORY / "gearbox_lite"


@pytest.mark.parametrize(
    "code", [*range(0x20), *range(0x7F, 0xA0), 0x200E, 0x2028, 0x2029, 0x202E, 0x2066, 0xFEFF, 0xDC80]
)
def test_no_control_character_is_shown(code, capsys):
    shown = printable(f"a{chr(code)}b")
    assert shown.isprintable()
    assert ast.literal_eval(f"'{shown}'") == f"a{chr(code)}b"
    show(f"a{chr(code)}b")
    assert capsys.readouterr().out == ("a\tb\n" if code == 9 else f"{shown}\n")


def test_letters_of_every_language_are_shown():
    assert printable("Größe 大小 🙂 é") == "Größe 大小 🙂 é"


def test_all_output_goes_through_the_one_function_that_escapes():
    """But the access log, which escapes by itself, and the help that click prints."""
    writers = {
        path.relative_to(CODE).as_posix()
        for path in CODE.rglob("*.py")
        if re.search(r"\b(click\.s?echo|print|sys\.std(out|err)\.write)\(", path.read_text())
    }
    assert writers == {"output.py", "errors.py", "cli.py", "server/http/access_log.py", "sessions/options.py"}
