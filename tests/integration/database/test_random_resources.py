"""Resources of random specifications: clean code, tests that pass, and migrations that agree with the models."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from support.databases import use_postgresql
from support.helpers import new_project

from gearbox_lite.cli import cli
from gearbox_lite.errors import UserError
from gearbox_lite.generate.scaffolding.field_types import FIELD_TYPES
from gearbox_lite.generate.scaffolding.fields import check_identifier, parse_field

PROJECTS, RESOURCES = 3, 20
STYLE = ["--select", "B,C4,D,E,F,I,PT,RUF,S,SIM,UP,W", "--ignore", "D1,D203,D213,S101,S603"]
"""As in test_generated_project.py."""
WORDS = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,9}){0,2}", fullmatch=True)


def is_valid(function, *arguments):
    try:
        function(*arguments)
    except UserError:
        return False
    return True


def specifications():
    """Return a strategy for lists of resources, each a name and its fields."""
    names = WORDS.filter(lambda name: is_valid(check_identifier, name, "model") and name not in ("a", "i"))
    return st.lists(names, min_size=RESOURCES, max_size=RESOURCES, unique=True).flatmap(
        lambda names: st.tuples(*(resource(name, names[:number]) for number, name in enumerate(names)))
    )


def resource(name, others):
    details = {
        "str": st.one_of(st.just(""), st.integers(1, 700).map(":{}".format), st.integers(1, 700).map("[{}]".format)),
        "ref": st.sampled_from([":entry", *(f":{other}" for other in others), f":{name}?"]),
        "choice": st.lists(WORDS, min_size=1, max_size=12, unique=True).map(lambda words: f":{','.join(words)}"),
    }
    kinds = st.sampled_from(sorted(FIELD_TYPES)).flatmap(
        lambda kind: details.get(kind, st.just("")).map(lambda detail: kind + detail)
    )
    field = st.tuples(WORDS, kinds, st.sampled_from(["", "", "?", "!"])).map(
        lambda parts: f"{parts[0]}:{parts[1]}{parts[2]}"
    )
    fields = st.lists(
        field.filter(lambda text: is_valid(parse_field, text)),
        min_size=1, max_size=3, unique_by=lambda text: text.partition(":")[0].removesuffix("_id"),
    )  # fmt: skip
    return st.tuples(st.just(name), fields)


def in_project(project, *words):
    result = subprocess.run(
        [sys.executable, "-m", *map(str, words)],
        cwd=project, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert result.returncode == 0, (result.stdout + result.stderr)[-6000:]


def random_specifications():
    """Return the same random lists of resources each time, without hypothesis' first one, which is the simplest."""
    found = []

    @seed(18)
    @settings(
        max_examples=PROJECTS + 1, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(specifications())
    def collect(resources):
        found.append(resources)

    collect()
    return found[1:]


def test_random_resources_pass_their_tests_and_every_check_on_each_database(tmp_path, shared_services, monkeypatch):
    projects = []
    for number, resources in enumerate(random_specifications()):
        projects.append(new_project(tmp_path / str(number), "hello", "--database"))
        monkeypatch.chdir(projects[-1])
        for position, (name, fields) in enumerate(resources):
            options = ["--api"] if position % 3 == 0 else []
            result = CliRunner().invoke(cli, ["scaffold", "resource", name, *fields, *options])
            assert result.exit_code == 0, (name, fields, result.output, result.exception)
    assert len(projects) == PROJECTS
    in_project(projects[-1], "mypy", "--cache-dir", os.devnull, ".")
    for project in projects:
        in_project(project, "ruff", "check", "--no-cache", *STYLE, ".")
        in_project(project, "ruff", "format", "--check", "--no-cache", ".")
        pytest = ["pytest", "-qq", "-x", "-p", "no:xdist", "-p", "no:cacheprovider", "tests/test_migrations.py"]
        tests = sorted(str(path) for path in project.glob("tests/test_*_pages.py"))
        tests += sorted(str(path) for path in project.glob("tests/test_*_api.py"))
        # Tests that hardly depend on the fields run for one resource only.
        same = "without_a_token or get_request or id_that or has_pages or overwritten or fields_of_the_form"
        same += " or another_site or other_methods or anything_but"
        selected = f"{Path(tests[0]).stem} or not ({same})"
        in_project(project, *pytest, *tests, "-k", selected)
        use_postgresql(project, shared_services("postgresql"))
        in_project(project, *pytest, *tests[::9], "-k", selected)
