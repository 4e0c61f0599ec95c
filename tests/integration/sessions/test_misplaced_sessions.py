"""Session settings where TurboGears' documentation puts them, in projects that use our session filter."""

from __future__ import annotations

import pytest
from support.helpers import Browser, add_line, line_of, set_option
from support.reloading import wait_until, write_version
from support.warm import run, serve

COMMANDS = {
    "serve": ["serve", "--port", "0", "--no-reload"],
    "workers": ["serve", "--port", "0", "--no-reload", "--workers", "2"],
    "check": ["check"],
    "routes": ["routes"],
}


def refused(project, *command):
    result = run(*command, cwd=project)
    assert result.returncode != 0, result.stdout
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_session_enabled_in_the_applications_section_is_refused_with_its_line(project, command):
    line = add_line(project / "development.ini", "app:hello", "session.enabled = true")
    message = refused(project, *command)
    assert message == (
        f"Error: development.ini:{line}: session.enabled in [app:hello] would replace the session of [filter:session] "
        "with an unprotected one; remove the line; the filter alone switches the session on"
    )


@pytest.mark.parametrize("name", ["session.timeout", "session.secret", "beaker.session.type", "set session.timeout"])
@pytest.mark.parametrize("pipeline", ["session hello", "hello"])
def test_session_settings_in_the_applications_section_are_refused_without_showing_their_values(project, name, pipeline):
    ini = project / "development.ini"
    set_option(ini, "pipeline", pipeline)
    line = add_line(ini, "app:hello", f"{name} = 314159")
    if (name, pipeline) == ("set session.timeout", "hello"):
        return  # a global setting, which belongs to no section
    message = refused(project, "check")
    assert message.startswith(f"Error: development.ini:{line}: {name} in [app:hello] has no effect; [filter:session] ")
    option = name.removeprefix("set ").removeprefix("beaker.")
    assert message.endswith(f"; write {option} in [filter:session]")
    assert "314159" not in message


def test_a_setting_for_all_sections_and_a_disabled_session_are_accepted(project):
    ini = project / "development.ini"
    add_line(ini, "app:hello", "session.enabled = false")
    add_line(ini, "DEFAULT", "session.timeout = 500")
    result = run("check", cwd=project)
    assert result.returncode == 0, result.stderr


def test_an_ini_without_our_filter_may_set_up_a_session_in_its_application(project):
    (project / "plain.py").write_text("def make(g, **a):\n    return lambda *_: None\n")
    (project / "plain.ini").write_text(
        "[server:main]\nuse = egg:waitress\n"
        "[app:main]\npaste.app_factory = plain:make\nsession.type = file\nbeaker.session.key = x\n"
    )
    assert run("check", "plain.ini", cwd=project).returncode == 0


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_session_enabled_in_code_is_refused_with_the_filters_line_and_the_remedy(project, command):
    ini, file = project / "development.ini", project / "hello/config/app_cfg.py"
    file.write_text(file.read_text().replace('"session.enabled": False', '"session.enabled": True'))
    message = refused(project, *command)
    line = line_of(ini, "use = egg:gearbox_lite#session")
    assert message.startswith(f"Error: development.ini:{line}: use = egg:gearbox_lite#session: the application ")
    assert f"(hello/config/app_cfg.py:{line_of(file, '        ' + chr(34) + 'session.enabled')})" in message
    assert message.endswith('; write "session.enabled": False in config/app_cfg.py')


def test_a_session_that_an_edit_enables_is_refused_by_the_reload(project):
    write_version(project, "one")
    file = project / "hello/config/app_cfg.py"
    good = file.read_text()
    with serve(project, "--reload") as served:
        assert Browser(served.url).get("/version").text == "one"
        file.write_text(good.replace('"session.enabled": False,', ""))  # TurboGears' default is True
        wait_until(lambda: Browser(served.url).get("/version").status == 500)
        assert "session.enabled (the code of hello)" in Browser(served.url).get("/version").text
        file.write_text(good)
        wait_until(lambda: Browser(served.url).get("/version").status == 200)
