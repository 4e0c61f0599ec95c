"""An error in an ini, a command line or an application is one line that says where it is and what to do."""

from __future__ import annotations

import pytest
from support.helpers import add_line, line_of, set_option
from support.warm import refused, run, serve


def test_a_missing_ini_is_refused_with_the_inis_nearby(project, tmp_path):
    found = "hello/development.ini, hello/production.ini, hello/test.ini"
    assert refused(tmp_path) == f"development.ini: there is no such file; found nearby: {found}"
    assert "found nearby: development.ini, production.ini, test.ini" in refused(project, "prodution.ini")
    assert "this is a folder" in refused(tmp_path, "hello")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "gearbox-lite quickstart hello" in refused(empty)


def test_a_file_that_is_not_a_pastedeploy_ini_is_refused(project):
    (project / "plain.ini").write_text("[server:main]\nuse = egg:waitress\n[other]\na = b\n")
    assert refused(project, "plain.ini").startswith("plain.ini: not a PasteDeploy ini: it has no [app:...]")
    (project / "open.ini").write_text("[server:main\nuse = egg:waitress\n")
    assert refused(project, "open.ini") == "open.ini:1: '[server:main' is not a section header; close it with ]"
    assert refused(project, "pyproject.toml").startswith("pyproject.toml:")
    assert refused(project, "hello/public/favicon.ico").startswith("hello/public/favicon.ico:1: this is not UTF-8")


@pytest.mark.parametrize(
    ("lines", "number", "message"),
    [
        ("port = 1", None, "port is set twice in [server:main], first on line"),
        ("nonsense", None, "this line is neither a setting nor a [section]"),
        ("ident = %(hree)s", None, "ident = %(hree)s: %(hree)s is not set; did you mean %(here)s?"),
        (
            "ident = %(ident)s",
            None,
            "ident = %(ident)s: circular reference: ident -> ident; give one of",
        ),
        ("ident = 100%", None, "ident = 100%: invalid interpolation; write %% for a percent sign"),
        ("thread = 4", None, "thread = 4: waitress has no such setting; did you mean threads?"),
        ("backlog = many", None, "backlog = many: not a whole number in range; write a number from 1 up"),
        (
            "expose_tracebacks = maybe",
            None,
            "expose_tracebacks = maybe: not a boolean; write true or false",
        ),
        ("ident = é\udcff", None, "this is not UTF-8; save the file as UTF-8"),
    ],
)
def test_an_invalid_server_setting_is_reported_with_file_and_line(project, lines, number, message):
    ini = project / "development.ini"
    add_line(ini, "server:main", "ident = x")
    text = ini.read_text().replace("ident = x", lines)
    ini.write_bytes(text.encode("utf-8", "surrogateescape"))
    line = next(n for n, text in enumerate(ini.read_bytes().splitlines(), 1) if text.startswith(lines[:6].encode()))
    if lines.startswith("port"):
        line = line_of(ini, "port = 8080")
    assert refused(project).startswith(f"development.ini:{line}: {message}")


def test_zero_threads_are_refused(project):
    set_option(project / "development.ini", "threads", "0")
    assert "threads = 0: not a whole number in range; write a number from 1 up" in refused(project)


def test_a_debug_page_for_other_machines_is_refused_with_all_remedies(project):
    ini = project / "development.ini"
    set_option(ini, "host", "0.0.0.0")
    message = refused(project)
    assert message.startswith(f"development.ini:{line_of(ini, 'host =')}: host = 0.0.0.0 lets other machines connect")
    assert f"debug = true (development.ini:{line_of(ini, 'debug =')})" in message
    assert "pass --host 127.0.0.1, or set debug = false, or pass --allow-remote-debug" in message
    with serve(project, "--allow-remote-debug"):
        pass
    set_option(ini, "debug", "false")
    with serve(project):
        pass


def test_debug_set_on_the_command_line_is_checked_too(project):
    assert "lets other machines connect" in refused(project, "test.ini", "debug=true", "--host", "0.0.0.0")
    with serve(project, "test.ini", "--host", "0.0.0.0"):
        pass
    set_option(project / "development.ini", "debug", "maybe")
    assert "debug = maybe: not a boolean" in refused(project, "--host", "0.0.0.0")


@pytest.mark.parametrize(
    ("section", "line", "message"),
    [
        ("pipeline:main", "pipeline = sesion hello", "there is no section [filter:sesion] in"),
        ("pipeline:main", "pipeline = session", "there is no section [app:session]"),
        ("pipeline:main", "pipeline =", "the pipeline is empty"),
        ("filter:session", "use = egg:nosuch", "no distribution 'nosuch' is installed; correct the name, or"),
        ("filter:session", "use = egg:gearbox_lite#sesion", "gearbox_lite has no filter 'sesion'; did you mean gear"),
        ("server:main", "use = egg:waitress#web", "waitress has no server 'web'; it has: main"),
        ("server:main", "use = config:base.ini", "there is no file base.ini next to this ini"),
        ("app:hello", "paste.app_factory = hello.aplication:make_app", "there is no module hello.aplication"),
        ("app:hello", "paste.app_factory = helo.config:make_app", "there is no module helo; did you mean hello?"),
        ("app:hello", "paste.app_factory = hello.config.application:x", "module hello.config.application has no x"),
        ("app:hello", "paste.app_factory = hel-lo:make_app", "this names no function; write package.module:function"),
        ("app:hello", "paste.app_factory = hello.config.application", "this names no function; write package.module:"),
    ],
)  # fmt: skip
def test_a_section_that_names_something_missing_is_refused(project, section, line, message):
    ini = project / "development.ini"
    option = line.partition(" =")[0]
    lines = ini.read_text().splitlines()
    number = next(
        n for n, text in enumerate(lines) if n > lines.index(f"[{section}]") and text.startswith(f"{option} =")
    )
    lines[number] = line
    ini.write_text("\n".join(lines) + "\n")
    assert refused(project, "--port=0").startswith(f"development.ini:{number + 1}: {line}: {message}")


