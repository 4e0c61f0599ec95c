"""Many and few file descriptors: the server keeps serving, without a busy loop and without a flood of log lines."""

from __future__ import annotations

import contextlib
import http.client
import resource

import psutil
from support.helpers import PROGRAM, TEST_TIMEOUT, Browser, Served, unavailable
from support.reloading import port_of, wait_until

from gearbox_lite.errors import Location, Setting
from gearbox_lite.server.http import adjustments

APPLICATION = """
import os

HOARD = []

def make(global_conf, at_load="0"):
    HOARD.extend(os.dup(0) for _ in range(int(at_load)))
    return answer

def answer(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/hoard":
        try:
            while True:
                HOARD.append(os.dup(0))
        except OSError:
            pass
    if path == "/release":
        while HOARD:
            os.close(HOARD.pop())
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
"""


@contextlib.contextmanager
def serve_with(limit, folder, application=""):
    """Serve in a process with a limit of file descriptors."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < limit:
        unavailable(f"this machine allows no {limit} file descriptors")
    (folder / "plain.py").write_text(APPLICATION)
    (folder / "plain.ini").write_text(
        f"[server:main]\nuse = egg:waitress#main\nport = 0\n[app:main]\npaste.app_factory = plain:make\n{application}\n"
    )
    shell = f'ulimit -n {limit}; exec "$@"'
    with Served(["sh", "-c", shell, "sh", PROGRAM, "serve", "plain.ini"], folder) as served:
        yield served


def connect(served):
    connection = http.client.HTTPConnection("127.0.0.1", port_of(served), timeout=TEST_TIMEOUT)
    connection.connect()
    return connection


def get(connection, path):
    connection.request("GET", path)
    with connection.getresponse() as response:
        assert response.read() == b"hello"


def test_a_process_with_more_descriptors_than_select_can_watch_serves(tmp_path):
    with serve_with(2048, tmp_path, application="at_load = 1100") as served:
        connections = [connect(served) for _ in range(8)]
        for connection in connections:
            get(connection, "/")
            connection.close()
        assert served.end() == 0


def test_select_is_used_only_if_the_ini_sets_it():
    def check(*settings):
        return adjustments.check_options({name: Setting(name, value, Location("x.ini", 1)) for name, value in settings})

    assert check()["asyncore_use_poll"] == "true"
    assert check(("asyncore_use_poll", "false"))["asyncore_use_poll"] == "false"


def test_connection_limit_is_lowered_to_what_the_descriptors_allow_and_others_wait(tmp_path):
    with serve_with(64, tmp_path) as served:
        assert served.output.count("WARNING") <= 1
        connections = [connect(served) for _ in range(100)]
        get(connections[0], "/hoard")  # the application can open some, since a few are reserved for it
        get(connections[0], "/release")
        for connection in connections:
            get(connection, "/")
            connection.close()
        assert served.end() == 0
    assert served.output.count("connection_limit = 100 needs more file descriptors than this process has left") == 1
    assert served.output.count("connections are open, as many as connection_limit allows") == 1
    assert len(served.output.splitlines()) < 12, served.output


def test_serving_pauses_while_the_application_holds_all_descriptors_and_recovers(tmp_path):
    with serve_with(64, tmp_path) as served:
        kept = connect(served)
        get(kept, "/hoard")
        waiting = [connect(served) for _ in range(20)]
        process = psutil.Process(served.process.pid)
        wait_until(lambda: "cannot accept connections: Too many open files; retrying" in served.output)
        before = sum(process.cpu_times()[:2])
        for _ in range(80):  # at least as long as several pauses
            get(kept, "/")
            wait_for_a_moment()
        assert sum(process.cpu_times()[:2]) - before < 0.6
        get(kept, "/release")
        for connection in waiting:
            get(connection, "/")
            connection.close()
        kept.close()
        assert Browser(served.url).get("/").status == 200
        assert served.end() == 0
    assert served.output.count("cannot accept connections") == 1
    assert len(served.output.splitlines()) < 12, served.output


def wait_for_a_moment():
    wait_until(iter([False, False, True]).__next__)
