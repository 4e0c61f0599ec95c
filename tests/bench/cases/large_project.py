"""A project of 5,000 files with reload: how long a reload takes, and what watching costs while no file changes."""

from __future__ import annotations

from functools import partial

from figures import Bench, Figure, in_turns
from processes import idle, running
from sites import DEV_SERVERS, GEARBOX, Site

from cases.reload import editor

TITLE = "Reload in a project of 5,000 files"

FILES = 5000


def measure(bench: Bench) -> list[Figure]:
    # gearbox's own application is installed once for all cases, so it is not filled with files.
    makers = {name: make for name, make in DEV_SERVERS.items() if name != GEARBOX}
    sites = bench.try_each({name: partial(make, bench.folder / "sites") for name, make in makers.items()})
    for site in sites.values():
        _fill(site)
    servers = {name: site.server(site.reload) for name, site in sites.items()}
    with running(servers):
        rounds = bench.rounds(2, 1)
        bench.progress(f"{rounds} edits each")
        samples = in_turns({name: editor(site, []) for name, site in sites.items()}, rounds)
        figures = [Figure("save to fresh answer", name, "ms", values) for name, values in samples.items()]
        bench.progress("memory, and processor time while nothing happens")
        figures += [
            Figure("idle, ms of processor time a second", name, "", found.milliseconds)
            for name, found in idle(servers, 10, bench.rounds(2, 1)).items()
        ]
        figures += [Figure("memory (PSS)", name, "MiB", [server.memory()]) for name, server in servers.items()]
    return figures


def _fill(site: Site) -> None:
    """Add Python files next to the one that is edited, in folders of 100."""
    for number in range(FILES):
        folder = site.source.parent / f"part{number // 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"m{number}.py").write_text("")