def test_an_unknown_section_is_refused_with_those_that_exist(project):
    assert "choose one with --app-name: main, hello" in refused(project, "-n", "hell")
    assert "choose one with --server-name: main" in refused(project, "--server-name", "web")


def test_sections_that_use_each_other_in_a_circle_are_refused_in_one_line(project):
    (project / "circle.ini").write_text("[server:main]\nuse=egg:waitress\n[app:main]\nuse = a\n[app:a]\nuse = main\n")
    assert refused(project, "circle.ini") == "circle.ini: its sections use each other in a circle"


def test_an_unknown_session_option_is_reported_with_its_line(project):
    ini = project / "development.ini"
    number = add_line(ini, "filter:session", "session.tiemout = 60")
    assert refused(project) == (
        f"development.ini:{number}: session.tiemout = ...: there is no such option; did you mean session.timeout?"
    )


@pytest.mark.parametrize(
    ("section", "line", "reason"),
    [
        ("handler_console", "class = NoSuch", "ModuleNotFoundError: No module named 'NoSuch'; name a class of"),
        ("handler_console", "args = (sys.nowhere,)", "AttributeError: "),
        ("handler_console", "args = (1, 2, 3)", "TypeError: "),
        ("handler_console", "kwargs = nonsense", "NameError: "),
        ("handler_console", "level = LOUD", "ValueError: Unknown level: 'LOUD'; write DEBUG, INFO, WARNING, ERROR or"),
        ("handler_console", "formatter = nice", "there is no 'nice'; name one of [formatters] keys"),
        ("formatter_generic", "format = %(nowhere", "ValueError: "),
        ("formatter_generic", "style = x", "ValueError: "),
        ("logger_root", "level = LOUD", "ValueError: Unknown level: 'LOUD'; write DEBUG, INFO, WARNING, ERROR or"),
        ("logger_root", "handlers = consol", "there is no 'consol'; write console"),
        ("loggers", "keys = root, helo", "there is no 'logger_helo'; write root, hello"),
        ("loggers", "keys = hello", "root is not among them; list only sections"),
        ("handlers", "keys = console, file", "there is no 'handler_file'; list only sections that exist"),
        ("formatters", "keys = generic, short", "there is no 'formatter_short'; list only sections that exist"),
    ],
)
def test_invalid_logging_is_reported_with_file_and_line(project, section, line, reason):
    ini = project / "development.ini"
    option = line.partition(" = ")[0]
    before, header, rest = ini.read_text().partition(f"[{section}]\n")
    own, mark, after = rest.partition("\n[")
    kept = "\n".join(text for text in own.split("\n") if not text.startswith(f"{option} ="))
    ini.write_text(f"{before}{header}{line}\n{kept}{mark}{after}")
    number = line_of(ini, f"[{section}]") + 1
    assert refused(project, "--port=0").startswith(
        f"development.ini:{number}: {line}: logging cannot be set up: {reason}"
    )


def test_a_missing_logging_option_is_reported_with_its_section(project):
    ini = project / "development.ini"
    set_option(ini, "class", None)
    number = line_of(ini, "[handler_console]")
    assert refused(project, "--port=0") == (
        f"development.ini:{number}: [handler_console]: logging cannot be set up: there is no 'class'; add: class = ..."
    )
    ini.write_text(ini.read_text().replace("[formatters]", "[formaters]"))
    number = line_of(ini, "[formaters]")
    assert refused(project) == f"development.ini:{number}: nothing reads a section [formaters]; write [formatters]"


def test_a_port_given_as_a_variable_is_refused_with_the_option_to_use(project):
    assert refused(project, "port=9000").endswith(
        "sets a variable of the ini, not the server's port; write --port 9000"
    )
    assert "only one ini is allowed" in refused(project, "development.ini", "test.ini")


@pytest.mark.parametrize(
    ("file", "code", "kind", "line"),
    [
        ("hello/controllers/root.py", "def broken(:\n", "SyntaxError", 1),
        ("hello/controllers/root.py", "x = 1\nraise LookupError\n", "LookupError", 2),
        ("hello/config/app_cfg.py", "\nraise ValueError('mine')\n", "ValueError", 2),
        ("hello/config/application.py", "def make_app(g, **a):\n    return 1 / 0\n", "ZeroDivisionError", 2),
    ],
)
def test_an_error_in_the_users_code_shows_their_frames_and_one_line(project, file, code, kind, line):
    (project / file).write_text(code)
    result = run("serve", "--port", "0", "--no-reload", cwd=project)
    assert result.returncode == 1
    *report, last = result.stderr.splitlines()
    assert last.startswith(f"Error: development.ini: the application does not load: {kind} in ")
    assert last.endswith(f"{file.rpartition('/')[2]} line {line}; fix it and try again")
    assert f'{project / file}", line {line}' in "\n".join(report)
    assert not any(text.startswith("Error:") for text in report)
    assert "site-packages" not in result.stderr
    assert "importlib" not in result.stderr
