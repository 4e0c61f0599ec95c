"""What the debug page tells of an exception."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import jinja2
import pytest

from gearbox_lite.debug_page.excerpts import Span, read_excerpt
from gearbox_lite.debug_page.traces import describe_chain, package_of
from gearbox_lite.debug_page.variables import Values


def described(code, tmp_path, monkeypatch, name="mine"):
    """Run code from a file of its own, as a user's, and return the description of what it raises."""
    file = tmp_path / f"{name}.py"
    file.write_text(code)
    monkeypatch.chdir(tmp_path)
    try:
        exec(compile(code, str(file), "exec"), {"__name__": name})
    except BaseException as error:  # noqa: BLE001
        return describe_chain(error, Values())
    raise AssertionError("nothing was raised")


@pytest.fixture
def describe(tmp_path, monkeypatch):
    return lambda code: described(code, tmp_path, monkeypatch)


def test_the_innermost_line_of_the_users_own_code_is_the_culprit(describe):
    trace = describe("import json\ndef load():\n    return json.loads('{')\nload()\n")[0]
    assert (trace.culprit.name, trace.culprit.line, trace.culprit.function) == ("mine.py", 3, "load")
    assert [(group.package, len(group.frames)) for group in trace.groups[:3]] == [("Python", 3), ("", 1), ("", 1)]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 does not know columns")
def test_the_failing_expression_is_marked_also_behind_letters_of_several_bytes(describe):
    trace = describe("data = {}\nx = 'ä€' + str(len(data) + data['movies']['title'])\n")[0]
    line = next(line for line in trace.culprit.lines if line.is_current)
    assert line.marked == "data['movies']"
    assert line.text == "x = 'ä€' + str(len(data) + data['movies']['title'])"


def test_notes_and_chains_are_included(describe):
    code = (
        "try:\n    try:\n        1 / 0\n    except Exception as error:\n        raise KeyError('a') from error\n"
        "except KeyError:\n    error = ValueError('b')\n"
        "    error.__notes__ = ['a note']\n    raise error\n"
    )
    first, second, third = describe(code)
    assert (first.kind, first.message, first.notes) == ("ValueError", "b", ("a note",))
    assert (second.kind, second.relation) == ("KeyError", "was being handled when the exception above occurred")
    assert (third.kind, third.relation) == ("ZeroDivisionError", "was the direct cause of the exception above")


def test_from_none_hides_what_was_being_handled(describe):
    assert len(describe("try:\n    1 / 0\nexcept Exception:\n    raise KeyError('a') from None\n")) == 1


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no exception groups")
def test_the_exceptions_of_a_group_are_included(describe):
    trace = describe("raise ExceptionGroup('all', [ValueError('one'), ExceptionGroup('in', [KeyError('two')])])\n")[0]
    assert [child.message for child in trace.children] == ["one", "in (1 sub-exception)"]
    assert trace.children[1].children[0].kind == "KeyError"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no exception groups")
def test_a_large_group_says_how_many_of_it_are_not_shown(describe):
    trace = describe("raise ExceptionGroup('all', [ValueError(number) for number in range(50)])\n")[0]
    assert (len(trace.children), trace.notes) == (10, ("40 more exceptions of this group are not shown.",))


def test_a_long_chain_says_how_many_exceptions_are_not_shown(describe):
    code = (
        "def fail(depth):\n    try:\n        fail(depth - 1) if depth else 1 / 0\n    except Exception:\n"
        "        raise ValueError(depth)\nfail(13)\n"
    )
    traces = describe(code)
    assert [trace.message for trace in traces] == [str(depth) for depth in range(13, 3, -1)]
    assert traces[-1].notes == ("This exception comes from 5 more, which are not shown.",)


def test_an_exception_that_is_no_syntax_error_shows_no_file_that_it_names(describe):
    trace = describe("error = ValueError('a')\nerror.filename, error.lineno = '/etc/passwd', 1\nraise error\n")[0]
    assert [frame.name for frame in trace.frames if frame.file == "/etc/passwd"] == []


def test_notes_that_cannot_be_shown_do_not_hide_the_exception(describe):
    odd = "class Odd:\n    def __str__(self):\n        raise KeyError\nerror = ValueError('a')\n"
    trace = describe(f"{odd}error.__notes__ = [Odd(), 5, 'x' * 9000]\nraise error\n")[0]
    assert trace.notes[:2] == ("(its note cannot be shown: str() raised KeyError)", "5")
    assert len(trace.notes[2]) < 5000
    assert describe(f"{odd}error.__notes__ = 5\nraise error\n")[0].notes == ()
    group = "class OddExceptionGroup(Exception):\n    exceptions = 5\nraise OddExceptionGroup('b')\n"
    assert describe(group)[0].message == "b"


