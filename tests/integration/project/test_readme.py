"""The README's commands do what it says, on a fresh copy of the repository."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from support.helpers import AS_ROOT, PATIENCE, PROGRAM, REPOSITORY, Browser, Served, copy_repository, run

from gearbox_lite.cli import COMMANDS
from gearbox_lite.sessions.settings.options import OPTIONS, REFUSED

README = (REPOSITORY / "README.md").read_text()


OF_OTHER_PROGRAMS = {"--group", "--paste"}
"""Options of pip and gunicorn."""


def help_of(command: str) -> str:
    """Return the help of a command and of its subcommands."""
    text = run(command, "--help").stdout
    subcommands = re.findall(r"^  ([a-z-]+)  ", text.partition("Commands:")[2], re.MULTILINE)
    return text + "".join(run(command, subcommand, "--help").stdout for subcommand in subcommands)


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def test_the_first_command_ends_with_the_page_at_localhost_8080(tmp_path, port_8080):
    clone = copy_repository(tmp_path / "clone")
    before = {path.name for path in clone.iterdir()}
    command = re.search(r"```sh\n(.*)\n```", README)[1]
    command = command.replace("&& .venv/bin/gearbox-lite", "&& exec .venv/bin/gearbox-lite")
    with Served(["sh", "-c", command], clone, patience=300) as served:
        assert served.url == "http://localhost:8080"
        browser = Browser(served.url)
        assert "hello" in browser.get("/").text
        assert browser.get("/setsession").header("Set-Cookie").strip().startswith("hello=")
        assert "retrieved MVL" in browser.get("/getsession").text
        assert served.end() == 0
        for word in ("Traceback", "ERROR", "WARNING ["):  # with nothing installed but what it needs
            assert word not in served.output
    # The project is not in the clone, whose git and ruff would take its files for ours.
    assert {path.name for path in clone.iterdir()} - before == {".venv"}
    again = re.search(r"`(\.venv/bin/gearbox-lite serve .*?)`", README)[1]
    with Served(["sh", "-c", f"exec {again}"], clone) as served:
        assert served.url == "http://localhost:8080"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_in_the_readme_and_has_a_help(name):
    assert f"## {name}" in README
    options = options_in(help_of(name)) - {"--help", "--verbose"}
    assert options
    section = README.partition(f"## {name}")[2].partition("\n## ")[0]
    assert {option for option in options if f"`{option}" not in section and f"{option} " not in section} == set()


def test_the_readme_names_no_command_and_no_option_that_is_not_there():
    """The performance section aside, which is about other programs too."""
    text = README.partition("\n## Performance\n")[0]
    named = re.findall(r"(?:`|^(?:\$ )?)gearbox-lite (?:-v )?([a-z-]+)", text, re.MULTILINE)
    assert set(named) == set(COMMANDS)
    helps = {name: help_of(name) for name in COMMANDS}
    for usage in re.findall(r"^```\n(gearbox-lite .*?)^```", text, re.MULTILINE | re.DOTALL):
        assert options_in(usage) <= options_in(helps[usage.split()[1]]), usage
    assert options_in(text) - options_in(" ".join(helps.values())) == OF_OTHER_PROGRAMS


def test_every_session_option_is_in_the_readme():
    assert {name for name in [*OPTIONS, *REFUSED] if f"`session.{name}`" not in README} == set()


def test_each_console_block_shows_what_its_commands_print(project):
    """In their order, in one project; a line that begins with $ is a command."""
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert blocks
    for name, text in re.findall(r"^```toml\n# (\S+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    shown = ""
    for command in re.findall(r"^\$ (.*)$", "".join(blocks), re.MULTILINE):
        result = subprocess.run(
            ["bash", "-c", command],
            cwd=project,
            env={**os.environ, "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        shown += f"$ {command}\n{AS_ROOT.sub('', result.stdout)}"
    assert shown == "".join(blocks)
