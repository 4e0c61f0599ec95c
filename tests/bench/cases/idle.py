"""What a server does while no request comes: wake-ups and processor time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sites
from client import get
from figures import OURS, Bench, Figure
from processes import Server, idle, running

TITLE = "A server without requests"

SECONDS = 10


def measure(bench: Bench) -> list[Figure]:
    servers: dict[str, Server] = bench.try_each(_makers(bench))
    bench.progress(", ".join(servers))
    with running(servers):
        for server in servers.values():
            assert get(server.port, "/none").status == 200
            server.settle()
        found = idle(servers, SECONDS, bench.rounds(2, 1))
    figures = [Figure("wake-ups a second", name, "", one.wake_ups) for name, one in found.items()]
    return figures + [Figure("processor time a second", name, "ms", one.milliseconds) for name, one in found.items()]


def _makers(bench: Bench) -> dict[str, Callable[[], Server]]:
    def deployed(make: Callable[..., sites.Site], *more: str, **options: object) -> Server:
        site = make(bench.folder / "sites", **options)
        return site.server([*site.deployed, *more])

    def with_reload() -> Server:
        site = sites.ours(bench.folder / "sites")
        return site.server(site.reload)

    return {
        OURS: partial(deployed, sites.ours),
        f"{OURS}, 2 workers": partial(deployed, sites.ours, "--workers", "2"),
        f"{OURS} --reload": with_reload,
        f"{sites.GEARBOX}, on waitress": partial(deployed, sites.gearbox),
        "limit: bare waitress": partial(deployed, sites.bare, application="app"),
    }
