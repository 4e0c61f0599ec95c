"""Inherited and unreadable inis: reported in one line and watched, and the server keeps running."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from support.helpers import (
    LINES_OF_THE_MACHINE,
    PROGRAM,
    Browser,
    Served,
    as_ordinary_user,
    line_of,
    serve_command,
    set_option,
)
from support.reloading import answers_with, wait_until, write_version
from support.warm import run, serve


def inherit(project, use, base):
    """Move [app:hello] of a project into another ini, and return that one."""
    ini = project / "development.ini"
    before, header, rest = ini.read_text().partition("[app:hello]\n")
    own, mark, after = rest.partition("\n[")
    ini.write_text(f"{before}{header}use = {use}\n{mark}{after}")
    base.parent.mkdir(exist_ok=True)
    base.write_text(f"[app:main]\n{own}\n")
    return base


def unreadable(path):
    path.chmod(0)


def folder(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def restore(path, text):
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    path.write_text(text)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [(unreadable, "cannot be read: Permission denied; make it readable"), (folder, "not an ini"), (pipe, "not an ini")],
)
@pytest.mark.parametrize("name", ["development.ini", "base.ini"])
def test_an_ini_that_becomes_unreadable_is_an_error_page_until_it_is_fixed(project, name, damage, reason):
    write_version(project, "good")
    inherit(project, "config:base.ini", project / "base.ini")
    text = (project / name).read_text()
    with Served(as_ordinary_user(*serve_command("--reload")), project) as served:
        assert answers_with(served, "good")()
        damage(project / name)
        wait_until(answers_with(served, reason))
        restore(project / name, text)
        wait_until(answers_with(served, "good"))
        assert served.end() == 0


@pytest.mark.parametrize("name", ["%00", "x" * 300, "nowhere.ini", ".", "development.ini/base.ini"])
def test_an_impossible_inherited_ini_is_an_error_page_with_the_line_that_names_it(project, name):
    write_version(project, "good")
    ini = project / "development.ini"
    inherit(project, "config:base.ini", project / "base.ini")
    text = ini.read_text()
    with serve(project, "--reload") as served:
        ini.write_text(text.replace("config:base.ini", f"config:{name}"))
        wait_until(answers_with(served, f"development.ini:{line_of(ini, 'use = config')}: use = config:{name}: "))
        ini.write_text(text)
        wait_until(answers_with(served, "good"))


@pytest.mark.parametrize(
    "command", [["serve", "--no-reload"], ["serve", "--no-reload", "-c"], ["check"], ["routes"], ["shell", "--config"]]
)
@pytest.mark.parametrize("name", ["development.ini", "base.ini"])
def test_an_unreadable_ini_is_one_line_in_every_command(project, command, name):
    inherit(project, "config:base.ini", project / "base.ini")
    (project / name).chmod(0)
    result = finished(as_ordinary_user(PROGRAM, *command, "development.ini"), project)
    assert (
        LINES_OF_THE_MACHINE.sub("", result.stderr)
        == f"Error: {name}: cannot be read: Permission denied; make it readable\n"
    )
    assert result.returncode == (1 if command == ["check"] else 2)


def finished(command, project):

    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("name", ["x" * 300, "development.ini/x.ini"])
def test_an_impossible_file_name_is_one_line(project, name):
    result = run("serve", name, cwd=project)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith(f"Error: {name}: cannot be accessed: ")
    assert result.stderr.endswith("; correct the name, or make its folder readable\n")


def test_a_pipe_is_refused_as_an_ini_without_waiting_for_it(project):
    os.mkfifo(project / "pipe.ini")
    result = run("serve", "pipe.ini", cwd=project)
    assert result.returncode == 2
    assert result.stderr.startswith(
        "Error: pipe.ini: this is a device or a pipe, not an ini; found nearby: development.ini"
    )


def test_a_nul_character_is_named_with_its_line(project):
    ini = project / "development.ini"
    ini.write_text(ini.read_text() + "\n[app:x]\nuse = config:a\0b\n")
    result = run("serve", "--no-reload", cwd=project)
    assert result.stderr == (
        f"Error: development.ini:{line_of(ini, 'use = config')}: this line has a NUL character; remove it\n"
    )


@pytest.mark.parametrize(
    ("use", "base"),
    [
        ("config:%(here)s/other/base.ini", "base.ini"),
        ("config:other/my%%20base.ini", "my base.ini"),
        ("config:%(base)s", "base.ini"),
        ("config:other/my base.ini#main", "my base.ini"),
    ],
)
def test_an_inherited_ini_is_watched_and_gets_the_environment_however_its_path_is_written(project, use, base):
    write_version(project, "good")
    base = inherit(project, use, project / "other" / base)
    base.write_text(base.read_text() + "name = %(ENV_SITE_NAME)s\n")
    if "(base)" in use:
        ini = project / "development.ini"
        ini.write_text(ini.read_text().replace("[DEFAULT]\n", "[DEFAULT]\nbase = other/base.ini\n"))
    text = base.read_text()
    with serve(project, "--reload", SITE_NAME="b%a") as served:
        assert answers_with(served, "good")()
        base.write_text(text.replace("[app:", "[app"))
        wait_until(answers_with(served, "does not load"))
        base.write_text(text)
        wait_until(answers_with(served, "good"))


def test_an_inherited_ini_unreadable_at_the_start_is_served_once_it_is_readable(project):
    write_version(project, "good")
    base = inherit(project, "config:base.ini", project / "base.ini")
    base.chmod(0)
    with Served(as_ordinary_user(*serve_command("--reload")), project) as served:
        assert "base.ini: cannot be read: Permission denied; make it" in Browser(served.url).get("/version").text
        base.chmod(0o600)
        wait_until(answers_with(served, "good"))


def test_a_removed_project_folder_is_an_error_page_and_the_server_keeps_running(project):
    write_version(project, "good")
    with serve(project, "--reload") as served:
        assert answers_with(served, "good")()
        shutil.rmtree(project)
        wait_until(answers_with(served, "development.ini: there is no such file; restore it"))
        assert served.end() == 0


def test_logging_gets_a_percent_sign_from_the_environment(project):
    ini = project / "development.ini"
    set_option(ini, "class", "FileHandler")
    set_option(ini, "args", "('%(ENV_LOG_FILE)s',)")
    with serve(project, LOG_FILE="b%a.log"):
        assert (project / "b%a.log").exists()
