"""The command line: light to start, helpful when wrong."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from importlib import import_module

import click
import pytest
from support.helpers import PROGRAM, run
from support.modules import existing_modules

from gearbox_lite import __version__
from gearbox_lite.cli import COMMANDS, MODULES
from gearbox_lite.commands import serve

HEAVY = {
    "jinja2", "paste", "waitress", "tg", "beaker", "webob", "logging.config", "importlib.metadata", "asyncio", "ssl",
    "multiprocessing", "watchfiles", "sqlalchemy", "email", "http", "difflib", "traceback", "webtest",
    "bs4",
}  # fmt: skip


def modules_after(*arguments: str) -> set[str]:
    code = (
        "import sys\n"
        "before = set(sys.modules)  # .pth files of other distributions import what they like\n"
        "from gearbox_lite.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: print('MODULES', *set(sys.modules) - before)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=30
    )
    return set(result.stdout.rpartition("MODULES ")[2].split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_import_click_and_nothing_heavy(option):
    ours = modules_after(option)
    assert not ours & existing_modules(*HEAVY)
    assert not any(name.startswith("gearbox_lite.commands.") for name in ours)


def test_quickstart_imports_no_server(tmp_path):
    loaded = modules_after("quickstart", "hello", "-o", str(tmp_path))
    assert "jinja2" in loaded
    assert not loaded & existing_modules("tg", "waitress", "paste", "beaker", "importlib.metadata")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_summary_is_the_start_of_its_help(name):
    command = import_module(f"gearbox_lite.commands.{MODULES.get(name, name)}").command
    assert command.name == name
    assert command.help.startswith(COMMANDS[name])


def test_version_and_module_call():
    assert run("--version").stdout == f"gearbox-lite, version {__version__}\n"
    module = subprocess.run(
        [sys.executable, "-m", "gearbox_lite", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert module.stdout == run("--version").stdout


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["quikstart", "hello"], "'quickstart'"),
        (["srve"], "'serve'"),
        (["serve", "--hots", "x"], "'--host'"),
        (["quickstart", "hello", "--dryrun"], "; write --dry-run"),
        (["--verbos"], "'--verbose'"),
        (["scaffold", "controlr", "x"], "; did you mean 'controller'?\n"),
    ],
)
def test_a_mistyped_command_or_option_suggests_the_nearest_in_one_line(arguments, suggestion):
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert suggestion in result.stderr


def test_a_missing_argument_is_one_line_and_exit_2():
    result = run("quickstart")
    assert result.returncode == 2
    assert result.stderr == "Error: missing argument 'NAME'; see gearbox-lite quickstart --help\n"


def test_no_command_shows_the_help():
    result = run()
    assert result.returncode == 2
    assert "Commands:" in result.stderr


def stderr_on_a_terminal(**environment: str) -> str:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", **environment}
    subprocess.run([PROGRAM, "srve"], stderr=theirs, env=environment, check=False, timeout=30)
    os.close(theirs)
    text = os.read(ours, 10_000).decode()
    os.close(ours)
    return text


def test_colors_are_used_only_on_a_terminal_and_never_with_no_color():
    assert "\x1b[" in stderr_on_a_terminal(NO_COLOR="")
    assert "\x1b[" not in stderr_on_a_terminal(NO_COLOR="1")
    assert "\x1b[" not in stderr_on_a_terminal(TERM="dumb")
    assert "\x1b[" not in run("srve").stderr
    assert "\x1b[" in run("srve", FORCE_COLOR="1").stderr


def test_verbose_shows_the_traceback_behind_an_error(tmp_path):
    (tmp_path / "bad.ini").write_bytes(b"\xff")
    quiet, verbose = run("serve", "bad.ini", cwd=tmp_path), run("-v", "serve", "bad.ini", cwd=tmp_path)
    assert "Traceback" not in quiet.stderr
    assert "UnicodeDecodeError" in verbose.stderr
    assert verbose.stderr.endswith(quiet.stderr)


@pytest.mark.parametrize("words", ["quickstart hello", "check"])
def test_a_removed_current_folder_is_reported(tmp_path, words):
    result = subprocess.run(
        f"mkdir gone; cd gone; rmdir ../gone; {PROGRAM} {words}",
        shell=True,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert result.returncode == 1
    assert result.stderr == "Error: the current folder has been removed; go to another one\n"


def test_a_closed_pipe_shows_no_traceback():
    result = subprocess.run(
        f"{PROGRAM} quickstart hello --dry-run | true",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert result.stderr == ""


def test_the_help_of_serve_shows_each_option_once_and_in_a_group():
    text = run("serve", "--help").stdout
    grouped, _, rest = text.partition("\nOptions:\n")
    assert re.findall(r"^  (-.*?)(?:  |$)", rest, re.MULTILINE) == ["-v, --verbose", "-h, --help"]
    headings = re.findall(r"^(\w+):$", grouped, re.MULTILINE)
    assert headings == ["Address", "Development", "Processes", "Log", "Ini"]
    options = [one for one in serve.command.params if isinstance(one, click.Option) and one.name != "verbose"]
    assert {one.name: len(re.findall(rf"^  .*{one.opts[-1]}\b(?!-)", grouped, re.MULTILINE)) for one in options} == {
        one.name: 1 for one in options
    }
