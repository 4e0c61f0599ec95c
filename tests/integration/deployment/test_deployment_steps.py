"""The deployment steps in a generated README work when pasted into a shell.

Programs that would change the machine are replaced by stubs that record their calls, and folders outside the project by
temporary ones.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess

import pytest
from support.deployment import KEY, serve_production
from support.helpers import PROGRAM, Browser, new_project
from support.reloading import wait_until
from support.warm import run

STUBS = ("useradd", "chown", "systemctl", "nginx", "pip")


def steps(project, heading):
    """Return the first block of commands below a heading."""
    section = (project / "README.md").read_text().partition(f"# {heading}\n")[2]
    block = re.search(r"(?:^    .*\n)+", section, re.MULTILINE)[0]
    return re.sub(r"^    ", "", block, flags=re.MULTILINE)


def paste(text, project, programs=""):
    return subprocess.run(
        ["sh", "-e", "-c", text], cwd=project, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": f"{programs}:{os.path.dirname(PROGRAM)}:/usr/bin:/bin"},
    )  # fmt: skip


@pytest.mark.parametrize("options", [[], ["--session", "database"], ["--database"]])
def test_the_readmes_steps_install_each_file(tmp_path, options):
    project = new_project(tmp_path, "hello", *options)
    assert paste(steps(project, "Deploy"), project).returncode == 0
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in STUBS:
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/called\n')
        (programs / name).chmod(0o755)
    (programs / "python3").write_text(f"#!/bin/sh\nmkdir -p .venv/bin && cp {programs}/pip .venv/bin/\n")
    (programs / "python3").chmod(0o755)
    machine = tmp_path / "machine"
    for folder in ("etc/systemd/system", "etc/nginx/sites-enabled"):
        (machine / folder).mkdir(parents=True)
    (machine / "etc/nginx/sites-enabled/default").touch()
    text = steps(project, "systemd and nginx").replace("/srv/hello", str(project)).replace(" /etc/", f" {machine}/etc/")
    result = paste(text, project, programs)
    assert result.returncode == 0, result.stderr
    units = {"hello.socket", "hello.service"}
    if "--session" in options:
        units |= {"hello-purge.service", "hello-purge.timer"}
    if options:
        assert stat.S_IMODE((project / "data").stat().st_mode) == 0o700
    assert {path.name for path in (machine / "etc/systemd/system").iterdir()} == units
    assert stat.S_IMODE((machine / "etc/hello/production.env").stat().st_mode) == 0o600
    assert not (project / "production.env").exists()
    assert [path.name for path in (machine / "etc/nginx/sites-enabled").iterdir()] == ["hello"]
    site = (machine / "etc/nginx/sites-enabled/hello").read_text()
    assert "example.org" not in site
    assert site.count("server_name YOUR.HOST.NAME;") == 2
    assert (project / "data/hello.db").exists() == (options == ["--database"])
    called = (tmp_path / "called").read_text()
    enabled = re.search(r"systemctl enable --now (.*)", called)[1].split()
    assert set(enabled) == units - {"hello-purge.service"}
    for name in units:  # systemctl can enable only units with this section
        assert ("[Install]" in (machine / "etc/systemd/system" / name).read_text()) == (name in enabled)


def test_only_the_file_with_the_keys_is_private(project):
    """The steps do not change the shell's umask, and the container's user can read production.ini whatever it was."""
    pasted = paste(f"umask 022\n{steps(project, 'Deploy')}\numask", project)
    assert pasted.stdout.splitlines()[-1] == "0022"
    assert stat.S_IMODE((project / "production.env").stat().st_mode) == 0o600
    dockerfile = (project / "Dockerfile").read_text()
    final = dockerfile.rpartition("\nFROM ")[2]
    copied = re.findall(r"^COPY (?!--from)(.*)$", final, re.MULTILINE)
    assert copied == ["--chmod=0644 production.ini ./"]


@pytest.mark.parametrize("store", ["file", "database"])
def test_the_purge_timers_command_removes_expired_sessions(tmp_path, store):
    project = new_project(tmp_path, "hello", "--session", store)
    address = {"HELLO_SESSION_URL": f"sqlite:///{project}/data/sessions.db"}
    (project / "data").mkdir(mode=0o700)
    unit = (project / "deploy/hello-purge.service").read_text()
    words = re.search(r"^ExecStart=\S+/gearbox-lite (.*)$", unit, re.MULTILINE)[1].split()
    with serve_production(project, "--port", "0", **address) as served:
        url = re.search(r'Serving at ([^\s"]+)', served.output)[1]
        assert Browser(url).get("/setsession").status == 200
        served.end()
    kept = run(*words, cwd=project, **KEY, **address)
    assert (kept.returncode, kept.stderr) == (0, "")
    assert kept.stdout.startswith("0 removed of 1 ")
    ini = project / "production.ini"
    ini.write_text(re.sub(r"^session\.timeout = .*$", "session.timeout = 1", ini.read_text(), flags=re.MULTILINE))
    wait_until(lambda: run(*words, cwd=project, **KEY, **address).stdout.startswith("1 removed of 1 "))
