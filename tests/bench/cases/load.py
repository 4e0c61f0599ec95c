"""Requests a second that a server answers, with and without a session."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import sites
from client import get
from figures import OURS, Bench, Figure, MissingError, in_turns
from processes import Server, running

TITLE = "Requests a second on 8 keep-alive connections"

WORK = {"none": ("no session", "hello"), "read": ("session read", "MVL"), "write": ("session write", "stored")}
"""Each path, what it does, and the body that every answer must have."""

SCRIPT = Path(__file__).with_name("load.lua")

Wrk = dict[str, float]


def measure(bench: Bench) -> list[Figure]:
    if shutil.which("wrk") is None:
        raise MissingError("wrk: apt-get install wrk")
    servers: dict[str, Server] = bench.try_each(_makers(bench.folder / "sites"))
    figures = []
    with running(servers):
        cookies = {name: _cookie(name, server) for name, server in servers.items()}
        for path, (what, _) in WORK.items():
            bench.progress(what)
            tails: dict[str, list[float]] = {name: [] for name in servers}
            processor: dict[str, list[float]] = {name: [] for name in servers}
            runs = {
                name: _runner(bench, server, path, cookies[name], tails[name], processor[name])
                for name, server in servers.items()
                if _takes_part(name, path)
            }
            samples = in_turns(runs, bench.rounds(5, 1))
            figures += [Figure(what, name, "requests/s", values) for name, values in samples.items()]
            figures += [Figure(f"{what}, processor", name, "us", processor[name][1:]) for name in samples]
            figures += [Figure(f"{what}, p99", name, "ms", tails[name][1:]) for name in samples]
    return figures


BARE, BEAKER = "limit: bare waitress", "limit: stock Beaker on bare waitress"


def _takes_part(name: str, path: str) -> bool:
    return name not in (BARE, BEAKER) or (name == BARE) == (path == "none")


def _makers(folder: Path) -> dict[str, Callable[[], Server]]:
    def deployed(make: Callable[..., sites.Site], *more: str, **options: object) -> Server:
        site = make(folder, **options)
        return site.server([*site.deployed, *more])

    def gearbox_wsgiref() -> Server:
        site = sites.gearbox(folder, debug=False)
        return site.server(site.serve)

    return {
        OURS: partial(deployed, sites.ours, debug=False),
        f"{OURS}, 2 workers": partial(deployed, sites.ours, "--workers", "2", debug=False),
        sites.GEARBOX: gearbox_wsgiref,
        f"{sites.GEARBOX}, on waitress": partial(deployed, sites.gearbox, debug=False),
        "pyramid on waitress": partial(deployed, sites.pyramid),
        "flask on waitress": partial(deployed, sites.flask),
        "django on waitress": partial(deployed, sites.django, debug=False),
        BARE: partial(deployed, sites.bare, application="app"),
        BEAKER: partial(deployed, sites.bare, application="with_beaker"),
    }


def _cookie(name: str, server: Server) -> str:
    """Return the cookie of a session that holds a value."""
    if name == BARE:
        return ""
    stored = get(server.port, "/write")
    assert stored.body == "stored", f"{name}: {stored}"
    again = get(server.port, "/read", stored.cookies)
    assert again.body == "MVL", f"{name}: {again}"
    return stored.cookies


def _runner(
    bench: Bench, server: Server, path: str, cookie: str, tail: list[float], processor: list[float]
) -> Callable[[], float]:
    """Return a function that returns requests a second, and appends p99 and the processor time of a request."""
    seconds = bench.rounds(5, 1)
    header = ["-H", f"Cookie: {cookie}"] if path != "none" else []
    url = f"http://127.0.0.1:{server.port}/{path}"
    rules = [WORK[path][1], "cookie" if path == "write" else "any"]
    words = ["wrk", "-t1", "-c8", f"-d{seconds}s", "-s", SCRIPT, *header, url, "--", *rules]

    def run() -> float:
        before = server.processor_time()
        output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        found: Wrk = dict(zip(("requests", "seconds", "p99", "wrong"), map(float, output.split()[-4:]), strict=True))
        assert found["wrong"] == 0, f"{url}: {found['wrong']:.0f} wrong answers or broken connections: {output}"
        tail.append(found["p99"])
        processor.append((server.processor_time() - before) * 1e6 / found["requests"])
        return found["requests"] / found["seconds"]

    return run
