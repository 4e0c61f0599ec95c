"""Which files a running project is made of."""

from __future__ import annotations

import pytest

from gearbox_lite.server.watch import Interest


@pytest.fixture
def interest(tmp_path):
    return Interest(
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
    watched = Interest(tmp_path, [], ("data/*.json",), ()).folders()
    assert watched == sorted(str(tmp_path / name) for name in (".", "data", "hello", "hello/lib"))
