"""Pid files and unix sockets: removed at shutdown, and replaced by the next server if this one was killed."""

from __future__ import annotations

import os
import signal
import socket
import threading

import pytest
from support.helpers import PROGRAM, add_line, line_of, set_option
from support.reloading import wait_until, write_version
from support.warm import Served, run, serve

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.server.listen import unix_socket


@pytest.fixture
def slow_project(project):
    """A project that listens at web.sock and whose /slow finishes only once the file ``go`` exists."""
    write_version(project, "one")
    ini = project / "development.ini"
    set_option(ini, "host", None)
    set_option(ini, "port", None)
    add_line(ini, "server:main", "unix_socket = web.sock")
    return project


@pytest.mark.parametrize("arguments", [["--no-reload"], ["--reload"]])
def test_a_second_sigterm_leaves_neither_pid_file_nor_socket(slow_project, arguments):
    socket_path, pid_path = slow_project / "web.sock", slow_project / "server.pid"
    command = [PROGRAM, "serve", *arguments, "--pid-file", pid_path, "--drain-timeout", "50"]
    with Served(command, slow_project, "Serving at unix:") as served, socket.socket(socket.AF_UNIX) as client:
        wait_until(pid_path.exists)
        client.connect(str(socket_path))
        client.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        wait_until((slow_project / "started").exists)

        def ends() -> bool:
            served.process.send_signal(signal.SIGTERM)
            return served.process.poll() is not None

        wait_until(ends)
        assert served.process.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert not socket_path.exists()
    assert not pid_path.exists()


def test_the_pid_file_and_socket_of_a_killed_server_do_not_stop_the_next_one(slow_project):
    socket_path, pid_path = slow_project / "web.sock", slow_project / "server.pid"
    command = [PROGRAM, "serve", "--no-reload", "--pid-file", pid_path]
    with Served(command, slow_project, "Serving at unix:") as served:
        wait_until(pid_path.exists)
        served.end(signal.SIGKILL)
    assert socket_path.exists()
    pid_path.write_text(f"{os.getpid()}\n")  # another process may have its id by now
    with Served(command, slow_project, "Serving at unix:") as served:
        wait_until(lambda: pid_path.read_text() == f"{served.process.pid}\n")
        assert served.end() == 0
    assert not socket_path.exists()
    assert not pid_path.exists()


def test_the_pid_file_of_a_running_server_is_not_taken(project):
    path = project / "server.pid"
    with serve(project, "--pid-file", path) as served:
        wait_until(path.exists)
        result = run("serve", "--port=0", "--no-reload", "--pid-file=server.pid", cwd=project)
        assert result.returncode == 1
        assert result.stderr == (
            f"Error: --pid-file: server.pid: this is the pid file of process {served.process.pid}, which is running; "
            "stop it, or choose another name\n"
        )
        assert path.read_text() == f"{served.process.pid}\n"
        assert served.end() == 0


def test_a_pid_file_that_another_process_has_replaced_is_kept(project):
    path = project / "server.pid"
    with serve(project, "--pid-file", path) as served:
        wait_until(path.exists)
        path.unlink()
        path.write_text("1\n")
        assert served.end() == 0
    assert path.read_text() == "1\n"


@pytest.mark.parametrize("target", ["precious", "missing"])
def test_a_pid_file_that_is_a_symbolic_link_is_refused(project, target):
    (project / "precious").write_text("123\n")
    (project / "server.pid").symlink_to(project / target)
    result = run("serve", "--port=0", "--no-reload", "--pid-file=server.pid", cwd=project)
    assert result.returncode == 2
    assert result.stderr == "Error: --pid-file: server.pid: this is a symbolic link; choose another name\n"
    assert (project / "precious").read_text() == "123\n"
    assert not (project / "missing").exists()


def test_a_pid_file_that_is_a_fifo_is_refused_without_blocking(project):
    os.mkfifo(project / "server.pid")
    result = run("serve", "--port=0", "--no-reload", "--pid-file=server.pid", cwd=project)
    assert result.returncode == 2
    assert "server.pid: this file is not a pid file" in result.stderr


def test_a_socket_path_that_is_a_symbolic_link_is_refused(slow_project):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(slow_project / "other.sock"))
    (slow_project / "web.sock").symlink_to("other.sock")
    result = run("serve", "--no-reload", cwd=slow_project)
    assert result.returncode == 1
    at = f"development.ini:{line_of(slow_project / 'development.ini', 'unix_socket =')}"
    assert result.stderr == f"Error: {at}: unix_socket = web.sock: a file is in the way; remove it\n"
    assert (slow_project / "other.sock").is_socket()


def test_of_servers_that_start_at_the_same_time_at_one_path_exactly_one_listens(tmp_path):
    """Each finds the socket that a killed server has left."""
    path = Setting("unix_socket", str(tmp_path / "web.sock"), Location("x.ini", 1))
    for _ in range(30):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path.value)
        bound, refused, start = [], [], threading.Barrier(4)

        def begin(start=start, bound=bound, refused=refused) -> None:
            start.wait()
            try:
                bound.append(unix_socket.bind_path(path, 0o600))
            except UserError as error:
                refused.append(error.message)

        threads = [threading.Thread(target=begin) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(bound) == 1
        assert all("another program listens there" in message for message in refused), refused
        with bound[0], socket.socket(socket.AF_UNIX) as client:
            client.connect(path.value)
        (tmp_path / "web.sock").unlink()
