"""An address that serve cannot listen on is refused in one line, with the reason and a remedy."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support.helpers import PROGRAM, Served, add_line, free_port, line_of, set_option, unavailable
from support.helpers import run as installed_run
from support.warm import refused


@pytest.mark.parametrize(
    ("port", "problem"),
    [("abc", "not a port number"), ("70000", "out of range"), ("-1", "not a port number"), ("", "not a port number"),
     ("80 80", "not a port number"), ("8080 ; web", "not a port number")],
)  # fmt: skip
def test_an_invalid_port_is_reported_with_its_line_or_option(project, port, problem):
    ini = project / "development.ini"
    set_option(ini, "port", port)
    line = line_of(ini, "port =")
    message = refused(project)
    shown = f"port = {port}".rstrip()
    assert message.startswith(f"development.ini:{line}: {shown}: {problem}")
    assert ("comment needs a line of its own" in message) == (";" in port)
    set_option(ini, "port", "8080")
    assert refused(project, f"--port={port}").startswith(f"--port: {shown}: {problem}")


def this_process():
    """Return this process as the message for a port in use names it."""
    words = psutil.Process().cmdline()
    name = Path(words[1]).name if not words[1].startswith("-") else psutil.Process().name()
    return f"{name} (process {os.getpid()})"


def test_a_port_in_use_is_reported_with_its_line_its_owner_and_a_free_port(project):
    ini = project / "development.ini"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        set_option(ini, "port", str(port))
        message = refused(project, code=1)
        line = line_of(ini, "port =")
        assert message.startswith(
            f"development.ini:{line}: port = {port}: {this_process()} listens on 127.0.0.1:{port}; stop it, or"
        )
        _, *way_out = shlex.split(re.search(r"stop it, or choose another port: (.*)$", message)[1])
        with Served([PROGRAM, *way_out], project) as served:  # the command that was refused, with another port
            assert served.url.endswith(way_out[-1])
        assert refused(project, "--port", port, code=1).startswith(f"--port: port = {port}: {this_process()} listens")


def test_without_psutil_a_port_in_use_is_refused_without_the_name_of_the_process(project, tmp_path):
    (tmp_path / "psutil.py").write_text("raise ImportError('as if it were not installed')\n")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = installed_run("serve", "--port", port, cwd=project, PYTHONPATH=str(tmp_path))
    assert result.returncode == 1
    assert re.fullmatch(
        rf"Error: --port: port = {port}: another program listens on 127.0.0.1:{port}; stop it, or choose another port: "
        r"\S*gearbox-lite serve --port \d+\n",
        result.stderr,
    )


def test_a_host_that_does_not_resolve_or_is_not_local_is_refused(project):
    set_option(project / "development.ini", "debug", "false")
    assert "host = no.such.host.invalid: this host has no address" in refused(project, "--host", "no.such.host.invalid")
    assert "this machine does not have that address" in refused(project, "--host", "192.0.2.1", code=1)


def privileged_port_command():
    """Return the words that start a command for which port 1 is forbidden, also if this is root.

    Some machines let everyone listen on every port, as Docker's do; a new network namespace does not.
    """
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) > 1:
        words = []
    else:
        words = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-current-user"])]
    if os.geteuid() == 0:
        words += ["setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service", "--"]
    if words and subprocess.run([*words, "true"], check=False, timeout=30).returncode:
        unavailable("this user cannot start a program for which port 1 is forbidden")
    return words


def test_a_privileged_port_is_refused_with_the_first_port_that_is_not():
    code = (
        "from gearbox_lite.errors import Location, Setting, UserError\n"
        "from gearbox_lite.server.listen.address import addresses\n"
        "from gearbox_lite.server.listen.bind import bind_addresses\n"
        "options = {name: Setting(name, value, Location(f'--{name}')) for name, value in OPTIONS.items()}\n"
        "try: bind_addresses({str(one): one for one in addresses(options)})\n"
        "except UserError as error: print(error.code, error.message)\n"
    ).replace("OPTIONS", "{'host': '0.0.0.0', 'port': '1'}")
    result = subprocess.run(
        [*privileged_port_command(), sys.executable, "-c", code],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert result.stdout.startswith(
        "1 --port: port = 1: only an administrator may listen on port 1; choose a port from 1024"
    ), result.stderr


def test_the_port_of_another_server_is_checked_too(project):
    ini = project / "development.ini"
    set_option(ini, "use", "egg:gunicorn#main")
    set_option(ini, "port", str(free_port()))
    set_option(ini, "threads", None)
    assert "not a port number" in refused(project, "--port", "abc")
    assert "lets other machines connect" in refused(project, "--host", "0.0.0.0")
    set_option(ini, "host", None)
    assert "add host = 127.0.0.1 to [server:main], or set debug = false" in refused(project)
    add_line(ini, "server:main", "bind = 0.0.0.0:8080")
    assert "bind = 0.0.0.0:8080 lets other machines connect" in refused(project)
