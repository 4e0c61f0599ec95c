"""Which files lead to a reload: everything that the running application consists of, and nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading

import pytest
from support.helpers import Browser, add_line, serve, set_serve
from support.reloading import answers_with, wait_until, write_version


def reloads(served):
    return served.output.count("Reloaded ")


def test_a_template_needs_no_reload_and_an_editors_rename_is_a_change_of_the_file(project):
    with serve(project, "--reload") as served:
        page = project / "hello/templates/index.jinja"
        page.write_text("it walks")
        wait_until(lambda: Browser(served.url).get("/").text == "it walks")
        assert reloads(served) == 0
        root = project / "hello/controllers/root.py"
        draft = project / "hello/controllers/.root.py.swp"
        write_version(project, "renamed")
        root.rename(draft)
        draft.rename(root)
        wait_until(answers_with(served, "renamed"))
        wait_until(lambda: reloads(served) == 1)
    line = r"^\d\d:\d\d:\d\d Reloaded hello/controllers/root\.py \((\d+ ms|\d+\.\d s)\)$"
    assert re.search(line, served.output, re.MULTILINE), served.output


def test_deleted_replaced_older_and_new_files_are_changes(project):
    """The application shows the new state; each step waits until it does."""
    root = project / "hello/controllers/root.py"
    write_version(project, "first")
    old = root.read_text().replace("first", "older")
    with serve(project, "--reload") as served:
        (project / "older.txt").write_text(old)
        os.utime(project / "older.txt", (1, 1))
        (project / "older.txt").replace(root)  # replaced by a file from 1970
        wait_until(answers_with(served, "older"))
        root.unlink()
        wait_until(lambda: Browser(served.url).get("/version").status == 500)
        (project / "hello/parts").mkdir()
        (project / "hello/parts/__init__.py").write_text("")
        (project / "hello/parts/one.py").write_text("VERSION = 'part one'\n")
        root.write_text(old.replace('VERSION = "older"', "from hello.parts.one import VERSION"))
        wait_until(answers_with(served, "part one"))
        (project / "hello/parts/one.py").write_text(
            "VERSION = 'part two'\n"
        )  # in a folder that was added while the server ran
        wait_until(answers_with(served, "part two"))


def test_two_saves_within_a_second_never_load_stale_bytecode(project):
    """Python's bytecode files contain whole seconds and sizes only, and these versions have the same size."""
    write_version(project, "v0")
    with serve(project, "--reload", PYTHONDONTWRITEBYTECODE="") as served:
        for number in range(1, 10):
            write_version(project, f"v{number}")
            wait_until(answers_with(served, f"v{number}"))


def test_a_switch_of_git_branches_is_one_reload_among_5000_files(project):
    for number in range(50):
        folder = project / f"hello/more/part{number}"
        folder.mkdir(parents=True)
        for name in range(100):
            (folder / f"m{name}.py").write_text("")
    write_version(project, "main")

    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=project, check=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "main")
    git("switch", "-q", "-c", "other")
    for path in (project / "hello/more").glob("part*/m1*.py"):
        path.write_text("other = 1\n")
    write_version(project, "other")
    git("commit", "-q", "-a", "-m", "other")
    with serve(project, "--reload") as served:
        assert Browser(served.url).get("/version").text == "other"
        served.process.send_signal(signal.SIGSTOP)  # so that the burst is one however slow this machine is
        git("switch", "-q", "main")
        served.process.send_signal(signal.SIGCONT)
        wait_until(answers_with(served, "main"))
        write_version(project, "next")
        wait_until(answers_with(served, "next"))
        assert reloads(served) == 2


def test_modules_outside_the_project_and_inis_it_inherits_from_are_watched(project, tmp_path):
    write_version(project, "one")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "shared_part.py").write_text("NAME = 'outside one'\n")
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text().replace('VERSION = "one"', "from shared_part import NAME as VERSION"))
    local = project / "local.ini"
    local.write_text("[server:main]\nuse = config:development.ini\n[app:main]\nuse = config:development.ini\n")
    with serve(project, "local.ini", "--reload", PYTHONPATH=str(outside)) as served:
        assert Browser(served.url).get("/version").text == "outside one"
        (outside / "shared_part.py").write_text("NAME = 'outside two'\n")
        wait_until(answers_with(served, "outside two"))
        add_line(project / "development.ini", "filter:session", "session.tiemout = 5")
        wait_until(answers_with(served, "did you mean session.timeout?"))


@pytest.mark.parametrize("where", ["[serve]", "options"])
def test_watch_and_ignore_globs_decide_what_else_is_a_change(project, where):
    """The application reads a file when it is loaded, from a folder that is not watched otherwise."""
    write_version(project, "one")
    (project / "data").mkdir()
    (project / "data/menu.json").write_text('"menu one"')
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text().replace('VERSION = "one"', 'VERSION = open("data/menu.json").read()'))
    options = ["--watch=data/*.json", "--watch=texts/*.md", "--ignore=hello/draft_*.py"]
    if where == "[serve]":
        set_serve(
            project / "development.ini", "reload = true", "watch = data/*.json texts/*.md", "ignore = hello/draft_*.py"
        )
        options = ["--keep-reload"]
    with serve(project, *options, *(["--reload"] if where == "options" else [])) as served:
        (project / "hello/draft_page.py").write_text("")
        threading.Event().wait(0.3)  # longer than a burst of changes, so that this one would be a reload of its own
        (project / "data/menu.json").write_text('"menu two"')
        wait_until(answers_with(served, "menu two"))
        assert reloads(served) == 1


def test_reload_can_be_turned_off_and_on_in_the_ini_while_the_server_runs(project):
    write_version(project, "one")
    ini = set_serve(project / "development.ini", "reload = true")

    def watches():
        listing = subprocess.run(
            ["ls", "-l", f"/proc/{served.process.pid}/fd"], capture_output=True, text=True, check=False
        )
        return "inotify" in listing.stdout

    with serve(project, "--keep-reload") as served:
        assert watches()
        set_serve(ini, "reload = false")
        wait_until(lambda: not watches())
        set_serve(ini, "reload = true")
        write_version(project, "two")
        served.process.send_signal(signal.SIGHUP)
        wait_until(watches)
        wait_until(answers_with(served, "two"))
