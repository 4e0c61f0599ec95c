"""A server whose application is being debugged, and who can reach its debug page."""

from __future__ import annotations

import re
import socket
import stat

import pytest
from support.helpers import Browser, add_line, free_port, line_of, serve, serve_command, set_option
from support.reloading import wait_until, write_version
from support.warm import Served, run
from support.warm import serve as serve_warm

MODES = {"one process": ["--no-reload"], "reload": ["--reload"], "workers": ["--no-reload", "--workers", "2"]}


def refused(project, *arguments):
    result = run("serve", "--port", "0", *arguments, cwd=project)
    assert result.returncode == 2, result.stdout
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def use_gunicorn(project):
    ini = project / "development.ini"
    set_option(ini, "use", "egg:gunicorn#main")
    set_option(ini, "port", str(free_port()))
    set_option(ini, "threads", None)
    return ini


def turn_debugging_on(project):
    """Turn debugging on in the code, as TurboGears' own documentation shows it."""
    file = project / "hello/config/app_cfg.py"
    file.write_text(file.read_text().replace('"package": hello,', '"package": hello,\n        "debug": True,'))


def debug_in_code(project):
    """Turn debugging on in the code of a project whose ini does not mention it, and return the place."""
    set_option(project / "development.ini", "debug", None)
    turn_debugging_on(project)
    line = line_of(project / "hello/config/app_cfg.py", '        "debug": True')
    return f"hello/config/app_cfg.py:{line}"


def assert_only_own_names_are_answered(url):
    browser = Browser(url)
    assert browser.get("/").status == 200
    assert browser.get("/", Host="hello.localhost").status == 200
    for path in ("/", "/__console__", "/css/style.css"):
        answer = browser.get(path, Host="evil.example")
        assert (answer.status, answer.text.count("\n")) == (400, 1)
        assert "Host 'evil.example' is not allowed while debugging" in answer.text
        assert "allowed_hosts" in answer.text
    assert browser.get("/__console__").status == 404


@pytest.mark.parametrize("arguments", MODES.values(), ids=MODES)
def test_only_host_names_of_this_machine_are_answered_while_debugging(project, arguments):
    with serve(project, *arguments) as served:
        assert_only_own_names_are_answered(served.url)


@pytest.mark.parametrize("arguments", [["--no-reload"], ["--reload"]])
def test_other_servers_answer_only_names_of_this_machine_while_debugging(project, arguments):
    use_gunicorn(project)
    with serve(project, *arguments, "--keep-port") as served:
        wait_until(lambda: "Booting worker" in served.output)
        assert_only_own_names_are_answered(served.url)
        served.end()  # a killed gunicorn's worker would stay for a quarter of a minute


def test_an_application_that_turns_debugging_on_itself_answers_only_names_of_this_machine(project):
    debug_in_code(project)
    with serve_warm(project) as served:
        assert_only_own_names_are_answered(served.url)


def test_the_error_page_answers_only_names_of_this_machine(project):
    (project / "hello/controllers/root.py").write_text("1 / 0\n")
    with serve_warm(project, "--reload") as served:
        assert "ZeroDivisionError" in Browser(served.url).get("/").text
        answer = Browser(served.url).get("/", Host="evil.example")
        assert (answer.status, "ZeroDivisionError" in answer.text) == (400, False)
        assert Browser(served.url).get("/").header("X-Frame-Options") == "SAMEORIGIN"


def test_every_host_name_is_answered_without_debug(project):
    set_option(project / "development.ini", "debug", "false")
    with serve_warm(project) as served:
        assert Browser(served.url).get("/", Host="www.example.com").status == 200


def test_allowed_hosts_adds_host_names(project):
    add_line(project / "development.ini", "serve", "allowed_hosts = hello.test .team.test")
    with serve_warm(project) as served:
        for host in ("hello.test", "a.team.test:80", "team.test"):
            assert Browser(served.url).get("/", Host=host).status == 200
        assert Browser(served.url).get("/", Host="a.hello.test").status == 400


@pytest.mark.parametrize("value", ["*", "hello.test:8080", "http://hello.test", "a.*.test", "hello.test, b.test"])
def test_an_invalid_allowed_hosts_is_refused(project, value):
    line = add_line(project / "development.ini", "serve", f"allowed_hosts = {value}")
    message = refused(project)
    assert message.startswith(f"Error: development.ini:{line}: allowed_hosts = {value}: ")
    assert "is not a host name; write names without ports" in message


