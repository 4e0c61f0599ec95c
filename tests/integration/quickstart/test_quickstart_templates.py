"""quickstart --template: custom templates, their questions, and what the sandbox forbids."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from support.helpers import PROGRAM, REPOSITORY, TEST_TIMEOUT
from support.templates import QUESTIONS, template
from support.warm import run

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def quickstart(template: Path, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Create the project ``new`` beside a template."""
    return run("quickstart", "new", "--template", template.name, *words, cwd=template.parent, **environment)


def refused(template: Path, *words: object, code: int = 1, **environment: str) -> str:
    """Return quickstart's one-line error, after checking that nothing was written."""
    before = sorted(template.parent.iterdir())
    result = quickstart(template, *words, **environment)
    assert result.returncode == code, result.stdout + result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert sorted(template.parent.iterdir()) == before
    return result.stderr.removeprefix("Error: ").rstrip("\n")


def test_without_a_terminal_no_question_is_asked(tmp_path):
    assert refused(template(tmp_path / "mine", QUESTIONS), code=2).endswith("; add --set title=VALUE")


def test_answers_are_converted_and_default(tmp_path):
    mine = template(tmp_path / "mine", QUESTIONS)
    assert quickstart(mine, "--package", "pkg", "--set", "title=a=b c", "--set", "loud=on").returncode == 0
    assert (tmp_path / "new/shown.txt").read_text() == "new pkg a=b c green True\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "title"], "--set: this is not an answer; write --set NAME=VALUE"),
        (["--set", "color=rde"], "--set: color = rde: invalid answer; did you mean red?"),
        (["--set", "color=blue"], "--set: color = blue: invalid answer; choose from red, green"),
        (["--set", "loud=maybe"], "--set: loud = maybe: invalid answer; write true or false"),
        (["--set", "colour=red"], "--set: colour = red: template mine has no such question; did you mean color?"),
        (
            ["--set", "loud=0", "--set", "loud=1"],
            "--set: loud = 1: this question is answered twice; keep one of the answers",
        ),
        (
            ["--minimal"],
            "--minimal: minimal = true: template mine has no such question; its questions are: title, color, loud",
        ),
        (["--set", "title=a", "--serve"], "--serve: template mine has no development.ini; remove --serve"),
    ],
)
def test_an_invalid_answer_is_one_line_with_a_remedy(tmp_path, words, message):
    assert refused(template(tmp_path / "mine", QUESTIONS), *words, code=2) == message


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"{{ project.__class__.__mro__[1].__subclasses__() }}", 1, "access to attribute '__class__' of 'str' object"),
        (b"\n{{ project|attr('__class__') }}", 2, "access to attribute '__class__' of 'str' object is unsafe"),
        (b"{{ '{0.__class__}'.format(1) }}", 1, "access to attribute '__class__' of 'int' object is unsafe"),
        (b"{{ cycler.__init__.__globals__.os.popen('id') }}", 1, "access to attribute '__init__' of 'type' object"),
        (b"{% macro a() %}{{ a() }}{% endmacro %}\n{{ a() }}", 1, "maximum recursion depth exceeded"),
    ],
)
def test_the_sandbox_refuses_access_to_python_internals_with_file_and_line(tmp_path, content, line, reason):
    message = refused(template(tmp_path / "mine", **{"a.txt": b"", "z.txt.j2": content}))
    assert message.startswith(f"mine/tree/z.txt.j2:{line}: this template failed to render: ")
    assert reason in message
    assert message.endswith("; fix the template")


def test_an_unknown_variable_is_named_with_those_that_a_template_has(tmp_path):
    message = refused(template(tmp_path / "mine", **{"a.txt": b"", "z.txt.j2": b"ok\n{{ titel }}\n"}))
    assert message == (
        "mine/tree/z.txt.j2:2: this template failed to render: 'titel' is undefined; its variables are project, package"
    )


@pytest.mark.parametrize(
    ("word", "path", "problem"),
    [
        ("..", "../x", "leaves the project"),
        ("a/../../../etc", "a/../../../etc/x", "leaves the project"),
        ("/etc", "/etc/x", "is an absolute path"),
        (".git", ".git/x", "is inside git's own folder"),
        ("Con", "Con/x", "has the component 'Con', which is a device on Windows"),
        ("a\nb", r"a\nb/x", "has a character that is not allowed on every system"),
    ],
)
def test_an_answer_cannot_lead_outside_the_project_or_to_a_reserved_name(tmp_path, word, path, problem):
    mine = template(tmp_path / "mine", QUESTIONS, **{"a": b"", "{{ title }}/x": b""})
    assert refused(mine, "--set", f"title={word}") == (
        f"mine/tree/{{{{ title }}}}/x: its rendered path '{path}' {problem}; rename it, or change the answer"
    )


