"""The generated project runs under other servers, and other servers and projects run under serve."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from support import services
from support.helpers import (
    TEST_TIMEOUT,
    Browser,
    Served,
    free_port,
    fresh_environment,
    line_of,
    new_project,
    run,
    serve,
    set_option,
    use_store,
)
from support.reloading import wait_until, write_version


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """The interpreter of a new environment that also sees the packages of this one, so that projects install fast."""
    return fresh_environment(tmp_path_factory.mktemp("environment"))


def install(python: Path, project: Path) -> None:
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", project],
        check=True, timeout=120, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def installed(python, tmp_path_factory) -> Path:
    project = new_project(tmp_path_factory.mktemp("installed"))
    install(python, project)
    return project


def assert_session_works(url: str) -> None:
    browser = Browser(url)
    assert "sessionVariable set to MVL" in browser.get("/setsession").text
    assert "value of session variable retrieved MVL" in browser.get("/getsession").text


MAIN = "import sys; from {} import main; sys.argv[0] = 'x'; sys.exit(main())"


@pytest.mark.parametrize(
    ("words", "ready"),
    [
        (["-c", MAIN.format("gearbox.main"), "serve", "-c", "development.ini"], "Serving on"),
        (["-c", MAIN.format("pyramid.scripts.pserve"), "development.ini"], "Serving on"),
        (["-m", "gunicorn", "--paste", "development.ini"], "Booting worker with pid"),
    ],
    ids=["gearbox", "pserve", "gunicorn"],
)
def test_other_loaders_serve_the_unchanged_ini(python, installed, words, ready):
    """Only the port of a copy differs, so that the test does not depend on 8080 being free."""
    ini = installed / "development.ini"
    text, port = ini.read_text(), free_port()
    assert "port = 8080" in text
    copy = installed / f"port-{port}.ini"
    copy.write_text(text.replace("port = 8080", f"port = {port}"))
    command = [python, *[copy.name if word == "development.ini" else word for word in words]]
    bind = ["--bind", f"127.0.0.1:{port}"] if "gunicorn" in words else []
    with Served([*command, *bind], installed, ready=ready) as served:
        wait_until_it_listens(port)
        assert_session_works(f"http://127.0.0.1:{port}")
        served.end()  # a killed gunicorn's worker would stay for a quarter of a minute


def wait_until_it_listens(port: int) -> None:
    """Wait until a server accepts connections; the other servers announce themselves earlier."""

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens)


def test_an_installed_project_is_served_from_any_folder(python, installed, tmp_path):
    """An ini elsewhere names the installed distribution."""
    (tmp_path / "own.ini").write_text(
        "[server:main]\nuse = egg:waitress\nport = 0\n[app:main]\nuse = egg:hello\n"
        f"csrf.key = {os.urandom(32).hex()}\nfilter-with = session\n[filter:session]\nuse = egg:gearbox_lite#session\n"
        f"session.type = cookie\nsession.validate_key = {os.urandom(32).hex()}\n"
    )
    with Served([python, "-m", "gearbox_lite", "serve", "own.ini"], tmp_path) as served:
        assert_session_works(served.url)
        served.end()
        assert "type cookie, cookie beaker.session.id" in served.output


@pytest.mark.parametrize("use", ["egg:gunicorn#main", "egg:gearbox#wsgiref"])
def test_another_server_named_in_the_ini_is_run(installed, use):
    port = free_port()
    ini = installed / "other.ini"
    ini.write_text((installed / "development.ini").read_text())
    set_option(ini, "use", use)
    set_option(ini, "threads", None)
    set_option(ini, "port", str(free_port()))
    command = [sys.executable, "-m", "gearbox_lite", "serve", "other.ini", "--port", port]
    with Served(command, installed) as served:
        assert served.url == f"http://127.0.0.1:{port}"
        wait_until_it_listens(port)
        assert_session_works(served.url)
        assert served.end() == 0


@pytest.mark.parametrize(("options", "text"), [([], "TurboGears"), (["--minimal"], "Hello World")])
def test_a_project_of_gearboxs_own_quickstart_is_set_up_and_served(python, tmp_path, options, text):
    gearbox = [sys.executable, "-c", MAIN.format("gearbox.main")]
    subprocess.run(
        [*gearbox, "quickstart", *options, "theirs"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    project = tmp_path / "theirs"
    install(python, project)
    if not options:  # the full project has a database, which its websetup creates
        subprocess.run(
            [python, "-m", "gearbox_lite", "setup-app"], cwd=project, check=True, capture_output=True, timeout=60
        )
    command = [python, "-m", "gearbox_lite", "serve", "--port", free_port()]
    with Served(command, project) as served:
        wait_until_it_listens(int(served.url.rpartition(":")[2]))
        answer = Browser(served.url).get("/")
        assert answer.status == 200
        assert text in answer.text


def use_server(project, factory, *lines, port=None):
    """Serve a project by another server, on a free port unless one is given, and return the port."""
    ini = project / "development.ini"
    port = port or free_port()
    text = re.sub(r"^\[server:main\]\n.*?(?=^\[|\Z)", "", ini.read_text(), flags=re.MULTILINE | re.DOTALL)
    section = ["[server:main]", f"use = {factory}", "host = 127.0.0.1", f"port = {port}", *lines]
    ini.write_text(text + "\n" + "\n".join(section) + "\n")
    return port


@pytest.mark.parametrize("factory", ["egg:gunicorn#main", "egg:gearbox#wsgiref"])
def test_a_reload_restarts_another_server(project, factory):
    """Another server shows the error page too while the application does not load."""
    write_version(project, "one")
    url = f"http://127.0.0.1:{use_server(project, factory)}"

    def answers(text):
        with contextlib.suppress(OSError):
            return text in Browser(url).get("/version").text

    with serve(project, "--reload", "--keep-port") as served:
        wait_until(lambda: answers("one"))
        assert f"use = {factory} opens its own socket: a reload closes it for a moment" in served.output
        (project / "hello/controllers/root.py").write_text("def broken(:\n")
        wait_until(lambda: answers("does not load"))
        write_version(project, "two")
        wait_until(lambda: answers("two"))
        assert served.end() == 0
        assert "Traceback" not in served.output


@pytest.mark.parametrize("arguments", [["--reload"], ["--no-reload"]])
def test_a_running_request_survives_the_shutdown_of_a_server_with_one_thread(project, arguments):
    write_version(project, "one")
    url = f"http://127.0.0.1:{use_server(project, 'egg:gearbox#wsgiref')}"
    with serve(project, "--keep-port", *arguments) as served:
        answers = []
        client = threading.Thread(target=lambda: answers.append(Browser(url).get("/slow").text))
        wait_until_it_listens(int(url.rpartition(":")[2]))
        client.start()
        wait_until((project / "started").exists)
        if "--reload" in arguments:
            write_version(project, "two")
        else:
            served.process.send_signal(signal.SIGTERM)
        (project / "go").touch()
        client.join()
        assert answers == ["one"]
        assert (served.end() if "--reload" in arguments else served.process.wait(TEST_TIMEOUT)) == 0
        assert "Traceback" not in served.output


def test_another_server_that_does_not_load_or_fails_is_reported_once(project):
    port = use_server(project, "egg:nosuchserver#main")
    result = run("serve", "--reload", cwd=project)
    assert result.returncode == 2
    assert "no distribution 'nosuchserver' is installed; correct the name, or install its" in result.stderr
    assert result.stderr.count("\n") == 1
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        use_server(project, "egg:gearbox#wsgiref", port=port)
        with serve(project, "--reload", "--keep-port") as served:
            wait_until(lambda: "it is restarted at the next change" in served.output)
            assert served.output.count(f"listens on 127.0.0.1:{port}; stop it") == 1
            assert "Traceback" not in served.output
        result = run("serve", "--no-reload", cwd=project)
        assert result.returncode == 1
        assert f"(process {os.getpid()}) listens on 127.0.0.1:{port}; stop it, or choose another port" in result.stderr
        assert result.stderr.startswith(
            f"Error: development.ini:{line_of(project / 'development.ini', 'port = ')}: port"
        )


def test_no_session_is_lost_when_one_of_two_gunicorns_behind_nginx_is_killed(project, tmp_path, shared_services):
    """As the README shows it: the same project twice, sessions in Redis."""
    write_version(project, "one")
    ini = use_store(project, {**shared_services("redis").options(), "session.secret": secrets.token_hex(32)})
    set_option(ini, "debug", "false")
    other = tmp_path / "other"
    shutil.copytree(project, other)
    ports = [use_server(folder, "egg:gunicorn#main", "workers = 2") for folder in (project, other)]
    with serve(project, "--keep-port") as first, serve(other, "--keep-port") as second:
        for port in ports:
            wait_until_it_listens(port)
        with services.running(services.Nginx, ports) as nginx:
            visitors = [Browser(f"http://127.0.0.1:{nginx.port}") for _ in range(5)]
            for count in range(1, 5):
                assert [json.loads(visitor.get("/add").text)["n"] for visitor in visitors] == [count] * 5
            master = psutil.Process(first.process.pid)
            for process in [master, *master.children(recursive=True)]:  # whose workers would answer on without it
                process.kill()
            for count in range(5, 9):
                assert [json.loads(visitor.get("/add").text)["n"] for visitor in visitors] == [count] * 5
        assert second.end() == 0
