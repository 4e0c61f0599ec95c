"""A server on a Unix socket, while its ini and its path change."""

from __future__ import annotations

import socket
import stat

import pytest
from support.helpers import add_line, line_of, serve_command, set_option
from support.reloading import wait_until
from support.warm import Served, run


@pytest.fixture
def ini(project):
    """The ini of a project that listens at web.sock."""
    ini = project / "development.ini"
    set_option(ini, "host", None)
    set_option(ini, "port", None)
    add_line(ini, "server:main", "unix_socket = web.sock")
    return ini


def serve_at_the_path(project):
    return Served(serve_command("--keep-port", "--reload"), project, "Serving at unix:")


def answers(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET /css/style.css HTTP/1.0\r\n\r\n")
        return client.recv(12) == b"HTTP/1.0 200"


def test_a_reload_applies_edited_permissions_to_the_socket(project, ini):
    path = project / "web.sock"
    set_option(ini, "debug", "false")
    with serve_at_the_path(project) as served:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        before = path.stat().st_ino
        add_line(ini, "server:main", "unix_socket_perms = 660")
        wait_until(lambda: "Reloaded " in served.output)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert path.stat().st_ino == before
        assert answers(path)
        assert served.end() == 0
    assert not path.exists()


def test_a_reload_recreates_a_removed_socket(project, ini):
    path = project / "web.sock"
    with serve_at_the_path(project) as served:
        path.unlink()
        add_line(ini, "server:main", "ident = again")
        wait_until(lambda: "Reloaded " in served.output)
        assert answers(path)
        assert "Now serving at unix:web.sock" in served.output
        assert served.end() == 0
    assert not path.exists()


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("/etc/passwd/x.sock", 1, "cannot listen there: Not a directory; choose a path in a folder, which /etc/passwd"),
        ("nowhere/x.sock", 1, "cannot listen there: No such file or directory; make the folder first: mkdir -p "),
        ("/proc/x.sock", 1, "cannot listen there: "),
        ("x" * 120, 1, "cannot listen there: AF_UNIX path too long; choose a shorter path"),
        ("", 2, "this is not a path; write the path of the socket, or remove the line"),
    ],
)
def test_an_impossible_socket_path_is_refused_with_its_line_and_a_remedy(project, ini, path, code, message):
    set_option(ini, "unix_socket", path)
    result = run("serve", "--no-reload", cwd=project)
    assert result.returncode == code
    shown = f"unix_socket = {path}".rstrip()
    assert result.stderr.startswith(f"Error: development.ini:{line_of(ini, 'unix_socket =')}: {shown}: {message}")
    assert result.stderr.count("\n") == 1
    assert "; " in result.stderr


def test_a_path_on_which_another_program_listens_is_refused_with_a_remedy(project, ini):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(project / "web.sock"))
        other.listen()
        result = run("serve", "--no-reload", cwd=project)
    assert result.returncode == 1
    assert result.stderr == (
        f"Error: development.ini:{line_of(ini, 'unix_socket =')}: unix_socket = web.sock: another program listens "
        "there; stop it, or choose another path\n"
    )
