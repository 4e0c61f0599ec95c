"""Which files a running project is made of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gearbox_lite.server.supervisor.watch import WatchFilter


@pytest.fixture
def interest(tmp_path):
    return WatchFilter(
        tmp_path, [str(tmp_path / "development.ini"), "/elsewhere/part.py"], ("data/*.json",), ("drafts_*.py", "old/*")
    )


@pytest.mark.parametrize(
    "name",
    ["hello/controllers/root.py", "development.ini", "websetup.py", "data/menu.json", "/elsewhere/part.py"],
)
def test_code_inis_modules_from_elsewhere_and_watched_globs_are_changes(interest, tmp_path, name):
    assert interest.covers(str(tmp_path / name))


@pytest.mark.parametrize(
    "name",
    [
        *("hello/templates/index.jinja", "hello/public/style.css", "README.md", "other.ini"),
        *("data/sessions/a.py", ".git/hooks/a.py", "hello/__pycache__/root.cpython-311.pyc", ".venv/lib/a.py"),
        *("hello/.#root.py", "hello/root.py~", "hello/.root.py.swp", "hello/4913", "hello/root.py.bak"),
        *("hello/drafts_a.py", "old/hello/root.py", "/elsewhere/other.py", "node_modules/a.py"),
    ],
)
def test_pages_data_caches_and_editors_files_are_none(interest, tmp_path, name):
    assert not interest.covers(str(tmp_path / name))


def test_folders_without_source_are_not_watched(tmp_path):
    for name in ("hello/lib", "data/sessions", ".git/objects", "env37/lib", "hello/__pycache__"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "env37/pyvenv.cfg").touch()
    watched = WatchFilter(tmp_path, [], ("data/*.json",), ()).folders()
    assert watched == sorted(str(tmp_path / name) for name in (".", "data", "hello", "hello/lib"))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        *(("./data/*.json", "data/a.json"), ("data//*.json", "data/a.json"), ("../shared/*.md", "../shared/a.md")),
        *(("texts/**/*.md", "texts/a.md"), ("texts/**/*.md", "texts/deep/er/a.md"), ("**/*.md", "a.md")),
        ("/abs/*.md", "/abs/a.md"),
    ],
)
def test_globs_mean_the_same_however_they_are_written(tmp_path, pattern, name):
    root = tmp_path / "a [strange] name"
    watching = WatchFilter(root, [], (pattern,), ())
    path = str(Path(root, name))
    assert watching.covers(os.path.normpath(path))
    assert not watching.covers(os.path.normpath(path) + ".bak")
    assert not WatchFilter(root, [], (pattern,), (pattern,)).covers(os.path.normpath(path))


def test_the_folders_of_globs_are_watched_and_the_nearest_of_those_that_are_missing(tmp_path):
    root, shared = tmp_path / "a [strange] name", tmp_path / "shared"
    for folder in (root / "texts/deep/er", shared):
        folder.mkdir(parents=True)
    globs = ("texts/**/*.md", "../shared/*.md", "later/on/*.md")
    watched = WatchFilter(root, [str(shared / "gone/part.py")], globs, ()).folders()
    assert watched == sorted(map(str, [root, root / "texts", root / "texts/deep", root / "texts/deep/er", shared]))
