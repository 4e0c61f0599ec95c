"""``gearbox-lite check``, and how serve reports the same findings when it starts."""

from __future__ import annotations

import json

import pytest
from support.helpers import add_line, line_of, set_option, set_serve
from support.warm import run, serve


def check(project, *arguments):
    result = run("check", *arguments, cwd=project)
    return result.returncode, result.stderr.splitlines(), result.stdout


def test_a_generated_project_is_clean(project):
    assert check(project, "--strict") == (0, [], "development.ini: no errors, no warnings\n")
    assert check(project, "development.ini")[0] == 0


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("session.validate_key", "a1" * 8, "has 16 characters, fewer than 32"),
        ("session.validate_key", "changeme" * 8, "looks like an example"),
        ("session.validate_key", "ab" * 32, "is not random enough"),
        ("session.validate_key", "qwertyuiopasdfghjklzxcvbnm098765", "is not random enough"),
        ("session.validate_key", "correct-horse-battery-staple-and-more", "looks like words"),
        ("session.encrypt_key", None, "is the same as another key"),
        ("csrf.key", "changeme" * 8, "looks like an example"),
        ("csrf.key", None, "is the same as another key"),
    ],
)
def test_a_guessable_key_is_a_warning_while_debugging_and_an_error_otherwise(project, option, value, problem):
    ini = project / "development.ini"
    key = ini.read_text().splitlines()[line_of(ini, "session.validate_key") - 1].partition(" = ")[2]
    set_option(ini, option, value or key)
    line = f"development.ini:{line_of(ini, option)}: {option} = ...: the key {problem}; write 64 random"
    code, lines, _ = check(project)
    assert code == 0
    assert lines[0].startswith(f"Warning: {line}")
    assert check(project, "--strict")[0] == 1
    with serve(project) as served:
        served.end()
        assert f"Warning: {line}" in served.output
    set_option(ini, "debug", "false")
    code, lines, _ = check(project)
    assert code == 1
    assert lines[0].startswith(f"Error: {line}")
    refused = run("serve", "--no-reload", cwd=project)
    assert refused.returncode == 2
    assert line in refused.stderr
    assert (value or key) not in refused.stderr


def test_settings_for_development_only_are_warnings_once_debug_is_off(project):
    ini = project / "development.ini"
    set_option(ini, "debug", "false")
    code, lines, counted = check(project)
    assert code == 0
    assert counted == "development.ini: no errors, 2 warnings\n"
    assert f"development.ini:{line_of(ini, 'session.secure')}: session.secure = false: the cookie also" in lines[0]
    assert "session.absolute_timeout is not set: a copied cookie can be used forever" in lines[1]
    set_option(ini, "session.secure", "true")
    set_option(ini, "session.absolute_timeout", "3600")
    assert check(project, "--strict")[0] == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("session.httponly", "false", "session.httponly = false: a script in a page can steal the session"),
        ("session.samesite", "None", "session.samesite = None: every other site can send requests with the session"),
        ("trusted_proxy", "*", "trusted_proxy = *: every client can claim any host"),
    ],
)
def test_unsafe_settings_of_a_public_site_are_warnings_with_their_line(project, option, value, message):
    ini = project / "development.ini"
    for name, safe in (("debug", "false"), ("session.secure", "true"), ("session.absolute_timeout", "3600")):
        set_option(ini, name, safe)
    assert check(project, "--strict")[0] == 0
    if option == "trusted_proxy":
        add_line(ini, "server:main", "trusted_proxy_headers = x-forwarded-for")
        add_line(ini, "server:main", f"{option} = {value}")
    else:
        set_option(ini, option, value)
    code, lines, _ = check(project, "--strict")
    assert code == 1
    assert f"Warning: development.ini:{line_of(ini, option)}: {message}" in lines[0]
    assert len(lines) == 1


def test_memory_sessions_are_a_warning_and_with_several_workers_an_error(project):
    ini = project / "development.ini"
    set_option(ini, "debug", "false")
    set_option(ini, "session.type", "memory")
    assert any("sessions are lost at each reload" in line for line in check(project)[1])
    set_serve(ini, "workers = 2")
    code, lines, _ = check(project)
    assert code == 1
    assert (
        f"development.ini:{line_of(ini, 'session.type')}: session.type = memory: workers do not share memory"
        in lines[0]
    )
    set_serve(ini)
    assert any("sessions are lost when the process exits" in line for line in check(project)[1])
    set_option(ini, "use", "egg:gunicorn#main")
    set_option(ini, "threads", None)
    add_line(ini, "server:main", "workers = 2")
    code, lines, _ = check(project)
    assert code == 1
    assert f"development.ini:{line_of(ini, 'workers')}: workers = 2: workers do not share memory" in lines[0]


def test_a_debug_page_that_other_machines_could_reach_is_an_error(project):
    set_option(project / "development.ini", "host", "0.0.0.0")
    code, lines, _ = check(project)
    assert code == 1
    assert "lets other machines connect" in lines[0]


def test_variables_can_be_given(project):
    set_option(project / "development.ini", "port", "%(chosen)s")
    assert check(project, "chosen=8081")[0] == 0
    assert "%(chosen)s is not set" in check(project)[1][0]


def test_pickle_is_a_warning(project):
    set_option(project / "development.ini", "session.data_serializer", "pickle")
    code, lines, _ = check(project)
    assert code == 0
    assert "pickle runs code if a key is ever known" in lines[0]


