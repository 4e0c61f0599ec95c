"""A generated project's production.ini, deployed as its README says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.helpers import PROGRAM, Browser, Served, free_port, new_project, run, serve, set_option

PATH = f"{Path(PROGRAM).parent}:/usr/bin:/bin"
KEY = {
    "HELLO_SESSION_KEY": "6d25cf734c49a1dd273e4d8fab5f5bdb8d1099ec05e8fdc7c1d734777648ab73",
    "HELLO_CSRF_KEY": "fe9a4556ff9a72ae2ecd94675e9a41cc5ebfa7d72b985c165b40c30473783deb",
}


def blocks(project: Path, heading: str, language: str = "") -> list[str]:
    """Return the code blocks of a section of the project's README; those without a language are indented."""
    section = re.split(r"\n##+ ", (project / "README.md").read_text().partition(f"# {heading}\n")[2])[0]
    if language:
        return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return [
        re.sub(r"^    ", "", block, flags=re.MULTILINE)
        for block in re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)
    ]


@pytest.mark.parametrize("options", [[], ["--session", "database", "--encrypt"]])
def test_check_lists_the_missing_variables_that_the_readmes_commands_set(tmp_path, options):
    project = new_project(tmp_path, "hello", *options)
    before = run("check", "production.ini", cwd=project)
    assert before.returncode == 1
    message = re.fullmatch(r"Error: production\.ini:\d+: .*; set .*: export ((?:HELLO_\w+=\.\.\. ?)+)\n", before.stderr)
    missing = set(re.findall(r"\w+(?==)", message[1]))
    pasted = subprocess.run(
        ["sh", "-e", "-c", blocks(project, "Deploy")[0]],
        cwd=project, env={"PATH": PATH}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert pasted.returncode == 0, pasted.stderr
    assert pasted.stdout == "production.ini: no errors, no warnings\n"
    assert (project / "production.env").stat().st_mode & 0o077 == 0
    keys = re.findall(r"_KEY=([0-9a-f]{64})\n", (project / "production.env").read_text())
    assert missing == set(re.findall(r"^(\w+)=", (project / "production.env").read_text(), re.MULTILINE))
    assert len(keys) == len(set(keys)) == (4 if "--encrypt" in options else 2)


def test_production_serves_secure_cookies_logs_json_and_rotates_its_key(project):
    root = project / "hello/controllers/root.py"
    root.write_text(
        root.read_text() + '\n    @expose()\n    def crash(self):\n        raise RuntimeError("a \\"b\\"\\nc")\n'
    )
    with serve(project, "production.ini", **KEY) as served:
        browser = Browser(served.url)
        first = browser.get("/setsession", **{"X-Forwarded-Proto": "https"})
        assert "set to MVL" in first.text
        assert "secure" in first.header("Set-Cookie").lower()
        cookie = first.header("Set-Cookie").strip().partition(";")[0]
        crash = browser.get("/crash")
        assert crash.status == 500
        assert "RuntimeError" not in crash.text
        assert browser.get("/", Cookie=cookie).header("Content-Security-Policy").startswith("default-src 'self'")
        assert served.end() == 0
        logged = [json.loads(line) for line in served.output.splitlines()]
        assert logged[0]["message"] == f"Serving at {served.url}"
        assert ("ERROR", "GET /crash") in [(entry["level"], entry["message"]) for entry in logged]
        assert any('RuntimeError: a "b"\nc' in entry.get("traceback", "") for entry in logged)
    set_option(project / "production.ini", "session.validate_key_fallbacks", "%(ENV_HELLO_OLD_SESSION_KEY)s")
    rotated = {
        **KEY,
        "HELLO_OLD_SESSION_KEY": KEY["HELLO_SESSION_KEY"],
        "HELLO_SESSION_KEY": "2c9b1f60d4e87a35bb0c6f1e93d8a7420f5e6c81d3297ba46e10c8f5a9d7b362",
    }
    assert run("check", "production.ini", cwd=project, **rotated).returncode == 0
    with serve(project, "production.ini", **rotated) as served:
        assert "retrieved MVL" in Browser(served.url).get("/getsession", Cookie=cookie).text


def test_gunicorn_serves_production_with_the_readmes_configuration(project):
    (project / "gunicorn.conf.py").write_text(blocks(project, "gunicorn", "python")[0])
    command = blocks(project, "gunicorn")[0].strip().replace("8080", str(free_port())).split()
    command[0] = str(Path(PROGRAM).with_name("gunicorn"))
    with Served(command, project, r"Listening at: (http://\S+)", **KEY) as served:
        assert Browser(served.url).get("/setsession").header("Set-Cookie").startswith("hello=")
        assert served.end() == 0


@pytest.mark.parametrize("options", [[], ["--session", "file"], ["--minimal"]])
def test_hadolint_finds_nothing_in_the_dockerfile(tmp_path, options):
    project = new_project(tmp_path, "hello", *options)
    hadolint = Path(sys.executable).with_name("hadolint")
    result = subprocess.run([hadolint, project / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout


def test_git_ignores_production_env_and_tracks_the_inis(project):
    subprocess.run(["git", "init", "-q", project], check=True, timeout=30)
    (project / "production.env").touch()
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=project, capture_output=True, text=True, timeout=30, check=True, env={**os.environ, "GIT_DIR": ".git"},
    ).stdout.splitlines()  # fmt: skip
    assert {"development.ini", "production.ini", "README.md"} <= set(listed)
    assert "production.env" not in listed
