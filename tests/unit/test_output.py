"""Nothing that is shown controls the terminal."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys

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
    """Except for the help that click prints; the other two only quote a print."""
    writers = {
        path.relative_to(CODE).as_posix()
        for path in CODE.rglob("*.py")
        if re.search(r"\b(click\.s?echo|print|sys\.std(out|err)\.write)\(", path.read_text())
    }
    assert writers == {"cli.py", "sessions/settings/parse.py", "value_syntax.py"}


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "é 大"), ("ascii", "é 大"), ("latin-1", r"é \u5927")],
)
def test_a_terminal_of_any_encoding_is_written_to(encoding, shown):
    """ASCII is what Python takes from LC_ALL=C, and no statement about the terminal."""
    code = "from gearbox_lite.output import show; show('é 大')"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True, timeout=30)
    assert result.stdout.decode("latin-1" if encoding == "latin-1" else "utf-8") == f"{shown}\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_error_is_shown_in_any_encoding(encoding):
    code = "from gearbox_lite.output import show_error; show_error('大')"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True, timeout=30)
    assert result.stderr == b"Error: \\u5927\n"
