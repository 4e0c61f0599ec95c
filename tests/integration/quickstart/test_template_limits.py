"""Resource limits: whatever a template contains, quickstart terminates within seconds, with one line and no files."""

from __future__ import annotations

import os
import subprocess

import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT
from support.templates import HEAD, template

LOOP = b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def refused(folder, **files):
    source = template(folder / "mine", **files)
    result = subprocess.run(
        [PROGRAM, "quickstart", "hello", "--template", source],
        cwd=folder, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=False,
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert [path.name for path in folder.iterdir()] == ["mine"]
    return result.stderr


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LOOP, "a.j2:1: this template failed to render: it takes more than 200000 steps"),
        (b"{% set x %}" + LOOP + b"{% endset %}", "it takes more than 200000 steps"),
        (b"{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}", "steps"),
        (b"{% for x in [1, 1] recursive %}{{ loop([1, 1]) if loop.depth < 40 }}{% endfor %}", "steps"),
        (b"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError"),
        (b"{% include 'a.j2' %}{% include 'a.j2' %}", "RecursionError"),
        (b"{{ 'x' * 10000 ** 2 }}", "a string or list is too long"),
        (b"{% for a in range(9999) %}{{ 'x' * 99999 }}{% endfor %}", "more than 64 MiB of rendered text"),
        (b"{{ 10 ** 10000 }}", "a number has too many digits"),
        (b"{% set n = namespace(x=9) %}{% for a in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}", "digits"),
        (b"{% set n = namespace(x='y') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}", "much memory"),
        (b"{{ 'x'.ljust(10 ** 11) }}", "it needs too much memory; fix"),
        (b"{{ '%99999999999d' % 1 }}", "Error"),
    ],
)
def test_a_template_that_never_ends_is_stopped(tmp_path, text, reason):
    assert reason in refused(tmp_path, **{"a.j2": text})


def test_a_single_long_operation_is_stopped_by_the_time_limit(tmp_path):
    assert "it takes more than 3 seconds" in refused(tmp_path, **{"a.j2": b"{{ lipsum(n=10**9) }}"})


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    source = template(tmp_path / "mine", **{"a.bin": b""})
    os.truncate(source / "tree" / "a.bin", 1 << 40)
    result = subprocess.run(
        [PROGRAM, "quickstart", "hello", "--template", source],
        cwd=tmp_path, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "a.bin: the project has more than 512 MiB" in result.stderr


@pytest.mark.parametrize("value", ["[" * 9999, "{a=" * 9999, "a." * 9999 + "a = 1"])
def test_deeply_nested_values_are_a_one_line_error(tmp_path, value):
    source = template(tmp_path / "mine")
    (source / "template.toml").write_text(f"{HEAD}x = {value}\n")
    result = subprocess.run(
        [PROGRAM, "quickstart", "hello", "--template", source],
        cwd=tmp_path, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "template.toml" in result.stderr


def test_loops_within_the_limits_behave_as_in_jinja2(tmp_path):
    text = b"{% for a in 'xyz' %}{{ loop.index }}/{{ loop.length }}{{ a }}{{ ',' if not loop.last }}{% endfor %}"
    source = template(tmp_path / "mine", **{"a.j2": text})
    subprocess.run(
        [PROGRAM, "quickstart", "hello", "--template", source], cwd=tmp_path, check=True, timeout=TEST_TIMEOUT
    )
    assert (tmp_path / "hello" / "a").read_text() == "1/3x,2/3y,3/3z"


@pytest.mark.parametrize("line", ['help = "\\u001b]0;owned\\u0007"', 'default = "a\\nb"'])
def test_control_characters_in_a_question_are_refused(tmp_path, line):
    source = template(tmp_path / "mine", f'[[questions]]\nname = "title"\ntype = "str"\n{line}\n')
    result = subprocess.run(
        [PROGRAM, "quickstart", "hello", "--template", source],
        cwd=tmp_path, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert "has a control character or a line break; remove it" in result.stderr