def test_a_store_that_cannot_be_reached_is_an_error_for_check_and_a_warning_for_serve(project):
    ini = project / "development.ini"
    set_option(ini, "session.type", "ext:redis")
    set_option(ini, "session.url", "redis://127.0.0.1:1/0")
    number = line_of(ini, "session.url")
    code, lines, _ = check(project)
    assert code == 1
    assert lines[0].startswith(f"Error: development.ini:{number}: the session store cannot be reached: redis")
    with serve(project) as served:
        served.end()
        assert f"Warning: development.ini:{number}: the session store cannot be reached" in served.output


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("session.timeout", "soon", "session.timeout = soon: this value cannot be used"),
        ("threads", "none", "threads = none: not a whole number in range"),
        ("port", "x", "port = x: not a port number"),
        ("paste.app_factory", "nowhere:make_app", "there is no module nowhere"),
        ("class", "NoHandler", "class = NoHandler: logging cannot be set up: "),
    ],
)
def test_settings_that_serve_refuses_are_errors(project, option, value, message):
    set_option(project / "development.ini", option, value)
    code, lines, counted = check(project)
    assert code == 1
    assert message in lines[0]
    assert counted == "development.ini: 1 error, no warnings\n"


def test_keys_that_development_ini_has_too_are_an_error_once_debug_is_off(project):
    """Whether they are copied, inherited or set by the environment; test.ini has other keys."""
    development = project / "development.ini"
    production = project / "production.ini"
    production.write_text(development.read_text().replace("debug = true", "debug = false"))
    number = line_of(production, "session.validate_key")
    line = f"Error: production.ini:{number}: session.validate_key = ...: development.ini has this key too"
    code, lines, _ = check(project, "production.ini")
    assert code == 1
    assert lines[0].startswith(line)
    assert run("serve", "production.ini", "--no-reload", cwd=project).returncode == 2
    key = production.read_text().splitlines()[number - 1].partition(" = ")[2]

    set_option(production, "session.validate_key", "%(ENV_HELLO_KEY)s")
    set_option(production, "csrf.key", "b8f03a7cbb6f4d0e9ad2b0c45ae07a4df3cbbf53a96a4d0c0a8d2f5fbd20c3a4")
    for value, expected in ((key, 1), ("6d25cf734c49a1dd273e4d8fab5f5bdb8d1099ec05e8fdc7c1d734777648ab73", 0)):
        assert run("check", "production.ini", cwd=project, HELLO_KEY=value).returncode == expected
    set_option(production, "session.validate_key_fallbacks", key)
    result = run(
        "check",
        "production.ini",
        cwd=project,
        HELLO_KEY="6d25cf734c49a1dd273e4d8fab5f5bdb8d1099ec05e8fdc7c1d734777648ab73",
    )
    assert "session.validate_key_fallbacks = ...: development.ini has this key too" in result.stderr

    production.write_text(
        "[DEFAULT]\ndebug = false\n[app:main]\nuse = config:development.ini\n[server:main]\nuse = egg:waitress\n"
    )
    assert "development.ini has this key too" in check(project, "production.ini")[1][0]
    assert check(project, "test.ini")[0] == 0


def test_each_finding_has_its_code_and_ignore_silences_it(project):
    ini = project / "development.ini"
    set_option(ini, "debug", "false")
    code, lines, _ = check(project, "--strict")
    assert code == 1
    assert [line.rpartition(" ")[2] for line in lines] == ["[cookie-not-secure]", "[no-absolute-timeout]"]
    code, lines, counted = check(project, "--strict", "--ignore", "cookie-not-secure")
    assert [line.rpartition(" ")[2] for line in lines] == ["[no-absolute-timeout]"]
    assert counted == "development.ini: no errors, 1 warning, 1 ignored\n"
    silent = ("--ignore", "cookie-not-secure", "--ignore", "no-absolute-timeout")
    assert check(project, "--strict", *silent) == (0, [], "development.ini: no errors, no warnings, 2 ignored\n")


def test_an_unknown_code_is_refused_with_the_nearest(project):
    line = "Error: --ignore weak-keys: there is no finding with this code; did you mean weak-key?"
    assert check(project, "--ignore", "weak-keys") == (2, [line], "")


def test_json_is_a_list_of_findings_even_if_the_application_prints(project):
    ini, root = project / "development.ini", project / "hello/controllers/root.py"
    root.write_text(f"print('loading')\n{root.read_text()}")
    result = run("check", "--json", cwd=project)
    assert (result.returncode, json.loads(result.stdout), result.stderr) == (0, [], "loading\n")
    set_option(ini, "debug", "false")
    number = line_of(ini, "session.secure")
    found = json.loads(run("check", "--json", "--ignore", "no-absolute-timeout", cwd=project).stdout)
    assert found == [
        {
            "file": "development.ini",
            "line": number,
            "code": "cookie-not-secure",
            "level": "warning",
            "message": "session.secure = false: the cookie also travels over plain HTTP; set session.secure = true",
        }
    ]
    root.write_text("import nothing\n")
    result = run("check", "--json", cwd=project)
    assert result.returncode == 1
    *_, error = sorted(json.loads(result.stdout), key=lambda finding: finding["level"] == "error")
    assert (error["file"], error["line"]) == ("hello/controllers/root.py", 1)
    assert (error["code"], error["level"]) == ("application-does-not-load", "error")


def test_errors_in_several_settings_are_all_found(project):
    ini = project / "development.ini"
    set_option(ini, "session.timeout", "soon")
    set_option(ini, "threads", "none")
    set_option(ini, "class", "NoHandler")
    _, lines, counted = check(project)
    assert counted == "development.ini: 3 errors, no warnings\n"
    for name in ("session.timeout", "threads", "class"):
        assert any(line.startswith(f"Error: development.ini:{line_of(ini, name)}: {name} = ") for line in lines)
