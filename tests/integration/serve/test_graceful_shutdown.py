"""Graceful shutdown of a single process: SIGTERM and SIGINT let running requests finish."""

from __future__ import annotations

import signal
import socket
import threading

import pytest
from support.helpers import Browser, serve
from support.reloading import port_of, wait_until

SLOW = """
import time
from tg import expose, TGController
class RootController(TGController):
    @expose()
    def slow(self):
        open("started", "w").close()
        while not __import__("os").path.exists("go"):
            time.sleep(0.01)
        return "x" * 3_000_000
    @expose()
    def quick(self):
        return "quick"
"""


def until_refused(port):
    """Wait until the server refuses new connections, which shows that it is shutting down."""

    def is_refused():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return True
        return False

    wait_until(is_refused)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_and_sigint_finish_running_requests_and_exit_0(project, number):
    (project / "hello/controllers/root.py").write_text(SLOW)
    with serve(project) as served:
        answers = []
        client = threading.Thread(target=lambda: answers.append(Browser(served.url).get("/slow")))
        client.start()
        wait_until((project / "started").exists)
        served.process.send_signal(number)
        until_refused(port_of(served))
        (project / "go").touch()
        client.join()
        assert answers[0].status == 200
        assert len(answers[0].text) == 3_000_000
        assert served.process.wait(10) == 0


def test_a_request_whose_body_is_still_arriving_is_finished_too(project):
    with serve(project) as served, socket.create_connection(("127.0.0.1", port_of(served))) as client:
        client.sendall(b"POST /getsession HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc")
        Browser(served.url).get("/css/style.css")  # is answered after the first half has been read
        served.process.send_signal(signal.SIGTERM)
        until_refused(port_of(served))
        client.sendall(b"def")
        assert client.recv(12) == b"HTTP/1.1 200"
        assert served.process.wait(10) == 0


def test_an_idle_keep_alive_connection_does_not_delay_shutdown(project):
    with (
        serve(project) as served,
        socket.create_connection(("127.0.0.1", port_of(served))) as client,
    ):
        client.sendall(b"GET /css/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(5) == 0


def test_a_second_ctrl_c_exits_at_once(project):
    (project / "hello/controllers/root.py").write_text(SLOW)
    with serve(project) as served:
        client = socket.create_connection(("127.0.0.1", port_of(served)))
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until((project / "started").exists)
        port = port_of(served)
        served.process.send_signal(signal.SIGINT)
        until_refused(port)
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(5) == -signal.SIGINT
        client.close()
