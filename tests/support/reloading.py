"""A project whose code changes while it is served, and clients that note every failed or wrong answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time

import psutil

from support.helpers import TEST_TIMEOUT, Browser

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
    deadline = time.monotonic() + TEST_TIMEOUT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def answers_with(served, text):
    return lambda: text in Browser(served.url).get("/version").text


@contextlib.contextmanager
def running(*clients):
    """Run the clients during the block, and wait until they have ended, even if the test fails."""
    for client in clients:
        client.start()
    try:
        yield
    finally:
        for client in clients:
            client.stop.set()
        for client in clients:
            client.join()


class Client(threading.Thread):
    """Sends requests continuously, on one keep-alive connection or on a new one each time, and notes failures."""

    def __init__(self, port, keep_alive, pause=0.0):
        super().__init__()
        self.port, self.keep_alive, self.pause = port, keep_alive, pause
        self.problems, self.seen, self.requests = [], set(), 0
        self.stop = threading.Event()

    def run(self):
        connection = self.connect()
        while not self.stop.wait(self.pause):
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
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TEST_TIMEOUT)
        connection.auto_open = 0
        with contextlib.suppress(OSError):
            connection.connect()
        return connection


class Visitor(threading.Thread):
    """Counts in its session continuously, and notes when the count is not the one that it has stored."""

    def __init__(self, url):
        super().__init__()
        self.browser = Browser(url)
        self.problems, self.count = [], 0
        self.stop = threading.Event()

    def run(self):
        while not self.stop.is_set():
            answer = self.browser.get("/add")
            if answer.status == 200:
                self.count += 1
                if json.loads(answer.text)["n"] != self.count:
                    self.problems.append((self.count, answer.text))
            elif "does not load" not in answer.text:
                self.problems.append((answer.status, answer.text))


def workers_of(served):
    """Return the process ids of the workers: the children of the server's fork server."""
    found = set()
    for child in psutil.Process(served.process.pid).children():
        with contextlib.suppress(psutil.Error):
            found |= {worker.pid for worker in child.children()}
    return found


def is_zombie(process: psutil.Process) -> bool:
    """Return whether a process has exited and has not been reaped; False once it has been."""
    try:
        return process.is_running() and process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
