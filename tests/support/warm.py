"""The same ``run`` and ``serve`` as in helpers, in about a tenth of the time.

Most of the time of a command is spent importing TurboGears, other libraries and gearbox_lite, and the tests start
hundreds of them. So ``warm_process.py`` imports all this once for each pytest process, and forks for each command. What
is tested is still a real process, with its own arguments, folder, environment, streams, signals and exit code. The
server's own fork server cannot do this, since it forks workers that it wires to a supervisor and not commands; nor can
multiprocessing's, whose children inherit streams, folder and environment.

Use it to test what gearbox-lite does. Tests of how it starts, which modules it imports, or how several workers behave
take the installed program of helpers.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from support import helpers
from support.helpers import PROGRAM, TEST_TIMEOUT


@functools.cache
def forking_process() -> socket.socket:
    """Start the process to fork from, which exits with this one, and return the socket that takes requests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("warm_process.py"), str(theirs.fileno())],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


class Process:
    """The part of ``subprocess.Popen`` that the tests use."""

    def __init__(self, command: list[str], streams: list[int], cwd: Path | None, environment: dict[str, str]) -> None:
        wanted = {"command": command, "cwd": str(cwd or Path.cwd()), "environment": environment}
        self._report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(forking_process(), [json.dumps(wanted).encode()], [*streams, theirs.fileno()])
        self.pid = int(self._report.recv(20))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._report], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("gearbox-lite", timeout)
            self.returncode = int(self._report.recv(20))
            self._report.close()
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    *arguments: object, cwd: Path | None = None, typed: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run gearbox-lite until it exits; ``typed`` is its standard input."""
    command = [PROGRAM, *map(str, arguments)]
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3)]
        streams[0].write(typed)
        streams[0].seek(0)
        process = Process(command, [stream.fileno() for stream in streams], cwd, {**os.environ, **environment})
        try:
            code = process.wait(TEST_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        for stream in streams:
            stream.seek(0)
        errors = helpers.LINES_OF_THE_MACHINE.sub("", streams[2].read())
        return subprocess.CompletedProcess(command, code, streams[1].read(), errors)


class Served(helpers.Served):
    """A gearbox-lite process, from its banner to its exit."""

    def _start(self, command: list[str], cwd: Path, pass_fds: tuple[int, ...], environment: dict[str, str]) -> Process:
        assert not pass_fds
        reading, writing = os.pipe()
        with Path(os.devnull).open() as nothing:
            process = Process(command, [nothing.fileno(), writing, writing], cwd, environment)
        os.close(writing)
        process.stdout = os.fdopen(reading)
        return process


def serve(project: Path, *arguments: object, **environment: str) -> Served:
    """Start ``gearbox-lite serve`` in a project's folder, on a free port unless the arguments name one."""
    return Served(helpers.serve_command(*arguments), project, **environment)


def session_of(project: Path) -> str | None:
    """Create a session by visiting the project, and return its cookie."""
    with serve(project) as served:
        browser = helpers.Browser(served.url)
        browser.get("/setsession")
        return browser.cookie("hello")


def refused(project: Path, *arguments: object, code: int = 2, **environment: str) -> str:
    """Start ``serve``, and return the one line of error that it ends with."""
    result = run("serve", "--no-reload", *arguments, cwd=project, **environment)
    assert result.returncode == code, result.stderr
    assert "Serving" not in result.stdout
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Warning: ")]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    return lines[0].removeprefix("Error: ")
