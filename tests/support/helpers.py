"""What most integration tests need: run gearbox-lite, quickstart a project, edit its ini, serve it, and visit it."""

from __future__ import annotations

import atexit
import functools
import http.cookiejar
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).parents[2]
PROGRAM = str(Path(sys.executable).parent / "gearbox-lite")
TUTORIAL = REPOSITORY / "tests" / "data" / "tutorial.txt"
TEST_TIMEOUT = 60.0
"""Seconds after which a process that does not answer is killed. It only keeps a broken test from hanging."""


LINES_OF_THE_MACHINE = re.compile(
    r'^(Warning: |\{.*"message": "|.*\[gearbox_lite\.server\] )(running as root|still loading), .*\n', re.MULTILINE
)
"""The warnings of a server that runs as root, as CI may, or loads slowly since the machine is busy.

test_root.py and test_code_that_stops.py test them, all others ignore them."""


def run(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed gearbox-lite until it exits."""
    result = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=TEST_TIMEOUT,
        check=False,
    )
    result.stderr = LINES_OF_THE_MACHINE.sub("", result.stderr)
    return result


def new_project(folder: Path, name: str = "hello", *options: str) -> Path:
    """Copy a project that quickstart wrote into ``folder`` and return its own folder."""
    return shutil.copytree(_quickstarted(name, *options), folder / name)


@functools.cache
def _quickstarted(name: str, *options: str) -> Path:
    from support import warm  # which imports this module

    folder = Path(tempfile.mkdtemp(prefix="gearbox-lite-"))
    atexit.register(shutil.rmtree, folder)
    result = warm.run("quickstart", name, *options, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / name


WITHOUT_PRIVILEGE = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps"]
WITHOUT_PRIVILEGE += ["-dac_override,-dac_read_search", "--"]
"""Root can read every file; as root, tests of unreadable files put this before the command."""


def as_ordinary_user(*command: str) -> list[str]:
    """Return a command that runs without root's right to read and write every file."""
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            unavailable("setpriv is not installed")
        return [*WITHOUT_PRIVILEGE, *command]
    return list(command)


def copy_repository(folder: Path) -> Path:
    """Copy the repository's own files to a new folder, without what tools have written beside them, and return it."""
    written = {".git", ".nox", ".venv", "dist", "hello", "site"}
    caches = shutil.ignore_patterns(".*_cache", ".hypothesis", "__pycache__")
    top = os.fspath(REPOSITORY)
    return shutil.copytree(
        top, folder, ignore=lambda here, names: {*caches(here, names), *(written if here == top else ())}
    )


def fresh_environment(folder: Path) -> Path:
    """Create a virtual environment that sees what this one has installed, and return its interpreter.

    Projects can be installed into it in a second, without changing the environment of the tests.
    """
    venv.create(folder, symlinks=True)
    show_outer_packages(folder)
    return folder / "bin" / "python"


def show_outer_packages(folder: Path) -> None:
    """Let a virtual environment see what this one has installed."""
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (site / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")


def tutorial_controller() -> str:
    """Return the controller of the tutorial's text, unchanged."""
    text = TUTORIAL.read_text(encoding="utf-8")
    return text[text.index("from hello.lib.base") : text.index("Enter http://localhost")]


def set_option(ini: Path, option: str, value: str | None) -> None:
    """Edit one line of an ini as a user would; None comments it out."""
    text = ini.read_text()
    line = f"#{option}" if value is None else f"{option} = {value}"
    active = re.search(rf"^{re.escape(option)} *=", text, re.MULTILINE)
    mark = "" if active else "#"
    text, count = re.subn(rf"^{mark}{re.escape(option)} *=.*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    assert count == 1, f"{option} is not in {ini}"
    ini.write_text(text)


def add_line(ini: Path, section: str, line: str) -> int:
    """Insert a line right under a section's header and return its number."""
    lines = ini.read_text().splitlines()
    number = lines.index(f"[{section}]") + 1
    lines.insert(number, line)
    ini.write_text("\n".join(lines) + "\n")
    return number + 1


def set_serve(ini: Path, *lines: str) -> Path:
    """Give an ini a section [serve] of exactly these lines, and return the ini."""
    text = re.sub(r"^\[serve\]\n.*?(?=^\[|\Z)", "", ini.read_text(), flags=re.MULTILINE | re.DOTALL)
    ini.write_text("\n".join([text.rstrip(), "", "[serve]", *lines, ""]))
    return ini


def use_store(project: Path, options: dict[str, str]) -> Path:
    """Change a project's session store as a user who edits the ini, and return the ini."""
    ini = project / "development.ini"
    for name, value in options.items():
        if name in ("session.type", "session.secret", "session.data_dir", "session.url"):
            set_option(ini, name, value)
        elif name != "session.key":
            add_line(ini, "filter:session", f"{name} = {value}")
    return ini


def line_of(ini: Path, start: str) -> int:
    """Return the number of the first line that starts with ``start``."""
    lines = ini.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(start))


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or fail it if GEARBOX_LITE_REQUIRE_SERVICES says that everything is installed, as in CI."""
    if os.environ.get("GEARBOX_LITE_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def nginx_check(folder: Path, servers: str) -> subprocess.CompletedProcess[str]:
    """Let nginx check the contents of its ``http`` block."""
    program = Path("/usr/sbin/nginx")
    if not program.exists():
        unavailable("nginx is not installed")
    (folder / "nginx.conf").write_text(f"pid {folder}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{servers}}}\n")
    return subprocess.run(
        [program, "-t", "-e", "stderr", "-c", folder / "nginx.conf"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def units_check(folder: Path, units: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Let systemd check units, given by their names."""
    if shutil.which("systemd-analyze") is None:
        unavailable("systemd-analyze is not installed")
    folder.mkdir(exist_ok=True)
    for name, text in units.items():
        (folder / name).write_text(re.sub(r"=/srv/\S+/gearbox-lite", f"={PROGRAM}", text))
    return subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(folder.iterdir())],
        capture_output=True, text=True, timeout=30, check=False, env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )  # fmt: skip


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Browser:
    """An HTTP client that keeps cookies between requests, as a visitor's browser does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        )

    def get(self, path: str, **headers: str) -> Answer:
        return self._open(urllib.request.Request(self.url + path, headers=headers))

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        body = urllib.parse.urlencode(fields).encode()
        return self._open(urllib.request.Request(self.url + path, body, headers=headers))

    def _open(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=TEST_TIMEOUT) as response:
                return Answer(response.status, response.headers.items(), response.read().decode(errors="replace"))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, list(error.headers.items()), error.read().decode())

    def cookie(self, name: str) -> str | None:
        return next((cookie.value for cookie in self.jar if cookie.name == name), None)


class Served:
    """A server process, from its banner to its exit; use it as a context manager."""

    def __init__(
        self,
        command: list[object],
        cwd: Path,
        ready: str = r'Serving at (http://[^\s"]+)',
        pass_fds: tuple[int, ...] = (),
        timeout: float = TEST_TIMEOUT,
        **environment: str,
    ):
        words = [str(word) for word in command]
        self.process = self._start(words, cwd, pass_fds, {**os.environ, "PYTHONUNBUFFERED": "1", **environment})
        self._watchdog = threading.Timer(timeout, self.process.kill)
        self._watchdog.start()
        self.output = ""
        self.url = self._wait_for(ready)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _start(
        self, command: list[str], cwd: Path, pass_fds: tuple[int, ...], environment: dict[str, str]
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, cwd=cwd, env=environment, pass_fds=pass_fds,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def _wait_for(self, ready: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += LINES_OF_THE_MACHINE.sub("", line)
            found = re.search(ready, line)
            if found:
                return found[1] if found.groups() else ""
        self._watchdog.cancel()
        self.process.wait()
        self.process.stdout.close()
        raise AssertionError(f"the server exited: {self.output}")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += LINES_OF_THE_MACHINE.sub("", line)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code once the process has exited and all its output has been read."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait()
        self._watchdog.cancel()
        self._reader.join()
        return code

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)
        assert self.process.stdout is not None
        self.process.stdout.close()


def serve(project: Path, *arguments: object, **environment: str) -> Served:
    """Start ``gearbox-lite serve`` in a project's folder, by default on a free port and without reload."""
    return Served(serve_command(*arguments), project, **environment)


def serve_command(*arguments: object) -> list[object]:
    """Return the command line of ``serve``; --keep-port and --keep-reload leave these settings to the ini."""
    port = [] if "--port" in arguments or "--keep-port" in arguments else ["--port", "0"]
    reload = [] if {"--reload", "--no-reload", "--keep-reload"} & set(map(str, arguments)) else ["--no-reload"]
    words = [word for word in arguments if word not in ("--keep-port", "--keep-reload")]
    return [PROGRAM, "serve", *words, *port, *reload]
