"""waitress' own functional tests, run against our server."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest
from support import helpers
from support.helpers import unavailable

WRITES_TEXT = "its application writes str; ours answers 500, waitress sends 200 and headers before it notices"
DIFFERENCES = {
    f"{kind}InternalServerErrorTests.{name}": WRITES_TEXT
    for kind in ("Tcp", "Unix")
    for name in ("test_after_write_cb", "test_in_generator")
}
"""Tests that are meant to fail, and why."""


@pytest.fixture
def suite(request) -> Path:
    """The folder of the source distribution of the installed waitress, downloaded once."""
    name = f"waitress-{version('waitress')}"
    folder = request.config.cache.mkdir(name)
    if not (folder / name).exists():
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--no-binary",
            "waitress",
            "--no-build-isolation",
        ]
        result = subprocess.run(
            [*command, "--dest", folder, name.replace("-", "==")], capture_output=True, text=True, check=False
        )
        if result.returncode:
            unavailable(f"{name} cannot be downloaded: {result.stderr}")
        with tarfile.open(folder / f"{name}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return folder / name


def test_our_server_passes_waitress_own_functional_tests(suite):
    runner = Path(helpers.__file__).with_name("waitress_suite.py")
    result = subprocess.run([sys.executable, runner, suite], capture_output=True, text=True, timeout=300, check=True)
    report = json.loads(result.stdout.splitlines()[-1])
    assert report["run"] > 130
    assert report["skipped"] == 0
    unexpected = {name: text for name, text in report["failed"].items() if name not in DIFFERENCES}
    assert unexpected == {}
    assert DIFFERENCES.keys() == report["failed"].keys(), "a difference that is listed does not exist any more"
