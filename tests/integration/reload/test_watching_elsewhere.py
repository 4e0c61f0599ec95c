"""Reloads for files outside the project, and in folders that do not exist yet or are not watched otherwise."""

from __future__ import annotations

import subprocess

import pytest
from support.helpers import Browser, Served, serve, serve_command, unavailable
from support.reloading import answers_with, wait_until, write_version


def takes_version_from(project, line):
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text().replace('VERSION = "one"', line))


@pytest.mark.parametrize("damage", ["def broken(:\n", "raise ValueError\n", None])
def test_a_module_outside_the_project_that_is_broken_or_missing_from_the_start_is_loaded_once_it_works(
    project, tmp_path, damage
):
    outside = tmp_path / "outside"
    outside.mkdir()
    if damage is not None:
        (outside / "shared_part.py").write_text(damage)
    write_version(project, "one")
    takes_version_from(project, "from shared_part import NAME as VERSION")
    with serve(project, "--reload", PYTHONPATH=str(outside)) as served:
        assert "does not load" in Browser(served.url).get("/version").text
        (outside / "shared_part.py").write_text("NAME = 'fixed'\n")
        wait_until(answers_with(served, "fixed"))
        (outside / "shared_part.py").write_text("def broken(:\n")
        wait_until(answers_with(served, "does not load"))
        (outside / "shared_part.py").write_text("NAME = 'fixed again'\n")
        wait_until(answers_with(served, "fixed again"))


def test_a_package_outside_the_project_may_be_added_and_removed(project, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    write_version(project, "one")
    takes_version_from(project, "from shared.part import NAME as VERSION")
    with serve(project, "--reload", PYTHONPATH=str(outside)) as served:
        assert "does not load" in Browser(served.url).get("/version").text
        (tmp_path / "shared").mkdir()
        (tmp_path / "shared/__init__.py").write_text("")
        (tmp_path / "shared/part.py").write_text("NAME = 'here'\n")
        for _ in range(2):
            (tmp_path / "shared").rename(outside / "shared")
            wait_until(answers_with(served, "here"))
            (outside / "shared").rename(tmp_path / "shared")
            wait_until(answers_with(served, "does not load"))


def test_the_targets_of_symbolic_links_are_watched(project, tmp_path):
    write_version(project, "one")
    root, ini = project / "hello/controllers/root.py", project / "development.ini"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (root, ini):
        path.rename(elsewhere / path.name)
        path.symlink_to(elsewhere / path.name)
    with serve(project, "--reload") as served:
        assert answers_with(served, "one")()
        text = (elsewhere / "root.py").read_text()
        (elsewhere / "root.py").write_text(text.replace('"one"', '"two"'))
        wait_until(answers_with(served, "two"))
        with (elsewhere / "development.ini").open("a") as file:
            file.write("\n[serve]\n")
        wait_until(answers_with(served, "section [serve] appears twice"))


def test_imported_modules_in_skipped_folders_are_watched(project):
    (project / "hello/data").mkdir()
    (project / "hello/data/__init__.py").write_text("VERSION = 'data one'\n")
    write_version(project, "one")
    takes_version_from(project, "from hello.data import VERSION")
    with serve(project, "--reload") as served:
        assert answers_with(served, "data one")()
        (project / "hello/data/__init__.py").write_text("VERSION = 'data two'\n")
        wait_until(answers_with(served, "data two"))


def test_a_missing_name_of_a_package_may_be_added_as_a_module(project):
    (project / "hello/data").mkdir()
    (project / "hello/data/__init__.py").write_text("")
    write_version(project, "one")
    takes_version_from(project, "from hello.data import later\nVERSION = later.NAME")
    with serve(project, "--reload") as served:
        assert "does not load" in Browser(served.url).get("/version").text
        (project / "hello/data/later.py").write_text("NAME = 'here'\n")
        wait_until(answers_with(served, "here"))


@pytest.mark.parametrize("limit", ["max_inotify_instances", "max_inotify_watches"])
def test_at_the_inotify_limit_files_are_polled_and_a_warning_says_so(project, limit):
    """The limits apply in a user namespace."""
    write_version(project, "one")
    few = f'echo 1 > /proc/sys/user/{limit} && echo 0 > /proc/sys/user/{limit} && exec "$@"'
    if subprocess.run(["unshare", "-Ur", "sh", "-c", few, "sh", "true"], check=False).returncode != 0:
        unavailable("this system sets no limits on watching in a namespace")
    with Served(["unshare", "-Ur", "sh", "-c", few, "sh", *serve_command("--reload")], project) as served:
        for version in ("two", "three"):
            write_version(project, version)
            wait_until(answers_with(served, version))
        assert served.output.count("polling for changes instead; raise fs.inotify.") == 1


def test_a_package_folder_that_is_moved_away_and_back_is_noticed(project):
    write_version(project, "one")
    with serve(project, "--reload") as served:
        (project / "hello").rename(project.parent / "aside")
        wait_until(answers_with(served, "does not load"))
        (project.parent / "aside").rename(project / "hello")
        wait_until(answers_with(served, "one"))


@pytest.mark.parametrize("name", ["my-packages", "old-site-packages"])
def test_a_project_may_be_in_a_folder_whose_name_resembles_site_packages(project, tmp_path, name):
    place = tmp_path / name / "hello"
    place.parent.mkdir()
    project.rename(place)
    write_version(place, "v0")
    with serve(place, "--reload", PYTHONDONTWRITEBYTECODE="") as served:
        for number in range(1, 5):
            write_version(place, f"v{number}")
            wait_until(answers_with(served, f"v{number}"))


def test_a_module_that_raises_when_asked_for_its_file_does_not_stop_the_load(project):
    write_version(project, "one")
    root = project / "hello/controllers/root.py"
    root.write_text(
        root.read_text()
        + "\nimport sys, types\nclass Lazy(types.ModuleType):\n"
        + "    def __getattribute__(self, name):\n        raise RuntimeError(name)\n"
        + "sys.modules['lazy'] = Lazy('lazy')\n"
    )
    with serve(project, "--reload") as served:
        assert answers_with(served, "one")()


def test_a_new_file_in_a_new_folder_that_matches_a_glob_is_a_change(project):
    write_version(project, "one")
    takes_version_from(project, "import pathlib\nVERSION = ' '.join(map(str, pathlib.Path('texts').rglob('*.md')))")
    with serve(project, "--reload", "--watch", "./texts/**/*.md") as served:
        (project / "texts").mkdir()
        (project / "texts/first.md").write_text("")
        wait_until(answers_with(served, "texts/first.md"))
        (project / "texts/deep").mkdir()
        (project / "texts/deep/second.md").write_text("")
        wait_until(answers_with(served, "texts/deep/second.md"))
