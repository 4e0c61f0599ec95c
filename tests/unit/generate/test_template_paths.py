"""Rendered paths: what cannot be written on every system, or beside another path."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from gearbox_lite.generate.paths import Taken, refusal


@pytest.mark.parametrize(
    "path",
    ["/a", "..", "a/../b", "../a", ".", "a/./b", "", "a//b", "a/", ".git", "a/.GIT/config", "git~1", "nul", "a/Con.txt",
     "COM1", "lpt¹.x", "aux .h", "a\\b", "C:", "C:/x", "a\0", "a\n", "a\x1b[2J", "\udcff", "a.", "a ", "x?", "a*", 'a"',
     "a|b", "a\u202eb", "a/" + "é" * 128],
)  # fmt: skip
def test_refused(path):
    assert refusal(path)


@pytest.mark.parametrize(
    "path",
    [
        "a",
        ".gitignore",
        ".github/x",
        "a/b.c",
        "console",
        "com10",
        "null",
        "a b",
        "é",
        ".env",
        "-x",
        "~",
        "a'b",
        "$x",
        "a/" + "b" * 255,
    ],
)
def test_allowed(path):
    assert refusal(path) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [("a", "A"), ("a/b", "a"), ("a", "a/b"), ("a", "A/b"), ("A/b", "a/c"), ("a/B/c", "a/b/d"), ("straße", "STRASSE"),
     ("e\u0301", "\u00e9")],
)  # fmt: skip
def test_two_paths_that_meet_on_some_file_system(first, second):
    taken = Taken()
    assert taken.add(PurePosixPath(first)) is None
    assert taken.add(PurePosixPath(second)) is not None


def test_paths_beside_each_other():
    taken = Taken()
    assert [taken.add(PurePosixPath(path)) for path in ("a/b", "a/c", "ab", "d/a/b")] == [None] * 4
