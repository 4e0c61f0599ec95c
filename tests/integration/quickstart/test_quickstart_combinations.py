"""Every combination of --session, --minimal and --encrypt generates a project that works without edits."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys

import pytest
from support.helpers import Browser
from support.warm import run, serve

from gearbox_lite import __version__

STORES = {
    "cookie": "cookie",
    "file": "file",
    "database": "ext:database",
    "postgresql": "ext:database",
    "memcached": "ext:memcached",
    "redis": "ext:redis",
}
"""The session type for each --session store."""

KEY = re.compile(r"^session\.(?:validate_key|secret|encrypt_key) = [0-9a-f]{64}$", re.MULTILINE)


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """All twenty-four projects, each with a different package name."""
    folder = tmp_path_factory.mktemp("projects")
    made = {}
    for number, (store, minimal, encrypt) in enumerate(itertools.product(STORES, (False, True), (False, True))):
        options = [*(["--minimal"] if minimal else []), *(["--encrypt"] if encrypt else [])]
        result = run("quickstart", f"site-{number}", "--session", store, *options, cwd=folder)
        assert result.returncode == 0, result.stderr
        made[folder / f"site-{number}"] = (store, minimal, encrypt)
    return made


def test_the_ini_and_the_dependencies_match_the_options(projects):
    for project, (store, minimal, encrypt) in projects.items():
        ini = (project / "development.ini").read_text()
        assert re.findall(r"^session\.type = (.*)$", ini, re.MULTILINE) == [STORES[store]]
        assert len(re.findall(r"^session\.url = ", ini, re.MULTILINE)) == 1
        assert len(re.findall(r"^#?session\.url = ", ini, re.MULTILINE)) == 4
        assert len(KEY.findall(ini)) == 2 + encrypt
        (ours,) = re.findall(r'^  "(gearbox-lite.*)",$', (project / "pyproject.toml").read_text(), re.MULTILINE)
        extras = [
            *([store] if store in ("database", "postgresql", "memcached", "redis") else []),
            *(["encryption"] if encrypt else []),
        ]
        assert ours == "gearbox-lite" + (f"[{','.join(extras)}]" if extras else "") + f"=={__version__}"
        package = project / project.name.replace("-", "_")
        assert [(package / name).exists() for name in ("public", "templates")] == [not minimal] * 2


def test_check_reports_nothing_and_the_store_returns_what_was_stored(projects, shared_services):
    """production.ini is checked as well, with its environment variables set."""
    for project, (store, _, encrypt) in projects.items():
        written = {
            "redis": "redis://localhost:6379/0",
            "memcached": "localhost:11211",
            "postgresql": f"postgresql:///{project.name.replace('-', '_')}",
        }
        url = f"sqlite:///{project}/production.db"
        if store in written:
            url = shared_services(store).options()["session.url"]
            ini = project / "development.ini"
            text = ini.read_text()
            assert f"\nsession.url = {written[store]}\n" in text
            ini.write_text(text.replace(written[store], url))
        result = run("check", "--strict", cwd=project)
        assert (result.returncode, result.stderr) == (0, ""), project.name
        with serve(project, "--no-reload") as served:
            browser = Browser(served.url)
            browser.get("/setsession")
            assert "retrieved MVL" in browser.get("/getsession").text
            assert f"type {STORES[store]}, cookie {project.name.replace('-', '_')}" in served.output
            assert served.end() == 0
        names = re.findall(r"^[^#].*%\(ENV_(\w+)\)s", (project / "production.ini").read_text(), re.MULTILINE)
        assert len(set(names)) >= 1 + encrypt
        variables = {name: url if name.endswith("_URL") else os.urandom(32).hex() for name in names}
        result = run("check", "--strict", "production.ini", cwd=project, **variables)
        assert (result.returncode, result.stderr) == (0, ""), project.name


def test_their_own_tests_pass_without_any_store_server(projects):
    """One pytest process for all projects; test_generated_project.py runs the README's own command."""
    folder = next(iter(projects)).parent
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--import-mode=importlib",
         f"--rootdir={folder}", "-c", os.devnull, "-W", "ignore:'cgi' is deprecated", *projects],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    passed = int(re.search(r"(\d+) passed in", result.stdout)[1])
    files = [path for project in projects for path in (project / "tests").glob("test_*.py")]
    assert passed >= sum(path.read_text().count("\ndef test_") for path in files)
    assert "skipped" not in result.stdout
