"""A store that is stopped by SIGSTOP, so that it accepts everything and answers nothing, under a mixed load.

GEARBOX_LITE_STOPS=3 stops each store three times, for longer, and compares the latencies with the documentation;
that needs a quiet machine.
"""

from __future__ import annotations

import http.client
import os
import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from support.sessions import KEY
from support.warm import serve

STOPS = int(os.environ.get("GEARBOX_LITE_STOPS", "0"))
LIMIT = 2.0
"""Seconds, session.store_timeout's default."""

APPLICATION = """
def factory(global_conf):
    return application

def application(environ, start_response):
    body = b"plain"
    if environ["PATH_INFO"] == "/session":
        session = environ["beaker.session"]
        session["count"] = session.get("count", 0) + 1
        session.save()
        body = b"session"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""


def write_site(folder: Path, options: dict[str, str]) -> Path:
    (folder / "site_for_tests.py").write_text(APPLICATION)
    lines = [f"{name} = {value}" for name, value in {**options, "session.secret": KEY}.items()]
    (folder / "development.ini").write_text(
        "[app:main]\npaste.app_factory = site_for_tests:factory\nfilter-with = session\n\n"
        "[filter:session]\nuse = egg:gearbox_lite#session\n" + "\n".join(lines) + "\n\n"
        "[server:main]\nuse = egg:waitress#main\nhost = 127.0.0.1\nport = 0\nthreads = 4\n"
    )
    return folder


@dataclass
class Answer:
    begun: float
    seconds: float
    status: int


@dataclass
class Client:
    """Asks for one page again and again, as one visitor with a kept connection."""

    address: str
    path: str
    pause: float
    answers: list[Answer] = field(default_factory=list)

    def run(self, end: threading.Event) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        cookie = ""
        while not end.is_set():
            begun = time.monotonic()
            connection.request("GET", self.path, headers={"Cookie": cookie} if cookie else {})
            response = connection.getresponse()
            response.read()
            cookie = (response.headers["Set-Cookie"] or cookie).partition(";")[0]
            self.answers.append(Answer(begun, time.monotonic() - begun, response.status))
            end.wait(self.pause)
        connection.close()


class Load:
    """Eight clients on session pages, four on plain ones."""

    def __init__(self, url: str) -> None:
        address = url.removeprefix("http://").rstrip("/")
        self.session = [Client(address, "/session", 0.02) for _ in range(8)]
        self.plain = [Client(address, "/plain", 0.01) for _ in range(4)]
        self._end = threading.Event()
        clients = [*self.session, *self.plain]
        self._threads = [threading.Thread(target=client.run, args=(self._end,)) for client in clients]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def answers(self, clients: list[Client], since: float, until: float = float("inf")) -> list[Answer]:
        return [one for client in clients for one in list(client.answers) if since <= one.begun < until]

    def wait_for(self, status: int, since: float, seconds: float) -> Answer:
        """Return the first session page with a status that was asked for since then."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = [one for one in self.answers(self.session, since) if one.status == status]
            if found:
                return min(found, key=lambda one: one.begun + one.seconds)
            time.sleep(0.005)
        raise AssertionError(f"no {status} within {seconds} seconds")


def test_a_stopped_store_blocks_no_plain_page_and_is_used_again_within_two_seconds(breakable, tmp_path):
    site = write_site(tmp_path, breakable.options())
    with serve(site) as served, Load(served.url) as load:
        load.wait_for(200, 0.0, 20)
        for number in range(STOPS or 1):
            time.sleep(2 * LIMIT if STOPS else 1)  # the store's usual time is known, and no answer is from before
            stopped = time.monotonic()
            breakable.pause()
            first = load.wait_for(503, stopped - LIMIT, LIMIT + 5)
            open_since = time.monotonic()
            time.sleep(8 if STOPS else 3)
            resumed = time.monotonic()
            breakable.resume()
            back = load.wait_for(200, resumed, 2)
            assert {one.status for one in load.answers(load.session, 0)} <= {200, 503}

            refused = load.answers(load.session, open_since, resumed)
            plain = load.answers(load.plain, stopped - LIMIT, resumed)
            assert len(refused) > 100, "each session page was answered at once"
            assert max(one.seconds for one in refused) < 1
            assert max(one.seconds for one in plain) < 1
            assert {one.status for one in plain} == {200}
            waited = max(one.seconds for one in load.answers(load.session, stopped - LIMIT, open_since))
            assert waited < LIMIT + 1
            report(breakable.program, number, first, stopped, waited, refused, plain, back, resumed)
        if STOPS:
            everything = sorted(one.seconds for one in load.answers(load.plain, 0))
            assert everything[int(len(everything) * 0.99)] < 0.05
    assert "Traceback" not in served.output


def report(program, number, first, stopped, waited, refused, plain, back, resumed):
    """Print the figures of a full run, seen with pytest -s."""
    times = sorted(one.seconds * 1000 for one in plain)
    quick = [one.seconds * 1000 for one in refused]
    print(
        f"\n{program} {number}: first 503 {first.begun + first.seconds - stopped:.3f} s after the stop, "
        f"longest wait {waited:.3f} s; then {len(quick)} answers, median {statistics.median(quick):.1f} ms, "
        f"longest {max(quick):.1f} ms; plain pages: {len(times)}, p99 {times[int(len(times) * 0.99)]:.1f} ms, "
        f"longest {times[-1]:.1f} ms; back {back.begun + back.seconds - resumed:.3f} s after SIGCONT"
    )
