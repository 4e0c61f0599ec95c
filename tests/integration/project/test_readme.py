"""The README is short, points to what exists, and names no option that the program does not have.

That its commands do what it says is shown with the other pages', in integration/docs/test_pages.py.
"""

from __future__ import annotations

import re

import pytest
from support.docs.pages import pages
from support.helpers import REPOSITORY, run

from gearbox_lite.cli import COMMANDS

README = (REPOSITORY / "README.md").read_text()
OF_OTHER_PROGRAMS = {
    *("--bind", "--paste", "--preload"),  # gunicorn
    *("--group", "--no-deps"),  # pip
    *("--system", "--home-dir", "--shell"),  # useradd
    *("--mode", "--now"),  # install, systemctl
}
ABOUT_OTHER_PROGRAMS = ("docs/performance.md", "docs/architecture.md", "docs/changelog.md")


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 120
    assert len(README.split()) <= 900


def test_the_readme_begins_with_the_users_command_and_ends_with_the_contributors():
    blocks = re.findall(r"^```\w+[^\n]*\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert blocks[0].startswith("gearbox-lite quickstart hello\n")
    assert "pytest" in blocks[-1]
    assert not any("pytest" in block for block in blocks[:-1])


def test_the_first_project_is_not_written_in_the_clone():
    before = README.partition("quickstart hello\nhello/ ... files\n")[0]
    moves = re.findall(r"^(?:\(\S+\) )?\$ ((?:cd|mkdir) .*)$", before, re.MULTILINE)
    assert moves == ["mkdir sites", "cd sites"]


def test_every_file_that_the_readme_links_to_exists():
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", README)
    assert len(targets) > 8
    assert [target for target in targets if not (REPOSITORY / target).exists()] == []


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def help_of(command: str) -> str:
    """Return the help of a command and of its subcommands."""
    text = run(command, "--help").stdout
    subcommands = re.findall(r"^  ([a-z-]+)  ", text.partition("Commands:")[2], re.MULTILINE)
    return text + "".join(run(command, subcommand, "--help").stdout for subcommand in subcommands)


@pytest.fixture(scope="module")
def helps() -> str:
    return " ".join([run("--help").stdout, *map(help_of, COMMANDS)])


@pytest.mark.parametrize("page", [page for page in map(str, pages()) if page not in ABOUT_OTHER_PROGRAMS])
def test_no_page_names_a_command_or_option_that_does_not_exist(page, helps):
    text = (REPOSITORY / page).read_text()
    commands = re.findall(r"(?:`|^(?:\(\S+\) )?\$ )gearbox-lite (?:-v )?([a-z][a-z-]*)", text, re.MULTILINE)
    assert set(commands) <= set(COMMANDS)
    assert options_in(text) - options_in(helps) <= OF_OTHER_PROGRAMS
