"""Run a case with real processes, in each of its modes, and compare the whole lines that it is answered with."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from mistakes.case import MODES, Case
from mistakes.edits import with_lines
from support import warm
from support.helpers import LINES_OF_THE_MACHINE, PROGRAM, TEST_TIMEOUT, Browser

LABELED = re.compile(r"^(Error|Warning): (.*)$", re.MULTILINE)
CODE = re.compile(r" \[([a-z]+(?:-[a-z]+)+)\]$")
FOREIGN_FRAME = re.compile(r'File "[^"]*(?:site-packages|gearbox_lite|lib/python3[^"]*)/[^"]*", line')
KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Observed:
    """What a process has written until it exited, and what a page has shown if it served."""

    code: int
    output: str
    page: str
    served: bool

    @property
    def errors(self) -> list[str]:
        return [text for label, text in self._labeled() if label == "Error"]

    @property
    def warnings(self) -> list[str]:
        return [text for label, text in self._labeled() if label == "Warning"]

    def _labeled(self) -> list[tuple[str, str]]:
        """Return the lines with a label, and those of the log of production.ini, which is JSON once a server runs."""
        logged = [json.loads(line) for line in self.output.splitlines() if line.startswith("{")] if self.served else []
        return LABELED.findall(self.output) + [(entry["level"].capitalize(), entry["message"]) for entry in logged]


def observe(command: list[str], cwd: Path, visit: str, environment: dict[str, str]) -> Observed:
    """Run a command until it exits; if it serves, visit it and stop it."""
    reading, writing = os.pipe()
    with Path(os.devnull).open() as nothing:
        process = warm.Process([PROGRAM, *command], [nothing.fileno(), writing, writing], cwd, environment)
    os.close(writing)
    watchdog = threading.Timer(TEST_TIMEOUT, process.kill)
    watchdog.start()
    output, page, served = "", "", False
    with os.fdopen(reading, errors="replace") as lines:
        for line in lines:
            output += line
            found = re.search(r'Serving at (http://[^\s"]+)', line)
            if found and not served:
                served = True
                page = html.unescape(Browser(found[1]).get(visit or "/").text)
                process.send_signal(signal.SIGTERM)
    code = process.wait(TEST_TIMEOUT)
    watchdog.cancel()
    return Observed(code, LINES_OF_THE_MACHINE.sub("", output), page, served)


def run_case(case: Case, project: Path) -> None:
    """Make the edits, run every mode, and compare. Raises AssertionError that names the mode."""
    secrets = {key for ini in project.glob("*.ini") for key in KEY.findall(ini.read_text())} | set(case.secrets)
    numbers = [edit.apply(project) for edit in case.edits]
    place = project / (case.edits[-1].file if case.edits else case.ini)
    number = numbers[-1] if numbers else 0
    error, logged, *warnings = (
        with_lines(line.replace("<project>", str(project)), number, place)
        for line in (case.error, case.logged, *case.warnings)
    )
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **case.environment}
    folder = project.parent / case.folder
    if case.command:
        observed = observe(shlex.split(case.command), folder, case.visit, environment)
        compare(case, "command", observed, error, warnings, secrets)
        return
    for mode in case.modes:
        ini = [case.ini] if case.ini != "development.ini" else []
        port = ["--port", "0"] if MODES[mode][0] == "serve" and not case.keeps_port else []
        observed = observe([*MODES[mode], *ini, *port], folder, case.visit, environment)
        compare(case, mode, observed, error, warnings, secrets)
        if logged and observed.served:
            assert any(line.endswith(logged) for line in observed.output.splitlines()), f"{mode}: {observed.output}"
            assert logged in observed.page, "the debug page says the same"


def compare(case: Case, mode: str, observed: Observed, error: str, warnings: list[str], secrets: set[str]) -> None:
    output = f"{case.mistake}, {mode}:\n{observed.output}"
    assert observed.errors == ([error] if error else []), output
    found = sorted(CODE.sub("", line) for line in observed.warnings)
    if mode in ("routes", "shell"):
        assert not error or not found, output
    else:
        assert error or found == sorted(warnings), output
    if mode == "check" and not error:
        assert sorted(match[1] for line in observed.warnings if (match := CODE.search(line))) == sorted(case.codes)
    served = error and mode == "reload" and observed.served
    assert observed.code == (0 if not error or served else 1 if mode == "check" else case.exit_code), output
    if served and case.ini == "production.ini":
        assert "This site is being updated" in observed.page, observed.page
        assert error not in observed.page, "visitors are not told what is wrong"
    elif served:
        assert error in observed.page, observed.page
    assert not FOREIGN_FRAME.search(observed.output), output
    assert not [secret for secret in secrets if secret in observed.output + observed.page], output
