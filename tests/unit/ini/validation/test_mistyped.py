"""Mistyped sections, lines that continue another one, broken references, and settings that nothing reads."""

from __future__ import annotations

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import read_app_settings, read_server_settings

INI = """\
[DEFAULT]
debug = true
[server:main]
use = egg:waitress
port = 8080
[serve]
reload = true
[pipeline:main]
pipeline = session hello
[filter:session]
use = egg:gearbox_lite#session
session.key = hello
[app:hello]
paste.app_factory = hello:make_app
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = generic
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = generic
[formatter_generic]
format = %(message)s
"""


def message(folder, old, new):
    assert old in INI
    ini = folder / "a.ini"
    ini.write_bytes(INI.replace(old, new, 1).encode())
    with pytest.raises(UserError) as raised:
        read_app_settings(ini, Overrides())
    return raised.value.message.removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("DEFAULT", "default"), ("DEFAULT", "DEFAULTS"), ("server:main", "sever:main"), ("server:main", "Server:main"),
        ("server:main", "server main"), ("server:main", "server.main"), ("serve", "serv"), ("serve", "Serve"),
        ("serve", " serve "), ("serve", "serve:main"), ("serve", "gearbox"), ("pipeline:main", "pipline:main"),
        ("pipeline:main", "pipeline"), ("filter:session", "fliter:session"), ("filter:session", "filters:session"),
        ("app:hello", "apps:hello"), ("app:hello", "hello"), ("loggers", "logers"), ("loggers", "logger"),
        ("formatters", "formaters"), ("handler_console", "handlers_console"), ("logger_root", "loger_root"),
    ],
)  # fmt: skip
def test_a_mistyped_section_is_reported_with_its_line_and_the_right_name(tmp_path, right, wrong):
    line = INI.splitlines().index(f"[{right}]") + 1
    assert message(tmp_path, f"[{right}]", f"[{wrong}]") == (
        f"a.ini:{line}: nothing reads a section [{wrong}]; write [{right}]"
    )


@pytest.mark.parametrize(
    "header", ["alembic", "uwsgi", "celery", "tool:pytest", "hello", "service", "services", "service:web", "log"]
)
def test_a_section_of_another_program_is_left_alone(tmp_path, header):
    ini = tmp_path / "a.ini"
    ini.write_text(f"{INI}[{header}]\nhost = x\nworkers = 3\nkey = y\n")
    read_app_settings(ini, Overrides())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[serve]", "[serve", "6: '[serve' is not a section header; close it with ]"),
        ("[serve]", "serve]", "6: 'serve]' is not a section header; write [serve]"),
        ("[serve]", "[[serve]]", "6: '[[serve]]' is not a section header; write [serve]"),
        ("debug = true", "DEBUG = true", "2: DEBUG = true: nothing reads this setting in [DEFAULT]; write debug"),
        (
            "debug = true",
            "- debug: true",
            "2: this line does not begin with the name of a setting; write it as: name = value",
        ),
        ("[serve]", " [serve]", "6: this line is indented, so it continues line 5; remove the indent"),
        ("session.key", " session.key", "12: this line is indented, so it continues line 11; remove the indent"),
        ("session.key", "\tsession.key", "12: this line is indented, so it continues line 11; remove the indent"),
        (
            "session.key",
            "\u00a0session.key",
            (
                "12: this line begins with an invisible character, no-break space (U+00A0), so it continues line 11; "
                "delete that character"
            ),
        ),
        (
            "session.key",
            "\u200bsession.key",
            "12: this line has an invisible character, zero width space (U+200B); delete it",
        ),
    ],
)
def test_a_line_that_is_something_else_than_it_seems_is_reported(tmp_path, old, new, expected):
    assert message(tmp_path, old, new) == f"a.ini:{expected}"


def test_line_endings_of_an_old_mac_are_named(tmp_path):
    assert message(tmp_path, INI, INI.replace("\n", "\r")) == (
        "a.ini: its lines end with carriage returns only, so it is one line; save it with line feeds, as on Unix"
    )


def test_values_of_several_lines_are_left_alone(tmp_path):
    ini = tmp_path / "a.ini"
    text = INI.replace("pipeline = session hello", "pipeline =\n    session\n    hello")
    ini.write_text(text.replace("[app:hello]\n", "[app:hello]\nmapping =\n  host = b\n  port = 1\n"))
    read_app_settings(ini, Overrides())


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("%(here)/data", "%(here) is not how an ini refers to a variable; write %(here)s"),
        ("%{here}/data", "%{here} is not how an ini refers to a variable; write %(here)s"),
        ("%(HERE)s/data", "%(HERE)s is not set; did you mean %(here)s?"),
        ("%(HELLO_KEY)s", "%(HELLO_KEY)s names no environment variable; write %(ENV_HELLO_KEY)s"),
        ("%(ENV_HELLO-KEY)s", "%(ENV_HELLO-KEY)s names no environment variable; write %(ENV_HELLO_KEY)s"),
        ("%(env_HELLO_KEY)s", "%(env_HELLO_KEY)s names no environment variable; write %(ENV_HELLO_KEY)s"),
        ("100%", "invalid interpolation; write %% for a percent sign"),
    ],
)
def test_a_broken_reference_is_answered_with_the_right_form(tmp_path, value, problem):
    assert message(tmp_path, "paste.app", f"x = {value}\npaste.app").endswith(f": {problem}")