def test_two_files_that_collide_are_both_named(tmp_path):
    mine = template(tmp_path / "mine", QUESTIONS, **{"{{ title }}": b"", "Readme": b""})
    message = refused(mine, "--set", "title=README")
    assert "README" in message
    assert "Readme" in message
    assert "collides with" in message


def test_a_symbolic_link_is_refused(tmp_path):
    mine = template(tmp_path / "mine", a=b"")
    (mine / "tree/secrets").symlink_to("/etc/passwd")
    message = "mine/tree/secrets: a template cannot contain a symbolic link; replace it with a regular file"
    assert refused(mine) == message


def test_an_error_in_template_toml_is_one_line_with_file_and_line(tmp_path):
    mine = template(tmp_path / "mine", '\n[[leave_out]]\nwhen = "smal"\npaths = ["shown.txt.j2"]\n')
    message = "mine/template.toml:5: when = 'smal' failed: 'smal' is undefined; its variables are project, package"
    assert refused(mine) == message


def drop_capabilities() -> None:
    """Drop root's capability to ignore file permissions; other users do not have it."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.mark.parametrize("name", ["template.toml", "tree", "tree/shown.txt.j2"])
def test_an_unreadable_file_is_one_line(tmp_path, name):
    mine = template(tmp_path / "mine")
    (mine / name).chmod(0)
    result = subprocess.run(
        [PROGRAM, "quickstart", "new", "--template", "mine"],
        cwd=tmp_path, preexec_fn=drop_capabilities, capture_output=True, text=True, timeout=TEST_TIMEOUT, check=False,
    )  # fmt: skip
    (mine / name).chmod(0o700)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"Error: mine/{name}: cannot be read: Permission denied; fix its permissions\n"
    assert list(tmp_path.iterdir()) == [mine]


def test_files_are_excluded_copied_executable_and_private_as_specified(tmp_path):
    leave_out = '\n[[leave_out]]\nwhen = "not loud"\npaths = ["loud", "*.md"]\n'
    mine = template(
        tmp_path / "mine",
        QUESTIONS + leave_out,
        **{
            "loud/a": b"",
            "b.md": b"",
            "{{ color }}/page.html": b"{{ kept }}\xff",
            "run.j2": b"#!",
            "key.j2": b"{{ new_secret() }}",
        },
    )
    (mine / "tree/run.j2").chmod(0o755)
    assert quickstart(mine, "--set", "title=x").returncode == 0
    new = tmp_path / "new"
    assert sorted(str(path.relative_to(new)) for path in new.rglob("*") if path.is_file()) == [
        "green/page.html", "key", "run",
    ]  # fmt: skip
    assert (new / "green/page.html").read_bytes() == b"{{ kept }}\xff"
    assert os.access(new / "run", os.X_OK)
    assert re.fullmatch(r"[0-9a-f]{64}", (new / "key").read_text())
    assert stat.S_IMODE((new / "key").stat().st_mode) == 0o600


def test_templates_lists_each_with_its_questions_as_they_are_answered(tmp_path):
    listed = run("templates", cwd=tmp_path).stdout
    first, *questions = listed.splitlines()
    assert first.startswith("turbogears: ")
    given = re.findall(r"^  (--set) (\S+)", "\n".join(questions), re.MULTILINE)
    assert len(given) == len(questions) == 4
    words = [word for pair in given for word in pair]
    assert run("quickstart", "new", "--template", "turbogears", *words, cwd=tmp_path).returncode == 0


def test_a_copy_of_our_own_template_writes_the_same_project(tmp_path):
    """People start their own template from a copy of ours, which must stay within the sandbox's limits."""
    shutil.copytree(REPOSITORY / "templates" / "turbogears", tmp_path / "mine")
    for options in (["-o", "ours"], ["-o", "copied", "--template", "./mine"]):
        result = run("quickstart", "hello", "--session", "redis", *options, cwd=tmp_path, CI="1")
        assert result.returncode == 0, result.stderr
    written = [
        {path.relative_to(folder): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "ours", tmp_path / "copied")
    ]
    assert written[0] == written[1]
