"""Syntax of shells, templates and Python in a value is recognized and answered with what to write."""

from __future__ import annotations

import pytest

from gearbox_lite import value_syntax
from gearbox_lite.quantities import bytes_meant, seconds_meant


@pytest.mark.parametrize(
    ("value", "problem", "remedy"),
    [
        ("'a'", "has quotes around it", "remove the quotes"),
        ("\u201ca\u201d", "has quotes around it", "remove the quotes"),
        ('a"', "has a quote", "remove the quote"),
        ("~/data", "has ~, which an ini does not expand", "%(here)s/..."),
        ("sqlite:///~/data.db", "has ~", "%(here)s/..."),
        ("${HELLO_KEY}", "refers to HELLO_KEY", "write %(ENV_HELLO_KEY)s"),
        ("$HOME/data", "refers to HOME", "write %(ENV_HOME)s"),
        ("${here}/data", "refers to here", "write %(here)s"),
        ("%HOME%/data", "refers to HOME", "write %(ENV_HOME)s"),
        ("os.environ['KEY']", "refers to KEY", "write %(ENV_KEY)s"),
        ("$(openssl rand -hex 32)", "is a shell's command", "what the command prints"),
        ("`date`", "is a shell's command", "what the command prints"),
        ("{{ new_secret }}", "has the braces of a template", "write the value itself"),
        ("<function new_secret at 0x7f>", "is how Python shows an object", "{{ new_secret() }}"),
        ("<your key>", "is a placeholder", "write the value itself"),
        ("['a', 'b']", "is a list as Python writes it", "with spaces between them"),
        ("true;", "ends with a semicolon", "remove the semicolon"),
        ("8080,", "ends with a comma", "remove the comma"),
        ("= 5", "begins with another =", "write one ="),
        ("5\u200b", "has an invisible character, zero width space (U+200B)", "delete it"),
        ("a\u00a0b", "has an invisible character, no-break space (U+00A0)", "delete it"),
        ("a\nb", "goes on in the next line", "remove the indent"),
    ],
)
def test_foreign_syntax_is_named_with_what_to_write(value, problem, remedy):
    explained = value_syntax.explain_value(value)
    assert explained is not None
    assert explained[0].startswith(f"the value {problem}")
    assert remedy in explained[1]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "a b",
        "100%",
        "pa$word",
        "$1$salt",
        "p%C3%A9%20",
        "C:\\data",
        "http://x/?a=1;b=2",
        "a#b",
        "x ~ y",
        "{}",
        "[a]",
        "a'b",
    ],
)
def test_other_values_are_left_alone(value):
    assert value_syntax.literal(value) is None


def test_a_password_is_not_quoted_in_an_explanation():
    for value in ("$Secret1", "'secret'", "secret ; x", "\u200bsecret"):
        assert "ecret" not in " ".join(value_syntax.literal(value) or ())


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty"),
        (" key", "begins or ends with a space"),
        ("'key'", "has quotes around it"),
        ("$(openssl rand)", "is a shell's command"),
        ("key\n", "goes on in the next line"),
    ],
)
def test_an_environment_variable_is_named(value, problem):
    explained = value_syntax.explain_value(value, "HELLO_KEY")
    assert explained is not None
    assert explained[0].startswith(f"the environment variable HELLO_KEY {problem}")


def test_a_comment_behind_a_value_is_recognized_and_a_fragment_is_not():
    assert value_syntax.has_comment("8080 ; the port")
    assert value_syntax.has_comment("8080 # the port")
    assert value_syntax.has_comment("8080 // the port")
    assert not value_syntax.has_comment("http://localhost/#top")
    assert value_syntax.has_comment("3600#seconds")
    assert not value_syntax.has_comment("a;b")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h", 3600), ("30 min", 1800), ("1 day", 86400), ("2 weeks", 1209600), ("60*60", 3600), ("1_000", 1000),
        ("86,400", 86400), ("3600s", 3600), ("3600.0", 3600), ("1:30:00", 5400), ("1h 30m", 5400), ("500ms", 0.5),
        ("never", None), ("", None), ("-5", None), ("9" * 5000, None), ("1 fortnight", None),
    ],
)  # fmt: skip
def test_a_time_with_a_unit_is_understood(text, seconds):
    assert seconds_meant(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("10MB", 10485760), ("10 MiB", 10485760), ("10*1024*1024", 10485760), ("1.5g", 1610612736), ("lots", None)],
)
def test_a_size_with_a_unit_is_understood(text, size):
    assert bytes_meant(text) == size
