"""Follows the pages of the documentation: runs their commands, writes their files, and visits their addresses."""

from __future__ import annotations

import html
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path

from gearbox_lite.ini.parsing.ini_file import IniFile
from support.docs.pages import Block, Stop, Visit, commands, patched, pattern, steps, with_settings
from support.helpers import (
    LINES_OF_THE_MACHINE,
    TEST_TIMEOUT,
    Browser,
    copy_repository,
    fresh_environment,
    new_project,
    show_outer_packages,
)

SERVER = re.compile(r"^(?:gearbox-lite(?: -v)? serve|gunicorn|pserve|gearbox serve)\b|--serve\b")
STARTS = ("clone", "environment", "project")
"""What a page takes for granted (``start`` in its front matter): a clone of this repository in the home folder, an
active environment with gearbox-lite as well, or that and a project, whose folder is the current one."""
END = "--- end of command"


class Terminal:
    """A bash that takes one command after the other."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.environment = environment
        self.folder = folder
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, env=environment, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.active = Path(environment.get("VIRTUAL_ENV", "")).name

    def run(self, command: str) -> tuple[int, str]:
        """Run a command to its end; return its exit code and what it printed."""
        stdin, stdout = self._process.stdin, self._process.stdout
        stdin.write(f'{{ {command}\n}} </dev/null\nprintf \'\\n{END} %s %s %s\\n\' "$?" "$PWD" "$VIRTUAL_ENV"\n')
        stdin.flush()
        watchdog = threading.Timer(5 * TEST_TIMEOUT, self.close)
        watchdog.start()
        output = ""
        for line in stdout:
            if line.startswith(END):
                break
            output += line
        else:
            raise AssertionError(f"the shell ended: {command}\n{output}")
        watchdog.cancel()
        code, folder, environment = line[len(END) + 1 : -1].split(" ")
        self.folder, self.active = Path(folder), Path(environment).name
        output = LINES_OF_THE_MACHINE.sub("", output).removesuffix("\n")
        return int(code), output if not output or output.endswith("\n") else output + "\n"

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


class Reader:
    """Follows pages, one after the other, as a reader at a terminal does."""

    def __init__(self, home: Path, start: str, *, install: bool = False, port: int = 8080) -> None:
        """Prepare the home folder.

        Unless ``install`` is true, pip finds all that it is to install, except our own wheel. ``port`` takes the
        place of 8080, in what the pages say and in what quickstart writes, so that pages can be followed in parallel.
        """
        assert start in STARTS
        self._install = install
        self._port = str(port)
        self.home = home
        self.log = home.parent / "server.log"
        self._start = self._prepare(start)
        self._terminals = [self._terminal()]
        self._server: int | None = None
        self._browser: Browser | None = None

    def _prepare(self, start: str) -> tuple[Path, dict[str, str]]:
        self.home.mkdir(exist_ok=True)
        programs = self.home.parent / "programs"
        programs.mkdir()
        (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
        environment = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        environment |= {"HOME": str(self.home), "PATH": f"{programs}:/usr/bin:/bin", "LANG": "C.UTF-8"}
        environment["PYTHONWARNINGS"] = "ignore:pkg_resources is deprecated as an API:UserWarning"  # Pyramid's
        copy_repository(self.home / "gearbox-lite")
        if not self._install:
            environment["PIP_NO_BUILD_ISOLATION"] = "0"
        if start == "clone":
            return self.home, environment
        python = fresh_environment(self.home / ".venv")
        add_programs(python, [*PROGRAMS, "gearbox-lite"])
        environment["VIRTUAL_ENV"] = str(python.parents[1])
        environment["PATH"] = f"{python.parent}:{environment['PATH']}"
        if start == "project":
            new_project(self.home)
            self._use_port()
        return self.home / ("hello" if start == "project" else ""), environment

    def _use_port(self) -> None:
        """Give the projects that have been written the port of this reader."""
        for path in [*self.home.rglob("*.ini"), *self.home.rglob("deploy/*")]:
            if not {"gearbox-lite", ".venv"} & set(path.parts):
                path.write_text(self._here(path.read_text()))

    def _here(self, text: str) -> str:
        return re.sub(r"\b8080\b", self._port, text)

    def _terminal(self) -> Terminal:
        return Terminal(*self._start)

    @property
    def terminal(self) -> Terminal:
        """The terminal in which the reader types: the server has the first."""
        if self._server and len(self._terminals) == 1:
            self._terminals.append(self._terminal())
        return self._terminals[1 if self._server else 0]

    def follow(self, page: Path) -> None:
        """Do all that a page says."""
        for step in steps(page, self._here):
            if isinstance(step, Stop):
                self.stop_server()
            elif isinstance(step, Visit):
                self._visit(step)
            elif step.language == "console":
                if not step.reason_not_to_run:
                    self._type(step)
            elif step.title and not step.reason_not_to_run:
                self._edit(step)

    def _type(self, block: Block) -> None:
        for environment, command, shown in commands(block.text):
            if SERVER.search(command):
                self.stop_server()
            terminal = self.terminal
            assert terminal.active == environment, f"{block}: the prompt is wrong: {command}"
            if SERVER.search(command):
                self._serve(block, command, shown)
                continue
            deadline = time.monotonic() + TEST_TIMEOUT
            code, output = terminal.run(command)
            while not pattern(shown).fullmatch(output) and command.startswith("curl ") and time.monotonic() < deadline:
                time.sleep(0.05)  # the server has not noticed the last edit yet
                code, output = terminal.run(command)
            if command.startswith("gearbox-lite quickstart"):
                self._use_port()
            if command.startswith("python3 -m venv ") and not self._install:
                made = terminal.folder / command.split()[-1]
                show_outer_packages(made)
                add_programs(made / "bin" / "python")
            assert pattern(shown).fullmatch(output), f"{block}: {command}\n{output}\n--- but the page shows\n{shown}"
            assert code == 0 or "rror" in shown, f"{block}: exit code {code}: {command}\n{output}"

    def _serve(self, block: Block, command: str, shown: str) -> None:
        """Start a server in the terminal, and wait until it has written what is shown."""
        assert not pattern(shown).fullmatch(""), (
            f"{block}: the page shows nothing that the server writes when it is ready"
        )
        self.log.write_text("")
        code, _ = self.terminal.run(
            f"set -m; ( {command} ) >{self.log} 2>&1 </dev/null & echo $! >{self.log}.pid; set +m"
        )
        assert code == 0
        self._server = int(Path(f"{self.log}.pid").read_text())
        deadline = time.monotonic() + TEST_TIMEOUT
        while not pattern(shown).match(LINES_OF_THE_MACHINE.sub("", self.log.read_text())):
            text = self.log.read_text()
            alive = Path(f"/proc/{self._server}").exists()
            assert alive, f"{block}: {command} ended\n{text}\n--- but the page shows\n{shown}"
            assert time.monotonic() < deadline, f"{block}: {command}\n{text}\n--- but the page shows\n{shown}"
            time.sleep(0.02)

    def _visit(self, visit: Visit) -> None:
        assert self._server, f"{visit}: no server runs at this point of the page"
        address = re.match(r"http://localhost:\d+", visit.url)[0]
        if self._browser is None or self._browser.url != address:
            self._browser = Browser(address)
        deadline = time.monotonic() + TEST_TIMEOUT
        while True:
            answer = self._browser.get(visit.url[len(address) :] or "/")
            text = " ".join(html.unescape(re.sub(r"<[^>]*>", "", answer.text)).split())
            if visit.shown in text and (visit.shown or answer.status == 200):
                return
            assert time.monotonic() < deadline, f"{visit} shows {answer.status}: {text}; not {visit.shown!r}"
            time.sleep(0.05)

    def _edit(self, block: Block) -> None:
        path = self._terminals[0].folder / block.title
        logged = len(self.log.read_text()) if self._server else 0
        if block.language == "diff":
            path.write_text(patched(path.read_text(), block))
        elif block.language == "ini" and path.exists():
            path.write_text(with_settings(path.read_text(), block.text))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
        if self._server and path.suffix in (".py", ".ini") and not path.name.startswith("test"):
            self._wait_for_reload(logged)
        if path.suffix == ".ini":
            parsed = IniFile(path, {})
            assert all(parsed.options(section) for section in parsed.sections() if section.startswith("session"))

    def _wait_for_reload(self, logged: int) -> None:
        """Wait until a server that reloads has noticed an edit, as a reader does who looks at its output."""
        deadline = time.monotonic() + TEST_TIMEOUT
        while not re.search(r"^(\d\d:\d\d:\d\d Reloaded|Error: )", self.log.read_text()[logged:], re.MULTILINE):
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def stop_server(self) -> None:
        if self._server is None:
            return
        os.killpg(self._server, signal.SIGINT)
        code, _ = self._terminals[0].run(f"wait {self._server}")
        self._server = None
        assert code == 0, self.log.read_text()

    def close(self) -> None:
        if self._server:
            os.killpg(self._server, signal.SIGKILL)
        for terminal in self._terminals:
            terminal.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


PROGRAMS = ("gunicorn", "pserve", "gearbox", "pytest", "pip")
"""Programs that pages have their readers install, and pip itself."""

PIP = """
import re
import runpy
from importlib.metadata import PackageNotFoundError, metadata

def is_installed(name):
    found = re.fullmatch(r"([\\w-]+)(?:\\[([\\w-]+)\\])?", name)
    try:
        return bool(found) and (found[2] is None or found[2] in metadata(found[1]).get_all("Provides-Extra"))
    except PackageNotFoundError:
        return False

if sys.argv[1:3] == ["install", "-q"] and all(is_installed(name) for name in sys.argv[3:]):
    sys.exit()
runpy.run_module("pip", run_name="__main__")
"""
"""What pip would find out in two seconds: that a package, with its extra, is installed already."""


def add_programs(python: Path, names: Iterable[str] = PROGRAMS) -> None:
    """Give an environment programs of this one, whose libraries it sees."""
    for entry in entry_points(group="console_scripts"):
        if entry.name in names:
            program = python.with_name(entry.name)
            call = f"from {entry.module} import {entry.attr}; sys.exit({entry.attr}())"
            code = PIP if entry.name == "pip" else call
            program.write_text(f"#!{python}\nimport sys\n{code}\n")
            program.chmod(0o755)
