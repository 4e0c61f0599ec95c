"""Reload: the new code is served at once, and no request is refused, cut or unanswered during it."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import threading

import pytest
from support.helpers import TEST_TIMEOUT, Browser, add_line, free_port, serve, set_option, set_serve
from support.reloading import Client, Visitor, answers_with, port_of, running, wait_until, workers_of, write_version


def test_reload_refuses_and_cuts_no_request(project):
    """Eight clients, half of them with keep-alive connections, during 20 reloads, three of them broken and fixed.

    One of the clients writes to its session all the time, and no write is lost.
    """
    write_version(project, "start")
    with serve(project, "--reload") as served:
        clients = [Client(port_of(served), keep_alive=number % 2 == 0) for number in range(7)]
        visitor = Visitor(served.url)
        with running(*clients, visitor):
            for number in range(20):
                if number in (5, 11, 17):
                    (project / "hello/controllers/root.py").write_text("def broken(:\n")
                    wait_until(answers_with(served, "does not load"))
                write_version(project, f"v{number}")
                wait_until(answers_with(served, f"v{number}"))
            wait_until(lambda: all("v19" in client.seen for client in clients))
        assert [client.problems for client in [*clients, visitor]] == [[]] * 8
        assert visitor.count > 20
        assert served.end() == 0


def test_a_keep_alive_connection_opened_before_a_save_gets_the_new_code(project):
    """As soon as the previous worker drains, which it is told once the new one has begun to accept connections."""
    write_version(project, "old")
    with serve(project, "--reload") as served:
        address = ("127.0.0.1", port_of(served))
        with contextlib.closing(http.client.HTTPConnection(*address, timeout=TEST_TIMEOUT)) as connection:

            def version() -> bytes:
                connection.request("GET", "/version")
                return connection.getresponse().read()

            assert version() == b"old"
            connection.auto_open = 0  # any new connection would be an error
            write_version(project, "new")
            wait_until(lambda: version() == b"new")


@pytest.mark.parametrize("event", ["reload", "SIGHUP", "SIGTERM"])
def test_a_running_request_is_finished_during_a_reload_or_shutdown(project, event):
    write_version(project, "old")
    with serve(project, "--reload") as served:
        answers = []
        client = threading.Thread(target=lambda: answers.append(Browser(served.url).get("/slow").text))
        client.start()
        wait_until((project / "started").exists)
        if event == "reload":
            write_version(project, "new")
            wait_until(answers_with(served, "new"))
        elif event == "SIGHUP":
            served.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "Reloaded" in served.output)
        else:
            served.process.send_signal(signal.SIGTERM)
        (project / "go").touch()
        client.join()
        assert answers == ["old"]
        assert (served.process.wait(TEST_TIMEOUT) if event == "SIGTERM" else served.end()) == 0


def test_an_edited_port_is_opened_before_the_old_one_is_closed(project):
    write_version(project, "good")
    first, second = free_port(), free_port()
    set_option(project / "development.ini", "port", str(first))
    with serve(project, "--reload", "--keep-port") as served:
        set_option(project / "development.ini", "port", str(second))
        wait_until(lambda: f"Now serving at http://localhost:{second}" in served.output)
        assert Browser(f"http://127.0.0.1:{second}").get("/version").text == "good"
        with socket.socket() as probe:
            wait_until(lambda: probe.connect_ex(("127.0.0.1", first)) != 0)


def test_an_edited_host_on_the_same_port_keeps_open_connections(project):
    """From one address of this machine to all, back, and again: our own sockets do not block each other."""
    write_version(project, "good")
    port = free_port()
    ini = project / "development.ini"
    set_option(ini, "port", str(port))
    with serve(project, "--reload", "--keep-port", "--allow-remote-debug") as served:
        clients = [Client(port, keep_alive=True) for _ in range(4)]
        with running(*clients):
            for number, host in enumerate(["0.0.0.0", "127.0.0.1", "0.0.0.0"]):
                set_option(ini, "host", host)
                write_version(project, f"v{number}")
                wait_until(lambda number=number: all(f"v{number}" in client.seen for client in clients))
        assert [client.problems for client in clients] == [[]] * 4
        assert served.output.count("Now serving at") == 3
        assert answers_with(served, "v2")()
        set_option(ini, "host", "192.0.2.1")
        wait_until(answers_with(served, "this machine does not have that address"))
        assert served.end() == 0


def test_keep_alive_connections_of_excess_workers_are_handed_over(project):
    """After a reload from three workers to one, no open connection is closed, whichever worker had it."""
    write_version(project, "old")
    ini = set_serve(project / "development.ini", "workers = 3", "reload = true")
    with serve(project, "--keep-reload") as served:
        connections = [
            http.client.HTTPConnection("127.0.0.1", port_of(served), timeout=TEST_TIMEOUT) for _ in range(30)
        ]
        for connection in connections:
            connection.request("GET", "/version")
            assert connection.getresponse().read() == b"old"
            connection.auto_open = 0  # any new connection would be an error
        set_serve(ini, "workers = 1", "reload = true")
        write_version(project, "new")
        wait_until(answers_with(served, "new"))
        wait_until(lambda: len(workers_of(served)) == 1)
        for connection in connections:
            connection.request("GET", "/version")
            assert connection.getresponse().read() == b"new"
            connection.close()


def test_a_connection_keeps_its_own_address_when_it_is_handed_over(project):
    """With several addresses, SERVER_PORT is the one that the client has connected to."""
    write_version(project, "one")
    root = project / "hello/controllers/root.py"
    shows = '\n    @expose()\n    def port(self):\n        return __import__("tg").request.environ["SERVER_PORT"]\n'
    root.write_text(root.read_text() + shows)
    ports = [free_port(), free_port()]
    ini = project / "development.ini"
    set_option(ini, "port", None)
    set_option(ini, "host", None)
    add_line(ini, "server:main", "listen = " + " ".join(f"127.0.0.1:{port}" for port in ports))
    with serve(project, "--reload", "--keep-port") as served:
        connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=TEST_TIMEOUT) for port in ports]
        for version in ("two", "three"):
            for connection, port in zip(connections, ports, strict=True):
                connection.request("GET", "/port")
                assert connection.getresponse().read() == str(port).encode()
                connection.auto_open = 0
            write_version(project, version)
            root.write_text(root.read_text() + shows)
            wait_until(answers_with(served, version))
        for connection in connections:
            connection.close()


def test_a_worker_keeps_room_for_new_connections_when_more_are_handed_over_than_it_takes(project):
    """Three workers have them, and one remains; connection_limit is 100, waitress' default."""
    write_version(project, "one")
    ini = set_serve(project / "development.ini", "workers = 3", "reload = true")
    with serve(project, "--keep-reload") as served:
        connections = [socket.create_connection(("127.0.0.1", port_of(served))) for _ in range(130)]
        for connection in connections:
            connection.sendall(b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        set_serve(ini, "workers = 1", "reload = true")
        wait_until(lambda: len(workers_of(served)) == 1)
        assert Browser(served.url).get("/version").text == "one"
        for connection in connections:
            connection.close()