def test_an_exception_that_refers_to_itself_is_shown_once(describe):
    assert len(describe("error = ValueError('a')\nerror.__cause__ = error\nraise error\n")) == 1


def test_an_endless_recursion_is_cut(describe):
    trace = describe("def again():\n    again()\nagain()\n")[0]
    assert trace.kind == "RecursionError"
    assert len(trace.frames) == 61
    assert any("calls are not shown" in frame.function for frame in trace.frames)


def test_a_syntax_error_shows_its_line_and_the_part_at_fault(tmp_path):
    file = tmp_path / "broken.py"
    file.write_text("first = 1\ndef broken(:\n    pass\n")
    with pytest.raises(SyntaxError) as caught:
        compile(file.read_text(), str(file), "exec")
    trace = describe_chain(caught.value, Values())[0]
    assert (trace.message, trace.culprit.line) == ("invalid syntax", 2)
    assert next(line for line in trace.culprit.lines if line.is_current).marked == ":"


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("<p>\n{{ 1 // x }}\n", "ZeroDivisionError", 2),
        ("<p>\n\n{% if %}\n", "jinja2.exceptions.TemplateSyntaxError", 3),
    ],
)
def test_an_error_in_a_jinja_template_shows_the_templates_line(tmp_path, text, kind, line):
    (tmp_path / "page.jinja").write_text(text)
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(tmp_path))
    with pytest.raises(Exception) as caught:
        environment.get_template("page.jinja").render(x=0)
    trace = describe_chain(caught.value, Values())[0]
    assert (trace.kind, trace.culprit.line) == (kind, line)
    assert trace.culprit.name.endswith("page.jinja")
    assert any(line.is_current for line in trace.culprit.lines)


def test_secrets_are_masked_by_name_wherever_they_appear(describe):
    trace = describe(
        "password = 'hunter22'\nform = {'user': 'ada', 'api_key': 'abcd1234', 'n': {'token': 'zyxw'}}\n"
        "query = 'user=ada&password=hunter22'\nurl = 'http://ada:hunter22@example.com/'\nold = ['hunter22']\n"
        "raise ValueError(f'wrong password {password} of http://a:b123@c/')\n"
    )[0]
    shown = dict(trace.culprit.variables)
    assert shown["password"] == "..."
    assert shown["form"] == "{'user': 'ada', 'api_key': ..., 'n': {'token': ...}}"
    everything = str(shown) + trace.message
    assert not {secret for secret in ("hunter22", "abcd1234", "zyxw", "b123") if secret in everything}
    assert "user=ada" in shown["query"]


def test_names_and_values_in_lists_of_headers_are_masked_as_well(describe):
    trace = describe("headers = [('Authorization', 'Basic YWRhOmFiYw=='), (b'Cookie', b'a=bcdefg')]\n1 / 0\n")[0]
    assert dict(trace.culprit.variables)["headers"] == "[('Authorization', ...), (b'Cookie', ...)]"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("password = 'hunter22'", "password = '...'"),
        ("connect(user='ada', password=f'hunter22', port=1)", "connect(user='ada', password=f'hunter22', port=1)"),
        ("connect(user='ada', password=rb'hunt\\'er22', port=1)", "connect(user='ada', password=rb'...', port=1)"),
        ('form = {"user": "ada", "api_key": "abcd"}', 'form = {"user": "ada", "api_key": "..."}'),
        ("form['token'] = 'abcd'", "form['token'] = '...'"),
        ("token: str | None = 'abcd'", "token: str | None = '...'"),
        ("if password == 'hunter22':", "if password == '...':"),
        ("key = os.environ.get('SECRET_KEY', 'abcd')", "key = os.environ.get('SECRET_KEY', '...')"),
        ("url = 'http://ada:hunter22@example.com/'", "url = 'http://ada:***@example.com/'"),
        *((line, line) for line in ("names = ['password', 'user']", "password = read('file')", "token = '' or 'x'")),
    ],
)
def test_source_does_not_show_the_text_of_a_secret(tmp_path, line, shown):
    file = tmp_path / "mine.py"
    file.write_text(f"{line}; 1 / 0\n")
    start = len(f"{line}; ")
    (excerpt,) = read_excerpt(str(file), 1, Span(1, start, 1, start + 5))
    assert excerpt.text == f"{shown}; 1 / 0"
    assert excerpt.marked == "1 / 0", "the mark moves along"


