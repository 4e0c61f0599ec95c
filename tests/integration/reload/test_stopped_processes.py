"""A process that is stopped or does not answer delays neither the server nor its shutdown."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading

import psutil
from support.helpers import Browser
from support.plain import serve_site, write_site
from support.reloading import wait_until, workers_of


def test_a_stopped_worker_is_replaced_after_worker_timeout(tmp_path):
    write_site(tmp_path, more="def answer(path, environ):\n    return os.getpid()\n", serve_lines="worker_timeout = 5")
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(lambda: answering(served) == 2)
        stopped = min(workers_of(served))
        os.kill(stopped, signal.SIGSTOP)
        wait_until(lambda: f"(process {stopped}) exited (it has not answered for 5 seconds" in served.output)
        wait_until(lambda: len(workers_of(served) - {stopped}) == 2)
        assert int(Browser(served.url).get("/").text) in workers_of(served) - {stopped}
        assert served.end() == 0


def answering(served):
    """Return how many workers answer."""
    return len({Browser(served.url).get("/").text for _ in range(8)})


WEDGED = """
def answer(path, environ):
    import re, time
    if path == '/debugger':
        with open('debugging', 'w') as file: file.write(str(os.getpid()))
        while not os.path.exists('continue'): time.sleep(0.01)
    if path == '/regex' and open('debugging').read() != str(os.getpid()):
        re.match('(a+)+b', 'a' * 60)
    return os.getpid()
"""


def test_a_worker_that_holds_the_gil_is_replaced_but_not_one_with_a_long_request(tmp_path):
    """A request may wait in a debugger for any length of time."""
    write_site(tmp_path, more=WEDGED, serve_lines="worker_timeout = 5\nworkers = 2")
    with serve_site(tmp_path) as served:
        waiting = []
        client = threading.Thread(target=lambda: waiting.append(Browser(served.url).get("/debugger").text))
        client.start()
        wait_until(lambda: (tmp_path / "debugging").exists() and (tmp_path / "debugging").read_text())
        with contextlib.suppress(OSError):  # once the other worker has taken the request
            while True:
                Browser(served.url).get("/regex")
        wait_until(lambda: "it has not answered for 5 seconds" in served.output)
        (tmp_path / "continue").touch()
        client.join()
        assert waiting == [(tmp_path / "debugging").read_text()]
        assert served.end() == 0


def test_a_supervisor_that_was_stopped_does_not_kill_its_workers_when_it_continues(tmp_path):
    """As Ctrl-Z and fg do, which stop and continue all processes."""
    write_site(tmp_path, serve_lines="worker_timeout = 5")
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        before = workers_of(served)
        everyone = [served.process.pid, *(one.pid for one in psutil.Process(served.process.pid).children(True))]
        for pid in everyone:
            os.kill(pid, signal.SIGSTOP)
        threading.Event().wait(6)
        for pid in everyone:
            os.kill(pid, signal.SIGCONT)
        threading.Event().wait(1)
        assert Browser(served.url).get("/").text == "one"
        assert workers_of(served) == before
        assert served.end() == 0


def test_a_stopped_fork_server_delays_neither_a_restart_nor_the_shutdown(tmp_path):
    write_site(tmp_path, serve_lines="worker_timeout = 5")
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        before = workers_of(served)
        (fork_server,) = psutil.Process(served.process.pid).children()
        fork_server.suspend()
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: len(running_workers(served) - before) >= 1)
        assert Browser(served.url).get("/").text == "one"
        (new_server,) = [one for one in psutil.Process(served.process.pid).children() if one.pid != fork_server.pid]
        new_server.suspend()
        served.process.send_signal(signal.SIGHUP)
        assert served.end() == 0
        assert not fork_server.is_running()
        assert not new_server.is_running()


def running_workers(served):
    """Return the workers that have not exited; those of a stopped fork server are not reaped."""
    found = set()
    for pid in workers_of(served):
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {pid} if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else set()
    return found


def test_a_stopped_fork_server_that_a_reload_has_replaced_is_killed_and_not_its_successor(tmp_path):
    write_site(tmp_path, serve_lines="worker_timeout = 5")
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        server = psutil.Process(served.process.pid)
        (previous,) = server.children()
        previous.suspend()
        os.kill(min(workers_of(served)), signal.SIGKILL)
        wait_until(lambda: has_requests(previous))  # for a replacement of that worker
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Reloaded " in served.output)
        (successor,) = set(server.children()) - {previous}
        wait_until(lambda: not previous.is_running())
        assert server.children() == [successor]
        assert served.end() == 0


def has_requests(fork_server):
    """Whether a stopped fork server has been asked for a worker: the request waits in its control socket."""
    sockets = subprocess.run(["ss", "-xpH"], capture_output=True, text=True, check=True).stdout.splitlines()
    return any(f"pid={fork_server.pid}," in line and int(line.split()[2]) > 0 for line in sockets)
