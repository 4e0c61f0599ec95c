"""What the log hides of an exception, which is what the debug page hides of it."""

from __future__ import annotations

import logging
import sys
import time

import pytest

from gearbox_lite.application.error_secrets import hide_in_traceback
from gearbox_lite.debug_page.traces import describe_chain
from gearbox_lite.debug_page.variables import Values

PROGRAM = """
import base64
password = base64.b64decode("aHVudGVyMjI=").decode()
form = {"api_key": base64.b64decode("YWJjZDEyMzQ=").decode(), "user": "ada"}
try:
    raise ValueError(f"wrong: {password}", "user=ada&token=" + 4 * "z", "http://ada:b123@example.com/")
except ValueError:
    raise KeyError(f"{form['api_key']} of ada")
"""
GROUP = """
def check():
    password = 2 * "hunter"
    raise ValueError(f"token={'zyxw'} of {password}")
try:
    check()
except ValueError as error:
    raise ExceptionGroup("all", [error])
"""
SECRETS = {"hunter22", "abcd1234", "zzzz", "b123"}


def raised(tmp_path, code):
    """Run code from a file of its own, as a user's, and return its exception and the traceback that logging writes."""
    file = tmp_path / "mine.py"
    file.write_text(code)
    try:
        exec(compile(code, str(file), "exec"), {"__name__": "mine"})
    except Exception as error:  # noqa: BLE001
        return error, logging.Formatter().formatException((type(error), error, error.__traceback__))
    raise AssertionError("nothing was raised")


def test_the_log_hides_the_same_as_the_debug_page(tmp_path):
    error, plain = raised(tmp_path, PROGRAM)
    logged = hide_in_traceback(plain, error)
    shown = "\n".join(trace.message for trace in describe_chain(error, Values()))
    assert {secret for secret in SECRETS if secret in plain} == SECRETS
    assert not {secret for secret in SECRETS if secret in logged + shown}
    assert f'File "{tmp_path}/mine.py", line 6, in <module>' in logged
    assert "user=ada" in logged
    assert logged.count("\n") == plain.count("\n")


def test_the_source_below_a_frame_is_masked_as_on_the_page(tmp_path):
    error, plain = raised(tmp_path, "def connect(password):\n    1 / 0\nconnect(password='hunter33')\n")
    assert "    connect(password='hunter33')" in plain
    assert "    connect(password='...')" in hide_in_traceback(plain, error)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no exception groups")
def test_the_exceptions_of_a_group_are_without_secrets_too(tmp_path):
    error, plain = raised(tmp_path, GROUP)
    assert "ValueError: token=zyxw of hunterhunter" in plain
    assert "ValueError: token=... of ..." in hide_in_traceback(plain, error)


def test_an_exception_that_fails_itself_is_logged_all_the_same(tmp_path):
    odd = "class Odd(Exception):\n    @property\n    def exceptions(self):\n        raise KeyError\n"
    error, plain = raised(tmp_path, f"{odd}raise Odd('token=zyxw')\n")
    assert "Odd: token=zyxw" in plain
    assert "Odd: token=..." in hide_in_traceback(plain, error)


def test_a_text_without_an_exception_is_masked_by_names_only():
    assert hide_in_traceback("password=hunter22, user=ada", None) == "password=..., user=ada"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("login failed: token=zyxw", "login failed: token=..."),
        ("a:password:b", "a:password:..."),
        ("--token=zyxw --user=ada", "--token=... --user=ada"),
        ("{'token': 'zy\\'xw', 'user': 'ada'}", "{'token': ..., 'user': 'ada'}"),
        ("password='token=zyxw' end", "password=... end"),
        ("token = ", "token = "),
    ],
)
def test_a_value_is_masked_after_the_name_of_a_secret(text, shown):
    assert hide_in_traceback(text, None) == shown


@pytest.mark.parametrize("text", ["x" * 300_000 + "://", "token=" * 50_000, "a:" * 150_000, "('" * 100_000])
def test_a_long_message_takes_no_longer_than_its_length(text):
    started = time.process_time()
    hide_in_traceback(text, None)
    assert time.process_time() - started < 5, "minutes, if it were quadratic"
