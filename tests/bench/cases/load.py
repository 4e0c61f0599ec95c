"""Requests a second that a server answers, with and without a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import sites
from client import get
from figures import OURS, Bench, Figure
from processes import Server, running
from wrk import Load, compare, require, shares

TITLE = "Requests a second on 8 keep-alive connections"

NONE, READ, WRITE = "no session", "session read", "session write"
PAGES = {"none": (NONE, "hello"), "read": (READ, "MVL"), "write": (WRITE, "stored")}
"""Each path, what it does, and the body that every answer must have."""

MINIMAL, TWO_WORKERS = f"{OURS} --minimal", f"{OURS}, 2 workers"
PYRAMID, PYRAMID_ON_OURS = "pyramid on waitress", f"pyramid, its ini under {OURS}"
BARE, BEAKER = "limit: bare waitress", "limit: stock Beaker on bare waitress"


def measure(bench: Bench) -> list[Figure]:
    require()
    servers: dict[str, Server] = bench.try_each(_makers(bench.folder / "sites"))
    figures = []
    with running(servers):
        cookies = {name: _cookie(name, server) for name, server in servers.items()}
        for path, (what, body) in PAGES.items():
            loads = {
                name: Load(server, f"/{path}", 8, body, cookies[name] if path != "none" else "", path == "write")
                for name, server in servers.items()
                if _takes_part(name, path)
            }
            figures += compare(bench, what, loads)
            figures += shares(what, {name: load for name, load in loads.items() if name in (OURS, TWO_WORKERS)})
    return figures


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
        MINIMAL: partial(deployed, sites.ours, debug=False, minimal=True),
        TWO_WORKERS: partial(deployed, sites.ours, "--workers", "2", debug=False),
        sites.GEARBOX: gearbox_wsgiref,
        f"{sites.GEARBOX}, on waitress": partial(deployed, sites.gearbox, debug=False),
        PYRAMID: partial(deployed, sites.pyramid),
        PYRAMID_ON_OURS: partial(deployed, sites.pyramid_on_ours),
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
