"""Mounting a controller inserts two lines and changes no other byte, or is refused."""

from __future__ import annotations

import difflib

import pytest

from gearbox_lite.generate.scaffolding import mount

WANTED = mount.Mount("movies", "hello.controllers.movies", "MoviesController")

GENERATED = '''"""The root."""

from tg import expose, session

from hello.controllers.error import ErrorController
from hello.lib.base import BaseController


class RootController(BaseController):
    """Answers /."""

    error = ErrorController()

    @expose()
    def index(self):
        return "x"
'''


def added(source: str, **options) -> list[tuple[int, str]]:
    """Return the inserted lines with their numbers, after checking that nothing else changed."""
    changed = mount.insert_mount(source.encode(**options), WANTED)
    assert changed is not None
    before, after = source.splitlines(keepends=True), changed.decode().splitlines(keepends=True)
    lines = list(difflib.ndiff(before, after))
    assert not [line for line in lines if line[0] == "-"]
    compile(changed, "root.py", "exec")
    numbered = enumerate((line for line in lines if line[0] in " +"), 1)
    return [(number, line[2:]) for number, line in numbered if line[0] == "+" and line[2:].strip()]


def test_a_generated_project_gets_a_sorted_import_and_a_mount_below_the_others():
    assert added(GENERATED) == [
        (6, "from hello.controllers.movies import MoviesController\n"),
        (14, "    movies = MoviesController()\n"),
    ]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("class RootController:\n    pass\n", (1, 3)),
        ('"""Doc."""\n\nclass RootController:\n    """Doc."""\n\n    def index(self):\n        pass\n', (3, 8)),
        ("from tg import (\n    expose,\n)\nclass RootController:\n    @expose()\n    def a(self): pass\n", (5, 7)),
        ("from __future__ import annotations\n\n\nclass RootController:\n\tx = 1\n", (3, 8)),
        ("import tg; x = 1\nclass RootController:\n    x = {\n        1: 2,\n    }\n    y = 1\n", (3, 9)),
        ("from hello.lib import base\nclass RootController(\n    base.B\n):\n    # why\n    a: int = 1\n", (1, 8)),
        ("class RootController:\n    a = 1\n\nfrom hello.lib import late\n", (1, 4)),
    ],
)
def test_other_shapes_of_source_get_them_in_the_right_lines(source, lines):
    assert tuple(number for number, _ in added(source)) == lines


def test_line_endings_and_indentation_match_the_file():
    source = GENERATED.replace("    ", "\t").replace("\n", "\r\n")
    assert added(source)[1] == (14, "\tmovies = MoviesController()\r\n")
    assert all(line.endswith("\r\n") for _, line in added(source))


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"class RootController:\n    def broken(\n",
        b"class Other:\n    pass\n",
        b"class RootController: pass\n",
        b"class RootController:\n    a = 1",
        b"class RootController:\n    pass\nclass RootController:\n    pass\n",
        b"if True:\n    class RootController:\n        pass\n",
        b"RootController = object\n",
        b'class RootController:\n    a = 1; print("""\n""")\n',
        b"class RootController:\r    pass\r",
        b"\xef\xbb\xbfclass RootController:\n    pass\n",
        "# coding: latin-1\n# \xe9\nclass RootController:\n    pass\n".encode("latin-1"),
        b"class RootController:\n    pass\n\x0c\n",
    ],
)
def test_source_that_is_not_safe_to_edit_is_not_changed(source):
    assert mount.insert_mount(source, WANTED) is None


def test_bound_names_finds_the_names_in_a_class_body():
    assert mount.bound_names(GENERATED.encode()) == {"error", "index"}
    assert mount.bound_names(b"class RootController:\n    a, (b, c) = x\n    d: int = 1\n    class E: pass\n") == set(
        "abcdE"
    )
    assert mount.bound_names(b"class Broken(") == set()
