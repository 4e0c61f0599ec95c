"""Under a process manager: sockets from systemd, messages to it, and a pid file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import sys

import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT, Browser, Served, run, serve, unavailable
from support.reloading import wait_until

STAND_IN = """
import os, sys
descriptors = [int(number) for number in os.environ.pop("PASS").split()]
for wanted, descriptor in enumerate(descriptors, 3):
    os.dup2(descriptor, wanted, inheritable=True)
os.environ.update(LISTEN_FDS=str(len(descriptors)), LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Does what systemd does between fork and exec."""


@contextlib.contextmanager
def under_systemd(project, tmp_path, listeners, *arguments):
    """Serve on passed sockets, and yield the server and the messages that it sends to systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as messages, contextlib.ExitStack() as stack:
        messages.bind(str(tmp_path / "notify"))
        messages.settimeout(TEST_TIMEOUT)
        high = [stack.enter_context(at_a_high_number(listener)) for listener in listeners]
        numbers = tuple(file.fileno() for file in high)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "PASS": " ".join(map(str, numbers))}
        command = [sys.executable, "-c", STAND_IN, PROGRAM, "serve", *arguments]
        with Served(command, project, pass_fds=numbers, **environment) as served:
            yield served, messages
    (tmp_path / "notify").unlink()


@contextlib.contextmanager
def at_a_high_number(file):
    """Yield a copy of an open file whose number the stand-in does not overwrite."""
    number = fcntl.fcntl(file.fileno(), fcntl.F_DUPFD, 50)
    with os.fdopen(number, "rb", buffering=0) as copy:
        yield copy


@pytest.mark.parametrize("arguments", [["--no-reload"], ["--workers", "2", "--no-reload"], ["--reload"]])
def test_sockets_from_systemd_are_served_and_it_is_notified_of_each_change(project, tmp_path, arguments):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://localhost:{listener.getsockname()[1]}"
        early = socket.create_connection(listener.getsockname())  # before the server has started
        early.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with under_systemd(project, tmp_path, [listener], *arguments) as (served, messages):
            assert served.url == url
            assert messages.recv(100) == b"READY=1"
            assert early.recv(100).startswith(b"HTTP/1.0 200")
            assert Browser(url).get("/").status == 200
            served.process.send_signal(signal.SIGHUP)
            assert messages.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert messages.recv(100) == b"READY=1"
            served.process.send_signal(signal.SIGTERM)
            assert messages.recv(100) == b"STOPPING=1"
            assert served.process.wait(TEST_TIMEOUT) == 0
        late = socket.create_connection(listener.getsockname())  # while no server runs, as during an upgrade
        late.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with under_systemd(project, tmp_path, [listener], *arguments):
            assert late.recv(100).startswith(b"HTTP/1.0 200")
            late.close()
        early.close()


def test_each_passed_socket_is_served_even_two_on_one_port(project, tmp_path):
    """As with ListenStream=127.0.0.1:8080 and ListenStream=[::1]:8080."""
    with socket.socket() as four, socket.socket(socket.AF_INET6) as six:
        four.bind(("127.0.0.1", 0))
        port = four.getsockname()[1]
        try:
            six.bind(("::1", port))
        except OSError:
            unavailable("this machine has no IPv6")
        for listener in (four, six):
            listener.listen()
        with under_systemd(project, tmp_path, [four, six], "--reload") as (served, _):
            for host in ("127.0.0.1", "[::1]"):
                assert Browser(f"http://{host}:{port}").get("/").status == 200
            assert served.end() == 0


def test_a_debug_page_is_not_served_to_other_machines_on_a_passed_socket_either(project, tmp_path):
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        with pytest.raises(AssertionError, match=r"LISTEN_FDS = http\S+ lets other machines connect while debug"):
            with under_systemd(project, tmp_path, [listener]):
                pass


def test_a_passed_socket_that_others_can_use_shows_no_debug_page(project, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "passed.sock"))
        (tmp_path / "passed.sock").chmod(0o666)
        listener.listen()
        with pytest.raises(AssertionError, match=r"LISTEN_FDS = \S+ \(mode 666\) lets other users connect while debug"):
            with under_systemd(project, tmp_path, [listener]):
                pass


def test_a_passed_descriptor_that_is_not_a_listening_socket_is_one_line(project, tmp_path):
    with (
        (tmp_path / "file").open("w") as plain,
        pytest.raises(AssertionError, match="descriptor 3 is not a listening stream socket"),
    ):
        with under_systemd(project, tmp_path, [plain]):
            pass


@pytest.mark.parametrize("arguments", [["--no-reload"], ["--workers", "2"]])
def test_the_pid_file_exists_while_requests_are_answered_and_is_removed_at_shutdown(project, arguments):
    path = project / "server.pid"
    path.write_text("123\n")  # of a server that was killed
    with serve(project, "--pid-file", path, *arguments) as served:
        wait_until(lambda: path.read_text() == f"{served.process.pid}\n")
        assert Browser(served.url).get("/").status == 200
        assert served.end() == 0
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/server.pid", "nowhere/server.pid: there is no folder"),
        ("hello", "hello: this is a folder; write hello/server.pid"),
        ("development.ini", "development.ini: this file is not a pid file; choose another name"),
    ],
)
def test_an_invalid_pid_file_or_one_that_would_overwrite_something_is_refused(project, name, message):
    before = (project / "development.ini").read_text()
    result = run("serve", "--port=0", f"--pid-file={name}", cwd=project)
    assert result.returncode == 2
    assert result.stderr.startswith(f"Error: --pid-file: {message}")
    assert result.stderr.count("\n") == 1
    assert (project / "development.ini").read_text() == before
