"""quickstart on a terminal: the questions of a template, and the progress bar of a large one."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import threading
from pathlib import Path

import psutil
import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT
from support.reloading import wait_until
from support.templates import QUESTIONS, template


class Terminal:
    """quickstart on a new pseudo-terminal; ``output`` is everything printed to it."""

    def __init__(self, template: Path, *words: str, name: str | None = "new", **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if name != "CI"}
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [PROGRAM, "quickstart", *([name] if name else []), "--template", template.name, *words],
            cwd=template.parent, env={**kept, "NO_COLOR": "1", **environment},
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._watchdog = threading.Timer(TEST_TIMEOUT, self.process.kill)
        self._watchdog.start()
        self.output = ""

    def wait_for(self, question: str) -> None:
        """Wait until a question is printed and quickstart is blocked reading the answer."""
        while not self.output.endswith(question):
            assert self._read(), self.output
        wait_until(lambda: psutil.Process(self.process.pid).status() == psutil.STATUS_SLEEPING)

    def answer(self, question: str, typed: str, end: str = "\n") -> None:
        self.wait_for(question)
        os.write(self._ours, (typed + end).encode())

    def end(self) -> int:
        """Read all output, and return the exit code."""
        while self._read():
            pass
        self._watchdog.cancel()
        os.close(self._ours)
        return self.process.wait()

    def _read(self) -> bool:
        read = b""
        with contextlib.suppress(OSError):  # Linux reports EIO when the terminal is closed
            read = os.read(self._ours, 10_000)
        self.output += read.decode().replace("\r\n", "\n")
        return bool(read)


def test_a_terminal_is_asked_for_missing_answers_until_they_are_valid(tmp_path):
    terminal = Terminal(template(tmp_path / "mine", QUESTIONS), "--set", "loud=yes")
    terminal.answer("Its title: ", "")
    terminal.answer("Its title: ", "A title")
    terminal.answer("color (red, green) [green]: ", "blue")
    terminal.answer("color (red, green) [green]: ", "red")
    assert terminal.end() == 0, terminal.output
    assert "'blue' is not one of 'red', 'green'" in terminal.output
    assert "Shout" not in terminal.output
    assert (tmp_path / "new/shown.txt").read_text() == "new new A title red True\n"


def test_an_empty_line_selects_the_default(tmp_path):
    terminal = Terminal(template(tmp_path / "mine", QUESTIONS), "--set", "title=x")
    terminal.answer("color (red, green) [green]: ", "")
    terminal.answer("Shout [y/N]: ", "")
    assert terminal.end() == 0, terminal.output
    assert (tmp_path / "new/shown.txt").read_text() == "new new x green False\n"


@pytest.mark.parametrize("key", ["Ctrl-C", "Ctrl-D"])
def test_aborting_at_a_question_writes_nothing(tmp_path, key):
    mine = template(tmp_path / "mine", QUESTIONS)
    terminal = Terminal(mine)
    if key == "Ctrl-C":
        terminal.wait_for("Its title: ")
        os.killpg(terminal.process.pid, signal.SIGINT)
    else:
        terminal.answer("Its title: ", "\x04", end="")
    assert terminal.end() == 130
    assert terminal.output.endswith("\n")
    assert list(tmp_path.iterdir()) == [mine]


@pytest.mark.parametrize("environment", [{"CI": "true"}, {"CI": "1"}])
def test_in_ci_no_question_is_asked_even_on_a_terminal(tmp_path, environment):
    terminal = Terminal(template(tmp_path / "mine", QUESTIONS), **environment)
    assert terminal.end() == 2
    assert terminal.output == "Error: template mine needs an answer to title; add --set title=VALUE\n"


def test_our_own_template_asks_only_if_it_is_named(tmp_path):
    """``quickstart hello`` uses the defaults without asking."""
    terminal = Terminal(template(tmp_path / "turbogears"), "--dry-run")
    terminal.answer("Session store (cookie, file, database, postgresql, memcached, redis) [cookie]: ", "redis")
    terminal.answer("Encrypt the session data [y/N]: ", "y")
    terminal.answer("A minimal project, without pages and public files [y/N]: ", "y")
    terminal.answer("A database with migrations [y/N]: ", "n")
    assert terminal.end() == 0
    assert "nothing was written" in terminal.output


def clock(folder: Path, seconds: int) -> dict[str, str]:
    """Return the environment of a process whose monotonic clock jumps by ``seconds`` after the first reading."""
    folder.mkdir()
    lines = ["import time", "readings = iter([0])", f"time.monotonic = lambda: next(readings, {seconds})", ""]
    (folder / "sitecustomize.py").write_text("\n".join(lines))
    return {"PYTHONPATH": str(folder)}


def large(folder: Path) -> Path:
    """Write a template of 2,000 files."""
    return template(folder, **{f"{number // 50}/{number}.txt.j2": b"{{ project }}" for number in range(2000)})


def test_one_progress_bar_appears_after_a_second(tmp_path):
    terminal = Terminal(large(tmp_path / "mine"), **clock(tmp_path / "clock", 2))
    assert terminal.end() == 0, terminal.output
    shown = [int(percent) for percent in re.findall(r"Writing the project .*?(\d+)%", terminal.output)]
    assert shown == sorted(shown)
    assert len(shown) > 20
    assert (shown[0], shown[-1]) == (0, 100)
    assert terminal.output.endswith("\n  cd new\n")


def test_the_progress_bar_is_closed_before_an_error(tmp_path):
    mine = large(tmp_path / "mine")
    (mine / "tree/z.j2").write_text("{{ unknown }}")
    terminal = Terminal(mine, **clock(tmp_path / "clock", 2))
    assert terminal.end() == 1
    assert re.search(r"%.*\nError: mine/tree/z\.j2:1: [^\n]*\n$", terminal.output)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clock", "mine"]


def test_no_progress_bar_appears_within_a_second(tmp_path):
    terminal = Terminal(template(tmp_path / "mine", a=b""), **clock(tmp_path / "clock", 1))
    assert terminal.end() == 0
    assert terminal.output == "new/\n  a\n\nNext steps:\n  cd new\n"


def test_no_progress_bar_appears_without_a_terminal(tmp_path):
    mine = template(tmp_path / "mine", a=b"")
    result = subprocess.run(
        [PROGRAM, "quickstart", "new", "--template", mine],
        cwd=tmp_path, env={**os.environ, **clock(tmp_path / "clock", 2)},
        capture_output=True, text=True, timeout=TEST_TIMEOUT, check=True,
    )  # fmt: skip
    assert result.stderr == ""
    assert result.stdout == "new/\n  a\n\nNext steps:\n  cd new\n"


def asked(folder: Path, *words: str, **environment: str) -> Terminal:
    """Run quickstart without a name, on a terminal."""
    return Terminal(template(folder / "mine", a=b""), *words, name=None, **environment)


def test_a_terminal_is_asked_for_a_missing_name_until_it_is_valid(tmp_path):
    terminal = asked(tmp_path)
    terminal.answer("Name of the project: ", "")
    terminal.answer("Name of the project: ", "my project")
    terminal.answer("Name of the project: ", "my-project")
    assert terminal.end() == 0, terminal.output
    assert "invalid project name 'my project'" in terminal.output
    assert (tmp_path / "my-project" / "a").is_file()


def test_a_missing_name_in_ci_is_an_error(tmp_path):
    terminal = asked(tmp_path, CI="true")
    assert terminal.end() == 2
    assert terminal.output == "Error: missing argument 'NAME'; see gearbox-lite quickstart --help\n"
