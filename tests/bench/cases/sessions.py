"""What a session adds to a request, in one process: our middleware next to stock Beaker's.

The same application runs behind both. The cost of a request that does not touch the session is subtracted.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from figures import OURS, Bench, Figure, MissingError
from rivals import SESSIONS, program
from sites import KEY
from support import services

TITLE = "The session by itself, in one process"

SERVERS = {"redis": services.Redis, "memcached": services.Memcached, "database, PostgreSQL": services.PostgreSQL}
WORKER = Path(__file__).with_name("session_worker.py")
WHO = {"ours": OURS, "stock": "limit: stock Beaker"}


def measure(bench: Bench) -> list[Figure]:
    figures = []
    with ExitStack() as stack:
        stores = {name: _pair(name, options, bench.folder) for name, options in _stores(bench, stack).items()}
        for name, options in stores.items():
            bench.progress(name)
            job = {"rounds": bench.rounds(12, 5), "stores": {name: options}}
            result = subprocess.run(
                [program(SESSIONS, "python"), WORKER],
                input=json.dumps(job),
                capture_output=True,
                text=True,
                check=False,
            )
            assert result.returncode == 0, result.stderr
            figures += _figures(name, json.loads(result.stdout)[name])
    return figures


def _figures(name: str, samples: dict[str, dict[str, list[float]]]) -> list[Figure]:
    figures = []
    for page in ("untouched", "read", "write", "write, processor"):
        for who, label in WHO.items():
            untouched = page.replace("write", "untouched") if page.endswith("processor") else "untouched"
            without = 0.0 if page == "untouched" else statistics.median(samples[who][untouched])
            values = [value - without for value in samples[who][page]]
            figures.append(Figure(f"{name}: {page}", label, "us", values))
    return figures


def _stores(bench: Bench, stack: ExitStack) -> dict[str, dict[str, str]]:
    folder = bench.folder
    cookie = {"session.type": "cookie", "session.validate_key": KEY}
    found = {
        "cookie, json": cookie,
        "cookie, encrypted": {**cookie, "session.encrypt_key": KEY[::-1]},
        "memory": {"session.type": "memory"},
        "file": {"session.type": "file", "session.data_dir": str(folder / "data")},
        "database, SQLite": {"session.type": "ext:database", "session.url": f"sqlite:///{folder / 's.db'}"},
    }
    for name, kind in SERVERS.items():
        try:
            found[name] = stack.enter_context(services.running(kind)).options()
        except (Exception, pytest.skip.Exception) as error:  # noqa: BLE001 (the other stores are still worth measuring)
            bench.lacks(MissingError(f"{name}: {error}"))
    return found


def _pair(name: str, options: dict[str, str], folder: Path) -> list[dict[str, str]]:
    """Return our options and stock Beaker's for the same store, each with its own place in it."""
    ours = {**options, "session.key": "hello"}
    if not name.startswith("cookie"):
        ours["session.secret"] = KEY
    stock = {**ours, "session.data_serializer": "json"}
    if name == "database, SQLite":
        stock["session.url"] = stock["session.url"].replace("s.db", "stock.db")
    elif name.startswith("database"):
        stock["session.table_name"] = "stock"
    elif name == "file":
        stock["session.data_dir"] += "-stock"
    if name != "file" and not name.startswith("cookie"):
        stock["session.lock_dir"] = str(folder / "locks")
    return [ours, stock]
