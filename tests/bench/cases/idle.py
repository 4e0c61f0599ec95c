"""What a server does while no request comes: wake-ups and processor time."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import sites
from client import get
from figures import OURS, Bench, Figure, in_turns
from processes import Server, running

TITLE = "A server without requests"

SECONDS = 10


def measure(bench: Bench) -> list[Figure]:
    servers: dict[str, Server] = bench.try_each(_makers(bench))
    bench.progress(", ".join(servers))
    with running(servers):
        for server in servers.values():
            assert get(server.port, "/none").status == 200
            server.settle()
        processor: dict[str, list[float]] = {name: [] for name in servers}
        runs = {name: partial(_idle, server, processor[name]) for name, server in servers.items()}
        samples = in_turns(runs, bench.rounds(3, 1))
    figures = [Figure("wake-ups a second", name, "", values) for name, values in samples.items()]
    return figures + [Figure("processor time a second", name, "ms", processor[name][1:]) for name in samples]


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


def _idle(server: Server, processor: list[float]) -> float:
    """Return wake-ups a second, and append the milliseconds of processor time."""
    wake_ups, spent, started = server.wake_ups(), server.processor_time(), time.perf_counter()
    time.sleep(SECONDS)
    seconds = time.perf_counter() - started
    processor.append((server.processor_time() - spent) * 1000 / seconds)
    return (server.wake_ups() - wake_ups) / seconds