@pytest.mark.parametrize(("name", "value"), [("X-Forwarded-Host", "localhost"), ("Forwarded", "host=localhost")])
def test_forwarded_headers_do_not_make_a_foreign_host_allowed(project, name, value):
    """For waitress, the browser on this machine is the trusted proxy."""
    ini = project / "development.ini"
    add_line(ini, "server:main", "trusted_proxy = 127.0.0.1")
    add_line(ini, "server:main", f"trusted_proxy_headers = {name.lower()}")
    with serve_warm(project, "--allow-remote-debug") as served:
        answer = Browser(served.url).get("/", **{"Host": "evil.example", name: value})
        assert (answer.status, "'evil.example' is not allowed" in answer.text) == (400, True)
        assert Browser(served.url).get("/", **{name: value}).status == 200
        assert Browser(served.url).get("/", **{name: value.replace("localhost", "evil.example")}).status == 400


def test_remote_debugging_allows_ip_addresses_and_the_machines_name(project):
    with serve_warm(project, "--host", "0.0.0.0", "--allow-remote-debug") as served:
        browser = Browser(served.url)
        for host in ("192.168.0.5:8080", "[fd00::1]", socket.gethostname(), f"{socket.gethostname()}.local"):
            assert browser.get("/", Host=host).status == 200
        assert browser.get("/", Host="evil.example").status == 400


def test_only_its_user_can_connect_to_a_debug_servers_unix_socket(project):
    ini = project / "development.ini"
    set_option(ini, "host", None)
    set_option(ini, "port", None)
    add_line(ini, "server:main", "unix_socket = web.sock")
    line = add_line(ini, "server:main", "unix_socket_perms = 666")
    message = run("serve", "--no-reload", cwd=project).stderr
    assert message.startswith(
        f"Error: development.ini:{line}: unix_socket_perms = 666 lets other users connect while debug = true "
    )
    assert "remove that line or write 600, or set debug = false, or pass --allow-remote-debug" in message
    assert not (project / "web.sock").exists()
    set_option(ini, "unix_socket_perms", "600")
    with Served(serve_command("--keep-port"), project, "Serving at unix:"):
        assert stat.S_IMODE((project / "web.sock").stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(project / "web.sock"))
            client.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 400"


@pytest.mark.parametrize("arguments", [*MODES.values(), ["gunicorn"]], ids=[*MODES, "gunicorn"])
def test_code_that_turns_debugging_on_is_refused_if_other_machines_can_connect(project, arguments):
    place = debug_in_code(project)
    message = f"host = 0.0.0.0 lets other machines connect while debug = True ({place}) shows a debug page"
    if arguments == ["gunicorn"]:
        use_gunicorn(project)
        arguments = ["--no-reload"]
    if "--reload" in arguments:
        with serve_warm(project, *arguments, "--host", "0.0.0.0") as served:
            answer = Browser(served.url).get("/")
            assert (answer.status, "debug" in answer.text) == (503, False)
            assert message in served.output
    else:
        result = run("serve", "--port", "0", "--host", "0.0.0.0", *arguments, cwd=project)
        assert result.returncode != 0
        assert message in result.stderr
        assert "Traceback" not in result.stderr
    set_option(project / "development.ini", "host", "0.0.0.0")
    assert message in run("check", cwd=project).stderr


def test_a_reload_refuses_code_that_turns_debugging_on_for_other_machines(project):
    write_version(project, "one")
    set_option(project / "development.ini", "debug", None)
    with serve_warm(project, "--reload", "--host", "0.0.0.0") as served:
        assert Browser(served.url).get("/version").text == "one"
        turn_debugging_on(project)
        wait_until(lambda: Browser(served.url).get("/version").status == 503)
        # The page may be there before the line has been read.
        wait_until(lambda: "lets other machines connect while debug = True" in served.output)


