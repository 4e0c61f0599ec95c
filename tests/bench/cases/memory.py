"""The memory of all of a server's processes together, and whether it grows with reloads."""

from __future__ import annotations

from functools import partial

from client import Visitor, get
from figures import OURS, Bench, Figure, in_turns
from processes import Server, running
from sites import DEV_SERVERS, WITH_EVERYTHING, ours

from cases.reload import wait_for

TITLE = "Memory of all processes together (PSS)"

REQUESTS = 1000


def measure(bench: Bench) -> list[Figure]:
    folder = bench.folder / "sites"
    figures = []
    sites = bench.try_each({name: partial(make, folder) for name, make in DEV_SERVERS.items()})
    for what, way in (("without reload", "serve"), ("with reload", "reload")):
        bench.progress(f"{REQUESTS} requests {what}")
        runs = {name: partial(_after_requests, name, site.server(getattr(site, way))) for name, site in sites.items()}
        samples = in_turns(runs, bench.rounds(2, 1), warm_up=False)
        title = f"{what}, after {REQUESTS} requests"
        figures += [Figure(title, name, "MiB", values) for name, values in samples.items()]
    bench.progress(f"{REQUESTS} requests without reload, all extras installed")
    sites = bench.try_each({name: partial(make, folder) for name, make in WITH_EVERYTHING.items()})
    runs = {name: partial(_after_requests, name, site.server(site.serve)) for name, site in sites.items()}
    samples = in_turns(runs, bench.rounds(2, 1), warm_up=False)
    title = f"without reload, all extras installed, after {REQUESTS} requests"
    figures += [Figure(title, name, "MiB", values) for name, values in samples.items()]
    return figures + _reloads(bench)


def _after_requests(name: str, server: Server) -> float:
    with running({name: server}):
        _visit(server)
        return server.memory()


def _visit(server: Server) -> None:
    cookies = get(server.port, "/write").cookies
    visitor = Visitor(server.port)
    for _ in range(REQUESTS):
        answer = visitor.get("/read", cookies)
        assert (answer.status, answer.body) == (200, "MVL"), answer
    visitor.close()


def _reloads(bench: Bench) -> list[Figure]:
    """Measure after a few reloads and after as many as an hour of work may have."""
    few, many = 10, bench.rounds(100, 20)
    site = ours(bench.folder / "sites")
    server = site.server(site.reload)
    figures = []
    with running({OURS: server}):
        bench.progress(f"{many} reloads")
        for number in range(1, many + 1):
            site.save(f"v{number}")
            wait_for(site, f"v{number}")
            if number in (few, many):
                server.settle()
                figures.append(Figure(f"after {number} reloads", OURS, "MiB", [server.memory()]))
    return figures
