"""Run by cases/sessions.py in gearbox-lite's environment: requests with our middleware and with Beaker's, in turns.

It reads {"rounds": N, "stores": {name: [our options, stock Beaker's]}} from standard input and prints
{name: {"ours" or "stock": {page: [microseconds of a request, ...]}}}, and the same of this process' processor time
under "PAGE, processor".
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from beaker.middleware import SessionMiddleware as StockMiddleware
from tg import MinimalApplicationConfigurator, TGController, expose, session

from gearbox_lite.sessions.middleware import filter_factory

BATCH = 50
BODIES = {"untouched": b"x", "read": b"MVL", "write": b"stored"}


class RootController(TGController):
    @expose()
    def untouched(self) -> str:
        return "x"

    @expose()
    def read(self) -> str:
        return str(session["user"])

    @expose()
    def write(self) -> str:
        session["user"] = "MVL"
        session["count"] = session.get("count", 0) + 1
        session.save()
        return "stored"


def application() -> Callable:
    configurator = MinimalApplicationConfigurator()
    configurator.update_blueprint({"root_controller": RootController()})
    return configurator.make_wsgi_app({}, {})


class Visitor:
    """Calls a WSGI application directly, and keeps its cookie."""

    def __init__(self, app: Callable) -> None:
        self.app = app
        self.cookie = ""

    def get(self, page: str) -> None:
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": f"/{page}", "QUERY_STRING": "", "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "HTTP_COOKIE": self.cookie,
            "wsgi.input": None, "wsgi.errors": sys.stderr, "SCRIPT_NAME": "",
        }  # fmt: skip
        answer = {}

        def start_response(status: str, headers: list, exc_info: object = None) -> None:
            assert status == "200 OK", status
            answer.update({name.lower(): value for name, value in headers})

        body = b"".join(self.app(environ, start_response))
        assert body == BODIES[page], body
        if "set-cookie" in answer:
            self.cookie = answer["set-cookie"].strip().partition(";")[0]

    def batch(self, page: str) -> tuple[float, float]:
        """Return the microseconds of one request, over a batch of them, and those of processor time."""
        started, spent = time.perf_counter(), time.process_time()
        for _ in range(BATCH):
            self.get(page)
        return (time.perf_counter() - started) / BATCH * 1e6, (time.process_time() - spent) / BATCH * 1e6


def measure(options: dict[str, str], stock_options: dict[str, str], rounds: int) -> dict[str, dict[str, list[float]]]:
    visitors = {
        "ours": Visitor(filter_factory({}, **options)(application())),
        "stock": Visitor(StockMiddleware(application(), stock_options)),
    }
    samples = {who: {name: [] for page in BODIES for name in (page, f"{page}, processor")} for who in visitors}
    for visitor in visitors.values():
        visitor.get("write")
    for number in range(rounds + 1):
        for page in BODIES:
            for who, visitor in list(visitors.items())[:: -1 if number % 2 else 1]:
                taken, spent = visitor.batch(page)
                if number:  # the first round warms up
                    samples[who][page].append(taken)
                    samples[who][f"{page}, processor"].append(spent)
    return samples


def main() -> None:
    job = json.load(sys.stdin)
    print(json.dumps({name: measure(*options, job["rounds"]) for name, options in job["stores"].items()}))


if __name__ == "__main__":
    main()
