"""Rendered paths: which are invalid on some system, and which collide."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from gearbox_lite.generate.paths import PathCollisions, path_problem


@pytest.mark.parametrize(
    "path",
    ["/a", "..", "a/../b", "../a", ".", "a/./b", "", "a//b", "a/", ".git", "a/.GIT/config", "git~1", "nul", "a/Con.txt",
     "COM1", "lpt¹.x", "aux .h", "a\\b", "C:", "C:/x", "a\0", "a\n", "a\x1b[2J", "\udcff", "a.", "a ", "x?", "a*", 'a"',
     "a|b", "a\u202eb", "a/" + "é" * 128],
)  # fmt: skip
def test_an_invalid_path_is_refused(path):
    assert path_problem(path)


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
def test_a_valid_path_is_allowed(path):
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [("a", "A"), ("a/b", "a"), ("a", "a/b"), ("a", "A/b"), ("A/b", "a/c"), ("a/B/c", "a/b/d"), ("straße", "STRASSE"),
     ("e\u0301", "\u00e9")],
)  # fmt: skip
def test_two_paths_that_are_the_same_on_some_file_system_collide(first, second):
    collisions = PathCollisions()
    assert collisions.add(PurePosixPath(first)) is None
    assert collisions.add(PurePosixPath(second)) is not None


def test_different_paths_do_not_collide():
    collisions = PathCollisions()
    assert [collisions.add(PurePosixPath(path)) for path in ("a/b", "a/c", "ab", "d/a/b")] == [None] * 4
