"""How long a server takes from its start to the first answer."""

from __future__ import annotations

from functools import partial

from figures import OURS, Bench, Figure, in_turns
from processes import Server
from sites import DEV_SERVERS, WITH_EVERYTHING

TITLE = "From the start of `serve` to the first answer"


def measure(bench: Bench) -> list[Figure]:
    makers = {name: partial(make, bench.folder / "sites") for name, make in DEV_SERVERS.items()}
    runs = {}
    for name, site in bench.try_each(makers).items():
        runs[name] = partial(_start, site.server(site.serve))
        if name == OURS:
            runs[f"{name} --reload"] = partial(_start, site.server(site.reload))
    bench.progress(", ".join(runs))
    samples = in_turns(runs, bench.rounds(8, 2))
    figures = [Figure("first answer", name, "ms", values) for name, values in samples.items()]
    bench.progress("everything installed")
    makers = {name: partial(make, bench.folder / "sites") for name, make in WITH_EVERYTHING.items()}
    runs = {name: partial(_start, site.server(site.serve)) for name, site in bench.try_each(makers).items()}
    samples = in_turns(runs, bench.rounds(8, 2))
    what = "first answer, all extras installed"
    return figures + [Figure(what, name, "ms", values) for name, values in samples.items()]


def _start(server: Server) -> float:
    try:
        return server.start("start")
    finally:
        server.stop()
