"""A file or folder of the project that the server may not read is named, with the remedy."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from support.helpers import PROGRAM, Browser, line_of, new_project, set_option, unavailable
from support.helpers import Served as InstalledServed

AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@pytest.fixture
def command(as_root):
    """Return the command that serves as another user."""
    if shutil.which("setpriv") is None:
        unavailable("setpriv is not installed")
    if subprocess.run([*AS_NOBODY, PROGRAM, "--version"], capture_output=True, check=False).returncode != 0:
        unavailable("this Python is in a folder that only root may read")
    return [*AS_NOBODY, PROGRAM, "serve", "--port", "0", "--no-reload"]


@pytest.fixture
def readable():
    """A project in folders that every user may read, as pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="gearbox-lite-") as folder:
        Path(folder).chmod(0o755)
        project = new_project(Path(folder))
        for path in [project, *project.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield project


def output_of(command, project):
    with pytest.raises(AssertionError, match="the server exited") as caught, InstalledServed(command, project):
        pass
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "mode", "message"),
    [
        ("hello/controllers/root.py", 0o600, "cannot read this file; chmod a+r hello/controllers/root.py, or change"),
        ("hello/controllers", 0o700, "cannot read this folder; chmod a+rx hello/controllers, or change its owner"),
        ("hello", 0o700, "cannot read this folder; chmod a+rx hello, or change its owner"),
    ],
)
def test_an_unreadable_file_of_the_package_is_named(readable, command, name, mode, message):
    (readable / name).chmod(mode)
    assert f"Error: {name}: Permission denied: nobody {message}" in output_of(command, readable)


def test_an_unreadable_template_is_named_at_the_start_and_by_its_page(readable, command):
    (readable / "hello/templates/index.jinja").chmod(0o600)
    with InstalledServed(command, readable) as served:
        assert Browser(served.url).get("/").status == 500
        served.end()
    assert "template hello.templates.index: hello/templates/index.jinja cannot be read: Permission" in served.output
    assert "hello/templates/index.jinja: Permission denied: nobody cannot read this file; chmod a+r" in served.output


def test_a_log_file_that_cannot_be_written_is_named_with_its_line(readable, command):
    ini = readable / "development.ini"
    set_option(ini, "class", "FileHandler")
    set_option(ini, "args", "('/etc/hello-lite.log',)")
    number = line_of(ini, "args")
    line = f"Error: development.ini:{number}: args = ('/etc/hello-lite.log',): logging cannot be set up: "
    output = output_of(command, readable)
    assert line in output
    assert "let this user write /etc/hello-lite.log, or name another file" in output


@pytest.mark.parametrize(
    ("name", "mode", "message", "remedy"),
    [
        (
            "hello/templates/index.jinja",
            0o600,
            "hello/templates/index.jinja cannot be read: Permission denied",
            "chmod a+r hello/templates/index.jinja",
        ),
        (
            "hello/templates",
            0o700,
            "Permission denied: this folder of templates cannot be read",
            "chmod a+rx hello/templates",
        ),
    ],
)
def test_check_and_reload_name_unreadable_templates_with_the_remedy(readable, command, name, mode, message, remedy):
    (readable / name).chmod(mode)
    line = f"{message}; {remedy}, or change its owner"
    checked = subprocess.run(
        [*AS_NOBODY, PROGRAM, "check", "--json"], cwd=readable, capture_output=True, text=True, check=False
    )
    assert any(line in finding["message"] for finding in json.loads(checked.stdout)), checked
    with InstalledServed([*AS_NOBODY, PROGRAM, "serve", "--port", "0", "--reload"], readable) as served:
        served.end()
    assert line in served.output
    assert "ended Python" not in served.output


def test_quickstart_in_a_folder_that_may_not_be_written_says_so(readable, command):
    made = subprocess.run(
        [*AS_NOBODY, PROGRAM, "quickstart", "shop"], cwd=readable, capture_output=True, text=True, check=False
    )
    assert (
        f"Permission denied; nothing was written; let this user write in {readable}, or choose another" in made.stderr
    )
