"""What is wrong with an ini, a command line or an application is answered in one line that says what to do."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support.helpers import add_line, free_port, line_of, set_option, unavailable
from support.helpers import run as installed_run
from support.warm import run, serve


def refused(project, *arguments, code=2, **environment):
    """Serve, and return the single error line."""
    result = run("serve", "--no-reload", *arguments, cwd=project, **environment)
    assert result.returncode == code, result.stderr
    assert "Serving" not in result.stdout
    lines = [line for line in result.stderr.splitlines() if not line.startswith("Warning: ")]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Error: ")
    return lines[0].removeprefix("Error: ")


def test_a_missing_ini_names_the_inis_near(project, tmp_path):
    found = "hello/development.ini, hello/production.ini, hello/test.ini"
    assert refused(tmp_path) == f"development.ini: there is no such file; found nearby: {found}"
    assert "found nearby: development.ini, production.ini, test.ini" in refused(project, "prodution.ini")
    assert "this is a folder" in refused(tmp_path, "hello")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "gearbox-lite quickstart hello" in refused(empty)


def test_a_file_that_is_no_pastedeploy_ini(project):
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
        ("ident = %(hree)s", None, "ident = %(hree)s: %(hree)s is not set; pass hree=... on the command line, set it"),
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
            "expose_tracebacks = maybe: not a truth value; write true or false",
        ),
        ("ident = é\udcff", None, "this is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_broken_server_section_is_named_with_file_and_line(project, lines, number, message):
    ini = project / "development.ini"
    add_line(ini, "server:main", "ident = x")
    text = ini.read_text().replace("ident = x", lines)
    ini.write_bytes(text.encode("utf-8", "surrogateescape"))
    line = next(n for n, text in enumerate(ini.read_bytes().splitlines(), 1) if text.startswith(lines[:6].encode()))
    if lines.startswith("port"):
        line = line_of(ini, "port = 8080")
    assert refused(project).startswith(f"development.ini:{line}: {message}")


@pytest.mark.parametrize(
    ("port", "problem"),
    [("abc", "not a port number"), ("70000", "out of range"), ("-1", "not a port number"), ("", "not a port number"),
     ("80 80", "not a port number"), ("8080 ; web", "not a port number")],
)  # fmt: skip
def test_a_bad_port_is_named_with_its_line_or_option(project, port, problem):
    ini = project / "development.ini"
    set_option(ini, "port", port)
    line = line_of(ini, "port =")
    message = refused(project)
    shown = f"port = {port}".rstrip()
    assert message.startswith(f"development.ini:{line}: {shown}: {problem}")
    assert ("comment needs a line of its own" in message) == (";" in port)
    set_option(ini, "port", "8080")
    assert refused(project, f"--port={port}").startswith(f"--port: {shown}: {problem}")


def test_threads_of_none_would_answer_nothing(project):
    set_option(project / "development.ini", "threads", "0")
    assert "threads = 0: not a whole number in range; write a number from 1 up" in refused(project)


def me():
    """This process, as it is named to somebody whose port it has."""
    words = psutil.Process().cmdline()
    name = Path(words[1]).name if not words[1].startswith("-") else psutil.Process().name()
    return f"{name} (process {os.getpid()})"


def test_a_port_in_use_names_the_address_the_line_the_process_and_a_port_that_is_free(project):
    ini = project / "development.ini"
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        set_option(ini, "port", str(port))
        message = refused(project, code=1)
        line = line_of(ini, "port =")
        assert message.startswith(
            f"development.ini:{line}: port = {port}: {me()} listens on 127.0.0.1:{port}; stop it, or"
        )
        way_out = re.search(r"--port \d+$", message)[0].split()
        with serve(project, *way_out) as served:
            assert served.url.endswith(way_out[1])
        assert refused(project, "--port", port, code=1).startswith(f"--port: port = {port}: {me()} listens")


def test_without_psutil_a_port_in_use_is_refused_without_the_name_of_the_process(project, tmp_path):
    (tmp_path / "psutil.py").write_text("raise ImportError('as if it were not installed')\n")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = installed_run("serve", "--port", port, cwd=project, PYTHONPATH=str(tmp_path))
    assert result.returncode == 1
    assert re.fullmatch(
        rf"Error: --port: port = {port}: another program listens on 127.0.0.1:{port}; stop it, or choose another port: "
        r"--port \d+\n",
        result.stderr,
    )


def test_a_host_that_has_no_address_or_is_another_machines(project):
    set_option(project / "development.ini", "debug", "false")
    assert "host = no.such.host.invalid: this host has no address" in refused(project, "--host", "no.such.host.invalid")
    assert "this machine does not have that address" in refused(project, "--host", "192.0.2.1", code=1)


def privileged_port_command():
    """Return the words that start a command for which port 1 is forbidden, also if this is root.

    Some machines let everyone listen on every port, as Docker's do; a new network namespace does not.
    """
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) > 1:
        words = []
    else:
        words = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-current-user"])]
    if os.geteuid() == 0:
        words += ["setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service", "--"]
    if words and subprocess.run([*words, "true"], check=False, timeout=30).returncode:
        unavailable("this user cannot start a program for which port 1 is forbidden")
    return words


def test_a_privileged_port_is_refused_with_the_first_port_that_is_not():
    code = (
        "from gearbox_lite.errors import Location, Setting, UserError\n"
        "from gearbox_lite.server.listen.bind import addresses, bind_addresses\n"
        "options = {name: Setting(name, value, Location(f'--{name}')) for name, value in OPTIONS.items()}\n"
        "try: bind_addresses({str(one): one for one in addresses(options)})\n"
        "except UserError as error: print(error.code, error.message)\n"
    ).replace("OPTIONS", "{'host': '0.0.0.0', 'port': '1'}")
    result = subprocess.run(
        [*privileged_port_command(), sys.executable, "-c", code],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert result.stdout.startswith(
        "1 --port: port = 1: only an administrator may listen on port 1; choose a port from 1024"
    ), result.stderr


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


def test_debug_turned_on_elsewhere_is_seen_too(project):
    assert "lets other machines connect" in refused(project, "test.ini", "debug=true", "--host", "0.0.0.0")
    with serve(project, "test.ini", "--host", "0.0.0.0"):
        pass
    set_option(project / "development.ini", "debug", "maybe")
    assert "debug = maybe: not a truth value" in refused(project, "--host", "0.0.0.0")


@pytest.mark.parametrize(
    ("section", "line", "message"),
    [
        ("pipeline:main", "pipeline = sesion hello", "there is no section [filter:sesion] in"),
        ("pipeline:main", "pipeline = session", "there is no section [app:session]"),
        ("pipeline:main", "pipeline =", "the pipeline is empty"),
        ("filter:session", "use = egg:nosuch", "no distribution 'nosuch' is installed; install it: pip install nosuch"),
        ("filter:session", "use = egg:gearbox_lite#sesion", "gearbox_lite has no filter 'sesion'; it has: session"),
        ("server:main", "use = egg:waitress#web", "waitress has no server 'web'; it has: main"),
        ("server:main", "use = config:base.ini", "there is no file base.ini next to this ini"),
        ("app:hello", "paste.app_factory = hello.aplication:make_app", "there is no module hello.aplication"),
        ("app:hello", "paste.app_factory = helo.config:make_app", "there is no module helo; helo/ must be in"),
        ("app:hello", "paste.app_factory = hello.config.application:x", "module hello.config.application has no x"),
        ("app:hello", "paste.app_factory = hel-lo:make_app", "this names no function; write package.module:function"),
        ("app:hello", "paste.app_factory = hello.config.application", "this names no function; write package.module:"),
    ],
)  # fmt: skip
def test_what_a_section_names_must_be_there(project, section, line, message):
    ini = project / "development.ini"
    option = line.partition(" =")[0]
    lines = ini.read_text().splitlines()
    number = next(
        n for n, text in enumerate(lines) if n > lines.index(f"[{section}]") and text.startswith(f"{option} =")
    )
    lines[number] = line
    ini.write_text("\n".join(lines) + "\n")
    assert refused(project, "--port=0").startswith(f"development.ini:{number + 1}: {line}: {message}")


def test_a_missing_section_names_those_there_are(project):
    assert "choose one with --app-name: main, hello" in refused(project, "-n", "hell")
    assert "choose one with --server-name: main" in refused(project, "--server-name", "web")


def test_sections_in_a_circle_are_one_line(project):
    (project / "circle.ini").write_text("[server:main]\nuse=egg:waitress\n[app:main]\nuse = a\n[app:a]\nuse = main\n")
    assert refused(project, "circle.ini") == "circle.ini: its sections use each other in a circle"


def test_an_option_of_a_session_is_named_with_its_line(project):
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
        ("logger_root", "handlers = consol", "there is no 'consol'; name some of [handlers] keys"),
        ("loggers", "keys = root, helo", "there is no 'logger_helo'; list only sections that exist"),
        ("loggers", "keys = hello", "root is not among them; list only sections"),
        ("handlers", "keys = console, file", "there is no 'handler_file'; list only sections that exist"),
        ("formatters", "keys = generic, short", "there is no 'formatter_short'; list only sections that exist"),
    ],
)
def test_logging_that_cannot_be_set_up_is_named_with_file_and_line(project, section, line, reason):
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


def test_what_logging_lacks_is_named_with_its_section(project):
    ini = project / "development.ini"
    set_option(ini, "class", None)
    number = line_of(ini, "[handler_console]")
    assert refused(project, "--port=0") == (
        f"development.ini:{number}: [handler_console]: logging cannot be set up: there is no 'class'; add: class = ..."
    )
    ini.write_text(ini.read_text().replace("[formatters]", "[formaters]"))
    assert refused(project, "--port=0").startswith("development.ini: [formatters]: logging cannot be set up: ")


def test_a_variable_is_not_an_option_for_the_port(project):
    assert refused(project, "port=9000").endswith(
        "sets a variable of the ini, not the server's port; write --port 9000"
    )
    assert "only one ini is allowed" in refused(project, "development.ini", "test.ini")


@pytest.mark.parametrize(
    ("file", "code", "kind", "line"),
    [
        ("hello/controllers/root.py", "def broken(:\n", "SyntaxError", 1),
        ("hello/controllers/root.py", "x = 1\nimport nosuchmodule\n", "ModuleNotFoundError", 2),
        ("hello/config/app_cfg.py", "\nraise ValueError('mine')\n", "ValueError", 2),
        ("hello/config/application.py", "def make_app(g, **a):\n    return 1 / 0\n", "ZeroDivisionError", 2),
    ],
)
def test_a_fault_in_the_users_code_shows_their_frames_and_one_line(project, file, code, kind, line):
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


def test_another_servers_port_is_checked_too(project):
    ini = project / "development.ini"
    set_option(ini, "use", "egg:gunicorn#main")
    set_option(ini, "port", str(free_port()))
    set_option(ini, "threads", None)
    assert "not a port number" in refused(project, "--port", "abc")
    assert "lets other machines connect" in refused(project, "--host", "0.0.0.0")
    set_option(ini, "host", None)
    assert "add host = 127.0.0.1 to [server:main], or set debug = false" in refused(project)
    add_line(ini, "server:main", "bind = 0.0.0.0:8080")
    assert "bind = 0.0.0.0 lets other machines connect" in refused(project)
