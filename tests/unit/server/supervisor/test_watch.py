"""Which files matter to a running project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gearbox_lite.server.supervisor.watch import Changes, WatchFilter


@pytest.fixture
def watch_filter(tmp_path):
    return WatchFilter(
        tmp_path, [str(tmp_path / "development.ini"), "/elsewhere/part.py"], ("data/*.json",), ("drafts_*.py", "old/*")
    )


@pytest.mark.parametrize(
    "name",
    ["hello/controllers/root.py", "development.ini", "websetup.py", "data/menu.json", "/elsewhere/part.py"],
)
def test_code_inis_modules_outside_the_project_and_watch_globs_are_changes(watch_filter, tmp_path, name):
    assert watch_filter.covers(str(tmp_path / name))


@pytest.mark.parametrize(
    "name",
    [
        *("hello/templates/index.jinja", "hello/public/style.css", "README.md", "other.ini"),
        *("data/sessions/a.py", ".git/hooks/a.py", "hello/__pycache__/root.cpython-311.pyc", ".venv/lib/a.py"),
        *("hello/.#root.py", "hello/root.py~", "hello/.root.py.swp", "hello/4913", "hello/root.py.bak"),
        *("hello/drafts_a.py", "old/hello/root.py", "/elsewhere/other.py", "node_modules/a.py"),
    ],
)
def test_templates_data_caches_and_editors_files_are_not_changes(watch_filter, tmp_path, name):
    assert not watch_filter.covers(str(tmp_path / name))


@pytest.mark.parametrize("name", ["hello/templates/index.jinja", "hello/public/style.css", "hello/public/logo.PNG"])
def test_templates_and_public_files_matter_to_open_pages(watch_filter, tmp_path, name):
    assert watch_filter.covers_page_file(str(tmp_path / name))


@pytest.mark.parametrize(
    "name",
    [
        *("hello/controllers/root.py", "development.ini", "data/menu.json", "hello.db", "hello/index.jinja~"),
        *("data/upload.png", ".git/index.html", "old/page.html", "node_modules/a.css", "/elsewhere/style.css"),
    ],
)
def test_code_data_and_ignored_files_are_no_files_of_open_pages(watch_filter, tmp_path, name):
    assert not watch_filter.covers_page_file(str(tmp_path / name))


def test_a_template_that_watch_names_leads_to_a_reload_instead(tmp_path):
    watching = WatchFilter(tmp_path, [], ("hello/*.jinja",), ())
    path = str(tmp_path / "hello/index.jinja")
    assert (watching.covers(path), watching.covers_page_file(path)) == (True, False)


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
def test_globs_match_the_same_files_however_they_are_written(tmp_path, pattern, name):
    root = tmp_path / "a [strange] name"
    watching = WatchFilter(root, [], (pattern,), ())
    path = str(Path(root, name))
    assert watching.covers(os.path.normpath(path))
    assert not watching.covers(os.path.normpath(path) + ".bak")
    assert not WatchFilter(root, [], (pattern,), (pattern,)).covers(os.path.normpath(path))


def test_the_folders_of_globs_are_watched_or_their_nearest_parents_that_exist(tmp_path):
    root, shared = tmp_path / "a [strange] name", tmp_path / "shared"
    for folder in (root / "texts/deep/er", shared):
        folder.mkdir(parents=True)
    globs = ("texts/**/*.md", "../shared/*.md", "later/on/*.md")
    watched = WatchFilter(root, [str(shared / "gone/part.py")], globs, ()).folders()
    assert watched == sorted(map(str, [root, root / "texts", root / "texts/deep", root / "texts/deep/er", shared]))


def test_a_reload_brings_the_files_that_changed_before_it_began_and_those_of_reloads_that_came_to_nothing():
    changes = Changes()
    changes.note(["b.py", "a.py"])
    changes.begin()
    changes.note(["c.py"])
    files, milliseconds = changes.take()
    assert files == ["a.py", "b.py"]
    assert milliseconds is not None
    assert milliseconds >= 0
    changes.begin()
    changes.note(["a.py", "c.py"])
    changes.begin()
    assert changes.take()[0] == ["a.py", "c.py"]


def test_a_reload_that_no_change_led_to_has_no_files_and_no_duration():
    changes = Changes()
    changes.begin()
    assert changes.take() == ([], None)
