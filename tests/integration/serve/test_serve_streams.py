"""A server keeps running whatever happens to its standard streams, its terminal and its working directory."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading

import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT, Browser, Served, free_port, serve, serve_command, set_serve
from support.reloading import answers_with, port_of, wait_until, write_version


def ended(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(TEST_TIMEOUT)


def started(project, shell, *arguments):
    """Start the server by a line of shell, in which "$@" is its command, and return it once it is ready."""
    port = free_port()
    command = [PROGRAM, "serve", "--port", str(port), "--pid-file", "pid", *arguments]
    process = subprocess.Popen(["sh", "-c", shell, "sh", *command], cwd=project, stdout=subprocess.PIPE)
    watchdog = threading.Timer(TEST_TIMEOUT, process.kill)
    watchdog.start()
    wait_until(lambda: (project / "pid").exists() or process.poll() is not None)
    watchdog.cancel()
    return process, Browser(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("arguments", [["--reload", "--access-log"], ["--no-reload", "--access-log"]])
def test_a_closed_output_pipe_stops_neither_requests_nor_reloads(project, arguments):
    """As in ``gearbox-lite serve | head -1``."""
    write_version(project, "one")
    process, browser = started(project, 'exec "$@" 2>&1', *arguments)
    assert b"Serving at" in process.stdout.readline()
    process.stdout.close()
    for number in range(3 if "--reload" in arguments else 0):
        write_version(project, f"v{number}")
        wait_until(lambda number=number: browser.get("/version").text == f"v{number}")
    assert browser.get("/version").status == 200
    assert ended(process) == 0


@pytest.mark.parametrize("arguments", [["--reload"], ["--no-reload"]])
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_the_server_starts_with_closed_standard_streams(project, closed, arguments):
    write_version(project, "one")
    process, browser = started(project, f'exec "$@" {closed}', *arguments)
    assert browser.get("/version").text == "one"
    assert ended(process) == 0
    process.stdout.close()


def test_nohup_makes_the_server_ignore_sighup(project):
    write_version(project, "one")
    process, browser = started(project, "trap '' HUP; exec \"$@\"", "--reload")
    process.send_signal(signal.SIGHUP)
    write_version(project, "two")
    wait_until(lambda: browser.get("/version").text == "two")
    assert ended(process) == 0
    assert process.stdout.read().count(b"Reloaded ") == 1
    process.stdout.close()


def test_a_single_process_ignores_sighup_and_warns_how_to_enable_reload(project):
    write_version(project, "one")
    with serve(project) as served:
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "SIGHUP ignored: a single process cannot reload itself" in served.output)
        assert answers_with(served, "one")()
        assert served.end() == 0


@pytest.mark.parametrize("arguments", [["--reload"], ["--no-reload"]])
def test_a_flood_of_sighups_does_not_stop_the_server(project, arguments):
    write_version(project, "one")
    with serve(project, *arguments) as served:
        for _ in range(20_000):
            served.process.send_signal(signal.SIGHUP)
        wait_until(answers_with(served, "one"))
        assert served.end() == 0
        assert "Traceback" not in served.output


@pytest.mark.parametrize("arguments", [["--reload"], ["--no-reload"]])
def test_relative_paths_keep_working_if_the_application_changes_the_working_directory(project, arguments):
    write_version(project, "one")
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + "\nimport os\nos.chdir('/')\n")
    with serve(project, "--pid-file", "server.pid", *arguments) as served:
        wait_until((project / "server.pid").exists)
        assert answers_with(served, "one")()
        assert served.end() == 0
    assert not (project / "server.pid").exists()


@pytest.mark.parametrize("arguments", [["--keep-reload"], ["--no-reload"]])
def test_a_unix_socket_is_removed_on_shutdown(project, arguments):
    ini = project / "development.ini"
    text = ini.read_text().replace("host = 127.0.0.1\n", "unix_socket = web.sock\n").replace("\nport = 8080", "")
    ini.write_text(text)
    with Served(serve_command("--keep-port", *arguments), project, "Serving at unix:web.sock") as served:
        assert (project / "web.sock").is_socket()
        assert served.end() == 0
    assert not (project / "web.sock").exists()


def test_the_access_log_escapes_control_characters_of_a_request(project):
    set_serve(project / "development.ini", "access_log = true")
    with serve(project) as served:
        with socket.create_connection(("127.0.0.1", port_of(served))) as client:
            client.sendall(b"GET /%1bc?b=\x1bc\x07 HTTP/1.0\r\n\r\n")
            while client.recv(1000):
                pass
        with socket.create_connection(("127.0.0.1", port_of(served))) as client:
            client.sendall(b"no request at all\x1b\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.0 400 ")
        served.end()
    assert "\x1b" not in served.output
    assert "\x07" not in served.output
    assert r" GET /\x1bc?b=\x1bc\x07 404 " in served.output
    assert " 400 " in served.output


@pytest.mark.parametrize("arguments", [["--reload"], ["--no-reload"]])
def test_a_browser_that_blocks_in_the_terminal_gets_its_page(project, arguments):
    """Its command returns only when it is closed."""
    write_version(project, "one")
    browser = project / "browser"
    browser.write_text(
        f"#!{sys.executable}\nimport sys, urllib.request\n"
        "answer = urllib.request.urlopen(sys.argv[1] + '/version').read()\n"
        "open('seen', 'wb').write(answer)\n"
    )
    browser.chmod(0o755)
    with serve(project, "--open", *arguments, BROWSER=f"{browser} %s") as served:
        wait_until(lambda: (project / "seen").exists() and (project / "seen").read_bytes() == b"one")
        assert served.end() == 0
