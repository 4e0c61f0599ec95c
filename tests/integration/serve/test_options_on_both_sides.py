"""Options are accepted before and after a subcommand, for every group."""

from __future__ import annotations

import json

import pytest
from support.helpers import set_option
from support.warm import run, session_of


@pytest.fixture
def inis(project):
    """Two inis: main.ini has another key than development.ini, and its application has another name."""
    ini = project / "main.ini"
    ini.write_text((project / "development.ini").read_text().replace("[pipeline:main]", "[pipeline:other]"))
    set_option(ini, "session.validate_key", "1a2b3c4d" * 8)
    return project


CONFIG, NAME = ("-c", "main.ini"), ("-n", "other")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((*CONFIG, *NAME), ()),
        ((), (*CONFIG, *NAME)),
        (CONFIG, NAME),
        (NAME, CONFIG),
        (("-c", "missing.ini", "-n", "missing"), (*CONFIG, *NAME)),
    ],
)
def test_session_accepts_the_ini_and_the_application_on_both_sides_and_the_last_one_wins(inis, before, after):
    result = run("session", *before, "purge", *after, "--all", "--yes", cwd=inis)
    assert result.returncode == 0, result.stderr
    assert "Changed: main.ini." in result.stdout


def test_decode_accepts_the_ini_after_its_cookie(project):
    cookie = session_of(project)
    (project / "site.ini").write_text((project / "development.ini").read_text())
    (project / "development.ini").unlink()
    assert json.loads(run("session", "decode", cookie, "-c", "site.ini", cwd=project).stdout)["data"]


@pytest.mark.parametrize(
    "words",
    [
        (*CONFIG, *NAME, "controller", "movies"),
        ("controller", *CONFIG, *NAME, "movies"),
        ("-c", "missing.ini", "controller", "movies", "main.ini", *NAME),
    ],
)
def test_scaffold_accepts_the_ini_and_the_application_on_both_sides(inis, words):
    result = run("scaffold", *words, cwd=inis)
    assert result.returncode == 0, result.stderr
    assert "movies.py" in result.stdout


def test_the_help_of_both_sides_shows_these_options():
    for words in (["session"], ["session", "decode"], ["session", "purge"], ["session", "rotate-key"], ["scaffold"]):
        text = run(*words, "--help").stdout
        assert "-c, --config INI" in text
        assert "-n, --app-name" in text


@pytest.mark.parametrize(
    "words", [("-v", "routes"), ("routes", "-v"), ("session", "decode", "-v", "x"), ("session", "-v", "decode", "x")]
)
def test_verbose_is_accepted_on_both_sides(project, words):
    result = run(*words, "-c", "missing.ini", cwd=project)
    assert result.returncode == 2
    assert "Traceback (most recent call last):" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: missing.ini: there is no such file")
