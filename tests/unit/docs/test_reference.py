"""The reference pages, which docs/reference.py generates, are complete and name nothing that does not exist."""

from __future__ import annotations

import importlib.util
import re

import click
import pytest
from mistakes.tables import TOPICS
from support.helpers import REPOSITORY

from gearbox_lite.cli import cli
from gearbox_lite.commands.support.finding_codes import FINDING_CODES

SPEC = importlib.util.spec_from_file_location("reference", REPOSITORY / "docs" / "reference.py")


@pytest.fixture(scope="module")
def reference():
    module = importlib.util.module_from_spec(SPEC)
    SPEC.loader.exec_module(module)
    return module


def commands(command, path=()):
    """Return each command with the words that run it."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(None):
            yield from commands(command.get_command(None, name), (*path, name))


def section(page, title):
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize(("words", "command"), list(commands(cli))[1:], ids=lambda value: str(value)[:40])
def test_every_option_of_a_command_has_a_row_with_its_meaning(reference, words, command):
    text = section(reference.commands_page(), " ".join(words))
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, re.MULTILINE))
    flags = {flag for row in rows for flag in re.findall(r"--?[a-z][a-z-]*", row)}
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    assert {flag for one in options for flag in (*one.opts, *one.secondary_opts)} <= flags
    assert all(meaning.strip() for meaning in rows.values())


def test_no_setting_is_without_a_meaning(reference):
    for name, text in reference.pages().items():
        for table in re.findall(r"^(\| .*\|\n\| --- .*\|\n)((?:\|.*\n)+)", text, re.MULTILINE):
            heads = [head.strip() for head in re.split(r"(?<!\\)\|", table[0].splitlines()[0])[1:-1]]
            for row in table[1].splitlines():
                cells = dict(zip(heads, [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]], strict=True))
                assert cells.get("Meaning", "-"), f"{name}: {row}"
                assert cells.get("Value", "-"), f"{name}: {row}"


def test_every_environment_variable_that_the_package_reads_has_a_row(reference):
    code = "".join(path.read_text() for path in (REPOSITORY / "gearbox_lite").rglob("*.py"))
    read = set(re.findall(r"""os\.environ(?:\.get|\.pop)?[(\[]"([A-Z_]+)\"""", code))
    assert {"NO_COLOR", "CI", "LISTEN_FDS"} <= read
    assert read - reference.ENVIRONMENT.keys() == set()


def test_every_code_of_a_finding_is_explained_and_used():
    package = REPOSITORY / "gearbox_lite"
    code = "".join(path.read_text() for path in package.rglob("*.py") if path.name != "finding_codes.py")
    name = r'"([a-z]+(?:-[a-z]+)+)"'
    called = rf"(?:Finding|_finding|_warning|(?:visit|self)\.(?:error|warning))\(\s*{name}"
    passed = (
        rf"(?:warning|refusal)_of\(.*, {name}\)",
        f"finding={name}",
        f"error.finding or .*{name} if .* else {name}",
    )
    found = [match for pattern in (called, *passed) for match in re.finditer(pattern, code)]
    used = {name for match in found for name in match.groups()}
    assert used == set(FINDING_CODES)


def test_every_mistake_of_the_tests_is_on_the_page_with_its_answer(reference):
    page = reference.pages()["mistakes.md"].replace("\\", "")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for case in (case for topic in TOPICS for case in topic.cases):
        shown = [row for row in rows if case.mistake[1:] in row]
        assert shown, case.mistake
        assert re.search(r"\| `.+` \|$", shown[0]), shown
