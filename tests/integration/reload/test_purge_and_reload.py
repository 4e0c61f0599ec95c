"""``session purge --all`` of cookie sessions tells the running server, and no other process, to load the new key."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.helpers import Browser, run, serve, set_option, set_serve
from support.reloading import wait_until

PURGE = ("session", "purge", "--all", "--yes", "--pid-file", "server.pid")


def test_purge_invalidates_the_sessions_of_the_running_server(project):
    set_serve(project / "development.ini", "reload = false", "workers = 2")
    with serve(project, "--pid-file", "server.pid") as served:
        browser = Browser(served.url)
        browser.get("/setsession")
        cookie = f"hello={browser.cookie('hello')}"
        assert "MVL" in Browser(served.url).get("/getsession", Cookie=cookie).text
        result = run(*PURGE, cwd=project)
        assert result.returncode == 0, result.stderr
        assert f"Sent SIGHUP to the server, process {served.process.pid};" in result.stdout
        wait_until(lambda: "MVL" not in Browser(served.url).get("/getsession", Cookie=cookie).text)


def test_a_stale_pid_file_signals_no_other_process_and_changes_nothing(project):
    before = (project / "development.ini").read_bytes()
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, cwd=project)
    (project / "server.pid").write_text(f"{other.pid}\n")
    result = run(*PURGE, cwd=project)
    assert result.returncode == 1
    assert "is not a gearbox-lite serve of this user, so no signal was sent" in result.stderr
    assert other.poll() is None
    other.communicate(b"\n")
    assert other.returncode == 0
    gone = run(*PURGE, cwd=project)
    assert gone.returncode == 1
    assert "the pid file is stale, or the server has exited" in gone.stderr
    assert (project / "development.ini").read_bytes() == before


@pytest.mark.parametrize("content", ["", "hello", "0", "1", "-5", "1_2", "9" * 20, "9" * 40, None])
def test_what_is_not_a_pid_file_is_refused_before_anything_changes(project, content):
    if content is not None:
        (project / "server.pid").write_text(content)
    before = (project / "development.ini").read_bytes()
    result = run(*PURGE, cwd=project)
    assert result.returncode == 2
    assert result.stderr.startswith("Error: --pid-file: server.pid: ")
    assert (project / "development.ini").read_bytes() == before


@pytest.mark.parametrize("kind", ["FIFO", "folder", "endless"])
def test_a_pid_file_that_is_not_a_regular_file_is_refused_without_blocking(project, kind):
    path = project / "server.pid"
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    result = run(*PURGE, cwd=project)
    assert result.returncode == 2
    assert result.stderr.startswith("Error: --pid-file: server.pid: ")


def test_no_signal_is_sent_if_the_key_is_not_in_the_ini(project):
    """The ini has not changed, so the server has nothing to load."""
    set_option(project / "development.ini", "session.validate_key", "%(ENV_HELLO_KEY)s")
    (project / "server.pid").write_text(f"{os.getpid()}\n")
    result = run(*PURGE, cwd=project, HELLO_KEY="6d25cf734c49a1dd273e4d8fab5f5bdb8d1099ec05e8fdc7c1d734777648ab73")
    assert result.returncode == 0, result.stderr
    assert "nothing was written" in result.stdout
    assert "SIGHUP to the server" not in result.stdout


def test_the_pid_file_option_is_refused_for_sessions_without_cookies(project):
    set_option(project / "development.ini", "session.type", "memory")
    result = run(*PURGE, cwd=project)
    assert result.returncode == 2
    assert "--pid-file is only for --all with cookie sessions" in result.stderr
