"""The built wheel contains the templates, and quickstart works from it."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile

from support.helpers import copy_repository, run


def test_quickstart_from_an_installed_wheel_writes_the_same_project(tmp_path):
    source = copy_repository(tmp_path / "source")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, source],
        check=True, timeout=120,
    )  # fmt: skip
    wheel = next(tmp_path.glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert "gearbox_lite/templates/turbogears/tree/.gitignore.j2" in names
    assert "gearbox_lite/templates/scaffold/controller/template.toml" in names
    assert not any(name.startswith(("templates/", "tests/")) for name in names)

    environment = tmp_path / "environment"
    venv.create(environment)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", environment, "install", "-q", "--no-compile", wheel],
        check=True, timeout=300,
    )  # fmt: skip
    work = tmp_path / "work"
    work.mkdir()
    subprocess.run(
        [environment / "bin/gearbox-lite", "quickstart", "theirs"],
        cwd=work,
        check=True,
        capture_output=True,
        timeout=30,
    )
    run("quickstart", "theirs", "-o", tmp_path)
    ours = sorted(path.relative_to(tmp_path / "theirs") for path in (tmp_path / "theirs").rglob("*"))
    assert sorted(path.relative_to(work / "theirs") for path in (work / "theirs").rglob("*")) == ours
