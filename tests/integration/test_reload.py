"""Reload: fresh code at once, and no request refused, cut or unanswered meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import threading
import time

import pytest
from helpers import PATIENCE, Browser, add_line, free_port, serve, set_option

CODE = """
import time
from tg import expose, session, TGController

VERSION = "{version}"

class RootController(TGController):
    @expose()
    def version(self):
        return VERSION

    @expose("json")
    def add(self):
        session["n"] = session.get("n", 0) + 1
        session.save()
        return {{"n": session["n"], "version": VERSION}}

    @expose()
    def slow(self):
        open("started", "w").close()
        while not __import__("os").path.exists("go"):
            time.sleep(0.01)
        return VERSION
"""


def write_version(project, version):
    (project / "hello/controllers/root.py").write_text(CODE.format(version=version))


def port_of(served):
    return int(served.url.rpartition(":")[2])


def wait_until(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def answers_with(served, text):
    return lambda: text in Browser(served.url).get("/version").text


class Client(threading.Thread):
    """Sends requests all the time, on one connection or on a new one each, and notes what goes wrong."""

    def __init__(self, port, keep_alive):
        super().__init__()
        self.port, self.keep_alive = port, keep_alive
        self.problems, self.seen, self.requests = [], set(), 0
        self.stop = threading.Event()

    def run(self):
        connection = self.connect()
        while not self.stop.is_set():
            try:
                if not self.keep_alive:
                    connection.close()
                    connection = self.connect()
                connection.putrequest("GET", "/version")
                connection.endheaders()
                answer = connection.getresponse()
                body = answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                self.problems.append(repr(error))
                connection.close()
                connection = self.connect()
                continue
            self.requests += 1
            self.seen.add(body if answer.status == 200 else str(answer.status))
            if answer.status not in (200, 500) or (answer.status == 500 and "does not load" not in body):
                self.problems.append((answer.status, body))
            if answer.getheader("Connection") == "close" and self.keep_alive:
                self.problems.append("told to close")
        connection.close()

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.auto_open = 0
        with contextlib.suppress(OSError):
            connection.connect()
        return connection


def test_reload_refuses_and_cuts_no_request(project):
    """Eight clients, half of them on connections that they keep, over 20 reloads, three of them broken and mended."""
    write_version(project, "start")
    with serve(project, "--reload") as served:
        clients = [Client(port_of(served), keep_alive=number % 2 == 0) for number in range(8)]
        for client in clients:
            client.start()
        browser = Browser(served.url)
        for number in range(20):
            if number in (5, 11, 17):
                (project / "hello/controllers/root.py").write_text("def broken(:\n")
                wait_until(answers_with(served, "does not load"))
            write_version(project, f"v{number}")
            wait_until(answers_with(served, f"v{number}"))
            assert f'"n": {number + 1},' in browser.get("/add").text
        wait_until(lambda: all("v19" in client.seen for client in clients))
        for client in clients:
            client.stop.set()
        for client in clients:
            client.join()
        assert [client.problems for client in clients] == [[]] * 8
        assert served.end() == 0


def test_a_connection_opened_before_the_save_gets_fresh_code(project):
    write_version(project, "old")
    with serve(project, "--reload") as served:
        connection = http.client.HTTPConnection("127.0.0.1", port_of(served), timeout=PATIENCE)
        connection.request("GET", "/version")
        assert connection.getresponse().read() == b"old"
        connection.auto_open = 0  # any new connection would be an error
        write_version(project, "new")
        wait_until(answers_with(served, "new"))
        connection.request("GET", "/version")
        assert connection.getresponse().read() == b"new"
        connection.close()


@pytest.mark.parametrize("event", ["reload", "SIGHUP", "SIGTERM"])
def test_a_request_in_flight_survives(project, event):
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
        assert (served.process.wait(PATIENCE) if event == "SIGTERM" else served.end()) == 0


def break_and_mend(project, kind):
    """Return the two edits that break a project in one way and mend it."""
    root = project / "hello/controllers/root.py"
    application = project / "hello/config/application.py"
    ini = project / "development.ini"
    good = {path: path.read_text() for path in (root, application, ini)}

    def mend():
        for path, text in good.items():
            if not path.exists() or path.read_text() != text:
                path.write_text(text)

    breaks = {
        "syntax error": lambda: root.write_text("def broken(:\n"),
        "missing import": lambda: root.write_text("import nosuchmodule\n"),
        "exception at import": lambda: root.write_text("raise ValueError('at import')\n"),
        "exception in make_app": lambda: application.write_text(
            "def make_app(g, **a):\n    raise ValueError('made')\n"
        ),
        "broken ini": lambda: add_line(ini, "filter:session", "session.tiemout = 5"),
        "no ini at all": lambda: ini.write_text("not an ini"),
        "deleted module": root.unlink,
    }
    return breaks[kind], mend


REASONS = {
    "syntax error": "SyntaxError in root.py line 1",
    "missing import": "ModuleNotFoundError in root.py line 1",
    "exception at import": "ValueError: at import",
    "exception in make_app": "ValueError: made",
    "broken ini": "session.tiemout = 5: there is no such option; did you mean session.timeout?",
    "no ini at all": "a setting before any [section]",
    "deleted module": "No module named",
}


@pytest.mark.parametrize("kind", REASONS)
def test_a_broken_project_shows_why_and_comes_back_when_it_is_mended(project, kind):
    write_version(project, "good")
    damage, mend = break_and_mend(project, kind)
    with serve(project, "--reload") as served:
        damage()
        wait_until(lambda: Browser(served.url).get("/version").status == 500)
        page = Browser(served.url).get("/version")
        assert "The application does not load" in page.text
        assert REASONS[kind].replace("'", "&#x27;") in page.text
        json_page = Browser(served.url).get("/version", Accept="application/json")
        assert json_page.header("Content-Type") == "application/json"
        mend()
        wait_until(answers_with(served, "good"))
        assert served.end() == 0
        assert served.output.count(REASONS[kind]) == 1


@pytest.mark.parametrize(
    "kind", ["syntax error", "missing import", "exception at import", "exception in make_app", "deleted module"]
)
def test_a_project_broken_from_the_start_is_served_once_it_is_mended(project, kind):
    write_version(project, "good")
    damage, mend = break_and_mend(project, kind)
    damage()
    with serve(project, "--reload") as served:
        assert "does not load" in Browser(served.url).get("/version").text
        mend()
        wait_until(answers_with(served, "good"))


def test_without_debug_the_page_says_only_that_the_site_is_updated(project):
    write_version(project, "good")
    set_option(project / "development.ini", "debug", "false")
    with serve(project, "--reload") as served:
        (project / "hello/controllers/root.py").write_text("secret = 1 / 0\n")
        wait_until(lambda: Browser(served.url).get("/version").status == 503)
        assert "being updated" in Browser(served.url).get("/version").text
        assert "secret" not in Browser(served.url).get("/version").text


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


def test_a_template_needs_no_restart_and_an_editors_rename_is_a_change(project):
    with serve(project, "--reload") as served:
        page = project / "hello/templates/index.jinja"
        page.write_text(page.read_text().replace("application runs", "application walks"))
        wait_until(lambda: "application walks" in Browser(served.url).get("/").text)
        assert "Reloaded" not in served.output
        root = project / "hello/controllers/root.py"
        draft = project / "hello/controllers/.root.py.swp"
        draft.write_text(root.read_text().replace("retrieved", "renamed"))
        draft.rename(root)
        wait_until(lambda: "Reloaded" in served.output)
        browser = Browser(served.url)
        browser.get("/setsession")
        assert "renamed" in browser.get("/getsession").text


def workers_of(served):
    """Return the processes below the server that answer requests."""
    import subprocess

    listing = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    children, found = {}, set()
    for line in listing.splitlines()[1:]:
        pid, parent, _ = line.split(None, 2)
        children.setdefault(int(parent), []).append(int(pid))
    servers = children.get(served.process.pid, [])
    for server in servers:
        found |= set(children.get(server, []))
    return found


def test_a_killed_worker_is_replaced_and_only_its_own_requests_fail(project):
    write_version(project, "good")
    with serve(project, "--workers", "2", "--no-reload") as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        clients = [Client(port_of(served), keep_alive=False) for _ in range(4)]
        for client in clients:
            client.start()
        import os

        for _ in range(10):
            before = workers_of(served)
            os.kill(min(before), signal.SIGKILL)
            wait_until(lambda before=before: len(workers_of(served) - {min(before)}) == 2)
        for client in clients:
            client.stop.set()
        for client in clients:
            client.join()
        assert sum(client.requests for client in clients) > 100
        assert sum(len(client.problems) for client in clients) <= 10 * 4
        assert not any(isinstance(problem, tuple) for client in clients for problem in client.problems)
        assert served.end() == 0


def test_the_workers_end_by_themselves_when_the_supervisor_is_killed(project):
    with serve(project, "--reload") as served:
        wait_until(lambda: len(workers_of(served)) == 1)
        workers = workers_of(served)
        port = port_of(served)
        served.process.kill()
        served.process.wait()

        def gone():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) != 0

        wait_until(gone)
        assert workers