def test_a_variable_named_key_hides_no_text_elsewhere(describe):
    trace = describe("key = 'movie_title'\nraise KeyError(key)\n")[0]
    assert dict(trace.culprit.variables)["key"] == "..."
    assert trace.message == "'movie_title'"


def test_values_are_cut_and_may_fail(describe):
    trace = describe(
        "class Broken:\n    def __repr__(self):\n        raise RuntimeError\n"
        "broken, long, many = Broken(), 'x' * 9000, list(range(9000))\n1 / 0\n"
    )[0]
    shown = dict(trace.culprit.variables)
    assert "whose repr raised RuntimeError" in shown["broken"] or "instance at" in shown["broken"]
    assert len(shown["long"]) < 500
    assert len(shown["many"]) < 500


def test_the_time_that_values_take_is_limited_also_within_one(describe, monkeypatch):
    ticks = [0.0]
    monkeypatch.setattr("gearbox_lite.debug_page.variables.time.monotonic", lambda: sum(ticks))
    monkeypatch.setitem(sys.modules, "slow_clock", SimpleNamespace(ticks=ticks))
    slow = "class Slow:\n    def __repr__(self):\n        slow_clock.ticks.append(0.9)\n        return 'slow'\n"
    trace = describe(f"import slow_clock\n{slow}values = [Slow() for _ in range(5)]\n1 / 0\n")[0]
    assert dict(trace.culprit.variables)["values"] == "[slow, slow, slow, ..., ...]"


def test_a_value_whose_class_hides_its_name_is_shown(describe):
    code = "class Meta(type):\n    def __getattribute__(cls, name):\n        raise RuntimeError\n"
    trace = describe(f"{code}class Odd(metaclass=Meta):\n    pass\nodd = Odd()\n1 / 0\n")[0]
    assert dict(trace.culprit.variables)["odd"] == "<Odd, whose repr raised RuntimeError>"


def test_a_message_that_cannot_be_shown_does_not_hide_the_exception(describe):
    trace = describe("class Odd(Exception):\n    def __str__(self):\n        raise KeyError\nraise Odd\n")[0]
    assert (trace.kind, "cannot be shown" in trace.message) == ("mine.Odd", True)


def test_keys_in_an_ini_are_not_shown(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_text("[filter:session]\nsession.validate_key = 0123456789\n# session.secret = abcdef\nsession.a = 5\n")
    shown = "\n".join(line.text for line in read_excerpt(str(ini), 4))
    assert "0123456789" not in shown
    assert "abcdef" not in shown
    assert "session.validate_key = ..." in shown


def test_a_session_option_is_shown_as_in_messages(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_text(
        "session.samesite = lax; secure\nsession.key = my cookie\nsession.url = redis://:hunter22@localhost/0\n"
        "session.timout = an hour\nsession.validate_key = %(ENV_KEY)s\n"
    )
    assert [line.text for line in read_excerpt(str(ini), 1)] == [
        *("session.samesite = lax; secure", "session.key = my cookie", "session.url = redis://:***@localhost/0"),
        *("session.timout = ...", "session.validate_key = %(ENV_KEY)s"),
    ]


def test_an_exception_that_explains_itself_is_at_the_place_that_it_names(describe, tmp_path):
    code = (
        "from pathlib import Path\nfrom gearbox_lite.errors import Location\n"
        "from gearbox_lite.turbogears.output import ControllerOutputError\n"
        "raise ControllerOutputError(Location(Path(__import__('os').getcwd()) / 'mine.py', 1), 'returned 3')\n"
    )
    trace = describe(code)[0]
    assert (trace.kind, trace.message) == ("ControllerOutputError", "mine.py:1: returned 3")
    assert (trace.help_file, trace.help_line) == (str(tmp_path / "mine.py"), 1)


def test_frames_are_told_apart_by_package(tmp_path):
    own = tmp_path / "own.py"
    own.touch()
    assert package_of(str(own)) == ""
    assert package_of(jinja2.__file__) == "jinja2"
    assert package_of(sys.modules["json"].__file__) == "Python"
    assert package_of("<string>") == "<string>"
