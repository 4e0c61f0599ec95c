"""The warning against running as root: serve shows it once, and check does not count it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT, Browser, free_port, unavailable

WARNING = "Warning: running as root, so a security hole in the application would expose the whole machine; "


@pytest.fixture(autouse=True)
def _as_root():
    if os.geteuid() != 0:
        unavailable("only root is warned")


@pytest.mark.parametrize("arguments", [["--no-reload"], ["--reload"], ["--workers", "3"]])
def test_serve_warns_about_root_once_with_any_number_of_processes(project, arguments):
    port = str(free_port())
    command = [PROGRAM, "serve", "--port", port, *arguments]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    first = process.stderr.readline()
    while not first.startswith(WARNING):
        first = process.stderr.readline()
        assert first
    assert Browser(f"http://127.0.0.1:{port}").get("/").status == 200
    process.terminate()
    _, rest = process.communicate(timeout=TEST_TIMEOUT)
    assert WARNING not in rest


def test_check_warns_about_root_without_counting_it(project):
    result = subprocess.run(
        [PROGRAM, "check", "--strict"], cwd=project, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=False
    )
    assert result.stderr.count(WARNING) == 1
    assert (result.returncode, result.stdout) == (0, "development.ini: no errors, no warnings\n")


@pytest.mark.parametrize(("become", "warnings"), [("", 1), ("os.setgid(65534); os.setuid(65534)", 0)])
def test_only_root_is_warned(become, warnings):
    code = f"import os; from gearbox_lite.commands.support.root_warning import warn_as_root; {become}\nwarn_as_root()"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=True)
    assert result.stderr.count("Warning: ") == result.stderr.count(WARNING) == warnings
