"""What overrides what: the rows of the table in ini/precedence.py, the last three compared with PasteDeploy."""

from __future__ import annotations

import pytest

from gearbox_lite.application.load import load_application
from gearbox_lite.errors import UserError
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import read_app_settings, read_server_settings

APP = "[app:main]\npaste.app_factory = precedence_factory:make\n"


@pytest.fixture(autouse=True)
def _factory(tmp_path, monkeypatch):
    (tmp_path / "precedence_factory.py").write_text(
        "def make(conf, **local):\n    return lambda environ, start: (conf, local)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def served(folder, server, section="", **overrides):
    ini = folder / "main.ini"
    ini.write_text(f"[server:main]\nuse = egg:waitress\n{server}\n[serve]\n{section}\n{APP}")
    return read_server_settings(ini, Overrides(**overrides))


@pytest.mark.parametrize("given", [{"port": "9000"}, {"host": "::1"}, {"port": "9000", "host": "::1"}])
@pytest.mark.parametrize("ini", ["host = 0.0.0.0\nport = 8080", "listen = 0.0.0.0:8080", "unix_socket = /tmp/x"])
def test_host_and_port_of_the_command_line_win_over_every_address_of_the_ini(tmp_path, given, ini):
    options = served(tmp_path, ini, **given).server.options
    assert {name: options[name].value for name in given} == given
    assert all(str(options[name].at) == f"--{name}" for name in given)
    assert not options.keys() & {"listen", "unix_socket"}


def test_without_them_the_address_of_the_ini_stays(tmp_path):
    options = served(tmp_path, "listen = 0.0.0.0:8080").server.options
    assert options["listen"].value == "0.0.0.0:8080"


def test_an_option_of_serve_wins_over_its_line_and_a_wrong_one_is_blamed_on_the_command_line(tmp_path):
    assert served(tmp_path, "", "reload = true\nworkers = 2", serve={"reload": "false"}).serve.reload is False
    assert served(tmp_path, "", "reload = true\nworkers = 2", serve={"reload": "false"}).serve.workers == 2
    assert served(tmp_path, "").serve.drain_timeout == 10
    with pytest.raises(UserError, match=r"^--drain-timeout: drain_timeout = soon: "):
        served(tmp_path, "", "drain_timeout = 5", serve={"drain_timeout": "soon"})


def test_a_variable_named_port_is_refused_because_port_was_meant(tmp_path):
    with pytest.raises(
        UserError, match="port=9000 sets a variable of the ini, not the server's port; write --port 9000"
    ):
        served(tmp_path, "port = 8080", variables={"port": "9000"})


def both(folder, text, variables):
    """Return what we read of an application's options, and the two mappings that PasteDeploy calls the factory with."""
    ini = folder / "app.ini"
    ini.write_text(text)
    settings = read_app_settings(ini, Overrides(variables=variables))
    conf, local = load_application(settings)({}, None)
    ours = {name: item.value for name, item in settings.app.options.items()}
    assert {name: ours[name] for name in local} == local  # PasteDeploy leaves out what a global setting hides
    assert {name: item.value for name, item in settings.app.globals.items()}.items() >= conf.items() - {
        ("here", str(folder)), ("__file__", str(ini)),
    }  # fmt: skip
    return conf, local


@pytest.mark.parametrize(
    ("default", "own", "value"),
    [("", "", "given"), ("x = default", "", "default"), ("x = default", "x = own", "own"), ("", "x = own", "own")],
)
def test_a_name_in_an_ini_is_looked_up_in_its_section_then_default_then_the_command_line(tmp_path, default, own, value):
    text = f"[DEFAULT]\n{default}\n{APP}{own}\ny = %(x)s\n"
    assert both(tmp_path, text, {"x": "given"})[1]["y"] == value


def test_a_variable_of_the_command_line_wins_over_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENCE", "environment")
    text = f"{APP}y = %(ENV_PRECEDENCE)s\n"
    assert both(tmp_path, text, {})[1]["y"] == "environment"
    assert both(tmp_path, text, {"ENV_PRECEDENCE": "given"})[1]["y"] == "given"


@pytest.mark.parametrize(
    ("default", "own", "value"),
    [("", "", "given"), ("x = default", "", "given"), ("x = default", "set x = own", "own")],
)
def test_global_conf_has_what_the_section_sets_then_the_command_line_then_default(tmp_path, default, own, value):
    assert both(tmp_path, f"[DEFAULT]\n{default}\n{APP}{own}\n", {"x": "given"})[0]["x"] == value