def test_a_missing_environment_variable_names_a_similar_one_that_is_set(tmp_path, monkeypatch):
    monkeypatch.setenv("HELLO_SESSION_KEYS", "x")
    assert message(tmp_path, "paste.app", "x = %(ENV_HELLO_SESSION_KEY)s\npaste.app").endswith(
        "the environment variable HELLO_SESSION_KEY is not set; HELLO_SESSION_KEYS is set; correct one of the two "
        "names, or set it: export HELLO_SESSION_KEY=..."
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "[app:hello]\n",
            "[app:hello]\ndebug = false\n",
            (
                "14: debug = false: no effect in [app:hello]: debug = true in [DEFAULT] wins; change line 2, or write "
                "set debug = false"
            ),
        ),
        (
            "debug = true\n",
            "debug = true\nworkers = 2\n",
            "3: workers = 2: nothing reads this setting in [DEFAULT]; write workers in [serve]",
        ),
        (
            "debug = true\n",
            "debug = true\nport = 2\n",
            "3: port = 2: nothing reads this setting in [DEFAULT]; write port in [server:main]",
        ),
        (
            "%(message)s\n",
            "%(message)s\nsession.timeout = 60\n",
            (
                "30: session.timeout = 60: nothing reads this setting in [formatter_generic]; write session.timeout in "
                "[filter:session]"
            ),
        ),
        (
            "class = StreamHandler\n",
            "class = StreamHandler\nstream = sys.stdout\n",
            (
                "26: stream = sys.stdout: nothing reads this setting in [handler_console]; write args = (sys.stderr,) "
                "for class = StreamHandler"
            ),
        ),
        ("%(message)s", "%(mesage)s", "29: format = %(mesage)s: a log record has no mesage; did you mean %(message)s?"),
        ("%(message)s", "%(message)", "29: format = %(message): %(message) has no type; write %(message)s"),
        (
            "[loggers]\nkeys = root\n",
            "",
            "15: there is no section [loggers], so logging reads none of its sections; add [loggers] with keys = root",
        ),
    ],
)
def test_a_setting_that_nothing_reads_is_reported_with_its_place(tmp_path, old, new, expected):
    assert message(tmp_path, old, new) == f"a.ini:{expected}"


def test_a_setting_of_default_that_values_refer_to_is_left_alone(tmp_path):
    ini = tmp_path / "a.ini"
    text = INI.replace("debug = true\n", "debug = true\nport = 1\nworkers = 2\n", 1)
    text = text.replace("port = 8080", "port = %(port)s").replace("[app:hello]\n", "[app:hello]\nget x = workers\n")
    ini.write_text(text)
    read_app_settings(ini, Overrides())


def test_sections_that_nothing_names_are_findings(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_text(f"{INI}[filter:gzip]\nuse = egg:waitress\n[logger_sqlalchemy]\nlevel = INFO\nhandlers =\n")
    found = [str(finding).removeprefix(f"{tmp_path}/") for finding in read_server_settings(ini, Overrides()).findings]
    assert found[0] == (
        "a.ini:30: [filter:gzip]: nothing uses this filter; add gzip to the pipeline, or remove the section"
    )
    assert found[1] == (
        "a.ini:32: [logger_sqlalchemy]: logging does not read this section; add sqlalchemy to the keys of [loggers], "
        "or remove it"
    )
    assert len(found) == 2


@pytest.mark.parametrize(
    ("pipeline", "problem"),
    [
        ("session, hello", "a pipeline is names of sections with spaces between them; write pipeline = session hello"),
        ("filter:session app:hello", "a pipeline is names of sections with spaces between them; write pipeline ="),
        ("hello session", "the application comes last; write pipeline = session hello"),
        ("session", "there is no section [app:session], and the last name is that of the application; write"),
        ("session session hello", "session is in it twice; write pipeline = session hello"),
        ("sesion hello", "there is no section [filter:sesion] in a.ini, but [filter:session] on line 10; write"),
    ],
)
def test_a_wrong_pipeline_is_answered_with_the_right_one(tmp_path, pipeline, problem):
    assert f"pipeline = {pipeline}: {problem}" in message(tmp_path, "= session hello", f"= {pipeline}")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "paste.app_factory = hello:make_app",
            "paste.app_factory = hello.make_app",
            "write hello:make_app",
        ),
        ("paste.app_factory = hello:make_app", "paste.app_factory = 'hello:make_app'", "write hello:make_app"),
        ("paste.app_factory = hello:make_app", "paste.app_factory = hello.py:make_app", "write hello:make_app"),
        ("paste.app_factory = hello:make_app", "app_factory = hello:make_app", "write paste.app_factory"),
        ("paste.app_factory = hello:make_app", "paste.filter_factory = hello:make_app", "write paste.app_factory"),
        ("paste.app_factory = hello:make_app", "paste.app_factory = egg:hello", "write use = egg:hello"),
        ("paste.app_factory = hello:make_app", "use = hello.app:make_app", "write paste.app_factory = hello.app:make"),
        ("egg:gearbox_lite#session", "egg:gearbox_lite:session", "write egg:gearbox_lite#session"),
        ("egg:gearbox_lite#session", "egg:gearbox_lit#session", "did you mean egg:gearbox-lite#session?"),
        ("egg:gearbox_lite#session", "egg:hello", "correct the name, or install its distribution"),
        ("egg:gearbox_lite#session", "Egg:gearbox_lite#session", "write egg:gearbox_lite#session"),
        ("egg:gearbox_lite#session", "egg:WebError", "install it: pip install WebError"),
    ],
)
def test_a_wrong_factory_is_answered_with_the_right_form_and_no_strangers_distribution(tmp_path, old, new, problem):
    assert problem in message(tmp_path, old, new)
