"""What a session costs a TurboGears request: ours beside stock Beaker's, in microseconds, in one process.

    python tests/bench/sessions.py [ROUNDS]

The same application answers under both middlewares, in turns. What the request costs without a session is taken off.
memcached, Redis and PostgreSQL are started where they are installed; stock Beaker's memcached needs python-memcached.
"""

from __future__ import annotations

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import services
from beaker.middleware import SessionMiddleware as StockMiddleware
from tg import MinimalApplicationConfigurator, TGController, expose, session

from gearbox_lite.sessions.middleware import filter_factory

KEY = "0123456789abcdef" * 4
BATCH = 50


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
        return "x"


def application() -> Callable:
    configurator = MinimalApplicationConfigurator()
    configurator.update_blueprint({"root_controller": RootController()})
    return configurator.make_wsgi_app({}, {})


class Visitor:
    """Sends requests straight into a WSGI application and keeps its cookie."""

    def __init__(self, app: Callable) -> None:
        self.app = app
        self.cookie = ""

    def get(self, path: str) -> None:
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "HTTP_COOKIE": self.cookie,
            "wsgi.input": None, "wsgi.errors": sys.stderr, "SCRIPT_NAME": "",
        }  # fmt: skip
        answer = {}

        def start_response(status: str, headers: list, exc_info: object = None) -> None:
            assert status == "200 OK", status
            answer.update({name.lower(): value for name, value in headers})

        b"".join(self.app(environ, start_response))
        if "set-cookie" in answer:
            self.cookie = answer["set-cookie"].strip().partition(";")[0]

    def batch(self, path: str) -> float:
        """Return the microseconds of one request, over a batch of them."""
        started = time.perf_counter()
        for _ in range(BATCH):
            self.get(path)
        return (time.perf_counter() - started) / BATCH * 1e6


def stores(folder: Path, stack: ExitStack) -> dict[str, dict[str, str]]:
    found = {
        "cookie json": {"session.type": "cookie", "session.validate_key": KEY},
        "cookie json encrypted": {
            "session.type": "cookie",
            "session.validate_key": KEY,
            "session.encrypt_key": KEY[::-1],
        },
        "memory": {"session.type": "memory"},
        "file": {"session.type": "file", "session.data_dir": str(folder / "data")},
        "database, SQLite": {"session.type": "ext:database", "session.url": f"sqlite:///{folder / 's.db'}"},
    }
    for name, kind in (
        ("redis", services.Redis),
        ("memcached", services.Memcached),
        ("database, PostgreSQL", services.PostgreSQL),
    ):
        try:
            found[name] = stack.enter_context(services.running(kind)).options()
        except BaseException as error:  # noqa: BLE001 (pytest's skip, where it is not installed)
            print(f"without {name}: {error}", file=sys.stderr)
    return found


def measure(options: dict[str, str], stock_options: dict[str, str], rounds: int) -> dict[str, tuple[float, float]]:
    ours = Visitor(filter_factory({}, **options)(application()))
    stock = Visitor(StockMiddleware(application(), stock_options))
    samples: dict[tuple[str, str], list[float]] = {}
    for visitor in (ours, stock):
        visitor.get("/write")
    for number in range(rounds + 1):
        for path in ("/untouched", "/read", "/write"):
            for name, visitor in (("ours", ours), ("stock", stock)):
                spent = visitor.batch(path)
                if number:  # the first round warms up
                    samples.setdefault((name, path), []).append(spent)
    middle = {key: statistics.median(values) for key, values in samples.items()}
    return {
        path: tuple(middle[name, f"/{path}"] - middle[name, "/untouched"] for name in ("ours", "stock"))
        for path in ("read", "write")
    }


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(f"Python {sys.version.split()[0]}; microseconds a request, less one that leaves the session untouched")
    print(f"{'store':24}{'read: ours':>12}{'stock':>8}{'ratio':>8}{'write: ours':>14}{'stock':>8}{'ratio':>8}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, options in stores(folder, stack).items():
            if name == "memcached" and importlib.util.find_spec("memcache") is None:
                print(f"{name:24} python-memcached is not installed", file=sys.stderr)
                continue
            ours = {**options, "session.key": "hello"}
            if not name.startswith("cookie"):
                ours["session.secret"] = KEY
            stock = {**ours, "session.data_serializer": "json"}
            if "SQLite" in name:
                stock["session.url"] = stock["session.url"].replace("s.db", "stock.db")
            elif "database" in name:
                stock["session.table_name"] = "stock"
            elif name == "file":
                stock["session.data_dir"] += "-stock"
            if "data_dir" not in str(stock) and not name.startswith("cookie"):
                stock["session.lock_dir"] = str(folder / "locks")
            found = measure(ours, stock, rounds)
            print(f"{name:24}", end="")
            for path, width in (("read", 12), ("write", 14)):
                mine, theirs = found[path]
                print(f"{mine:{width}.0f}{theirs:8.0f}{mine / theirs:8.2f}", end="")
            print()


if __name__ == "__main__":
    main()