def test_debugger_middleware_around_any_application_counts_as_debugging(tmp_path):
    (tmp_path / "plain.py").write_text(
        "from backlash import DebuggedApplication\n"
        "def inner(environ, start_response):\n    1 / 0\n"
        "def outer(app):\n    return lambda environ, start: app(environ, start)\n"
        "def make(g, **a):\n    return outer([DebuggedApplication(inner)][0])\n"
    )
    (tmp_path / "development.ini").write_text(
        "[server:main]\nuse = egg:waitress\n[app:main]\npaste.app_factory = plain:make\n"
    )
    assert "lets other machines connect while debugger = backlash.wsgi.WsgiDebuggedApplication (the application)" in (
        refused(tmp_path, "--host", "0.0.0.0")
    )
    with serve_warm(tmp_path) as served:
        assert "ZeroDivisionError" in Browser(served.url).get("/").text
        assert Browser(served.url).get("/", Host="evil.example").status == 400


def test_looking_for_a_debugger_does_not_set_up_lazy_objects(tmp_path):
    (tmp_path / "plain.py").write_text(
        "class Lazy:\n"
        "    def __getattribute__(self, name):\n        raise RuntimeError('too early')\n"
        "    def __call__(self):\n        pass\n"
        "class Application:\n"
        "    def __init__(self):\n        self.lazy, self.several = Lazy(), [Lazy()]\n"
        "    def __call__(self, environ, start_response):\n"
        "        start_response('200 OK', [])\n        return [b'hello']\n"
        "def make(g, **a):\n    return Application()\n"
    )
    (tmp_path / "development.ini").write_text(
        "[server:main]\nuse = egg:waitress\n[app:main]\npaste.app_factory = plain:make\n"
    )
    with serve_warm(tmp_path) as served:
        assert Browser(served.url).get("/").text == "hello"


def use_backlash(project):
    """Let a project show TurboGears' own debug page instead of ours, and add a method that raises."""
    set_option(project / "development.ini", "pipeline", "session hello")
    settings = project / "hello/config/app_cfg.py"
    settings.write_text(settings.read_text().replace('base_config.replace("debugger", NoDebugger)\n', ""))
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + "\n    @expose()\n    def crash(self):\n        raise RuntimeError('oh')\n")


def test_several_workers_show_tracebacks_and_the_console_asks_for_one_worker(project):
    use_backlash(project)
    warning = "workers = 2: the console of debug pages does not work, since each process has its own stack frames; "
    with serve(project, "--workers", "2") as served:
        page = Browser(served.url).get("/crash")
        assert (page.status, "RuntimeError" in page.text) == (500, True)
        secret = re.search(r'SECRET = "(\w+)"', page.text)[1]
        answer = Browser(served.url).get(f"/crash?__debugger__=yes&frm=1&s={secret}&cmd=1")
        assert answer.text.startswith("The console needs workers = 1: ")
        assert "font" in Browser(served.url).get("/?__debugger__=yes&cmd=resource&f=style.css").text
        wait_until(lambda: warning in served.output)
        assert served.end() == 0
        assert served.output.count(warning) == 1


@pytest.mark.parametrize(
    ("debug", "arguments", "status"),
    [
        (None, ["--reload"], 500),
        ("false", ["--reload"], 503),
        (None, ["--reload", "--host", "0.0.0.0"], 503),
        ("true", ["--reload", "--host", "0.0.0.0", "--allow-remote-debug"], 500),
    ],
)
def test_an_ini_without_debug_shows_why_a_broken_edit_does_not_load_to_this_machine_only(
    project, debug, arguments, status
):
    set_option(project / "development.ini", "debug", debug)
    write_version(project, "good")
    with serve_warm(project, *arguments) as served:
        assert Browser(served.url).get("/version").text == "good"
        (project / "hello/controllers/root.py").write_text("wrong = 1 / 0\n")
        wait_until(lambda: Browser(served.url).get("/version").status == status)
        assert ("ZeroDivisionError" in Browser(served.url).get("/version").text) is (status == 500)
        foreign = Browser(served.url).get("/version", Host="evil.example")
        assert foreign.status == (400 if status == 500 else 503)


@pytest.mark.parametrize("arguments", MODES.values(), ids=MODES)
def test_an_invalid_value_of_debug_is_one_line_in_every_mode(project, arguments):
    ini = project / "development.ini"
    set_option(ini, "debug", "ture")
    message = f"development.ini:{line_of(ini, 'debug =')}: debug = ture: "
    if "--reload" in arguments:
        with serve_warm(project, *arguments) as served:
            assert Browser(served.url).get("/").status in (500, 503)
            assert message in served.output
            assert "Traceback" not in served.output
    else:
        assert message in refused(project, *arguments)
