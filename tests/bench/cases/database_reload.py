"""How long a reload of a project with a database takes, beside a plain project.

SQLAlchemy and its models are imported by the application, so a reload would take several times as long if the workers
did not start with SQLAlchemy already imported.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import database_sites
from client import get
from figures import Bench, Figure, in_turns
from goals import DATABASE, PLAIN
from processes import ANSWER_TIMEOUT, Server, running
from sites import Site, ours

from cases.reload import wait_for

TITLE = "Reload of a project with a database"


def measure(bench: Bench) -> list[Figure]:
    folder = bench.folder / "database_reload"
    sites = bench.try_each(
        {PLAIN: partial(ours, folder, debug=False, everything=True), DATABASE: partial(_with_database, folder)}
    )
    servers = {name: site.server(site.reload) for name, site in sites.items()}
    rounds = bench.rounds(12, 4)
    with running(servers):
        bench.progress(f"{rounds} edits each, twice")
        times = in_turns({name: partial(_save, site) for name, site in sites.items()}, rounds)
        spent = in_turns({name: _processor_time_of_edits(site, servers[name]) for name, site in sites.items()}, rounds)
    what = "save to fresh answer"
    figures = [Figure(what, name, "ms", values) for name, values in times.items()]
    return figures + [Figure(f"{what}, processor", name, "ms", values) for name, values in spent.items()]


def _with_database(folder: Path) -> Site:
    folder.mkdir(exist_ok=True)
    return database_sites.ours(folder, f"sqlite:///{folder}/reload.db")


def _save(site: Site) -> float:
    """Return the milliseconds from an edit to the first answer of the new code."""
    time.sleep(0.5)  # the previous worker exits
    version = f"v{site.saves}"
    started = time.perf_counter()
    site.save(version)
    wait_for(site, version)
    return (time.perf_counter() - started) * 1000


def _processor_time_of_edits(site: Site, server: Server) -> Callable[[], float]:
    """Return a function that edits once and returns the milliseconds of processor time that all processes need."""

    def edit() -> float:
        version, before = f"e{site.saves}", server.processor_time()
        site.save(version)
        deadline = time.perf_counter() + ANSWER_TIMEOUT
        while get(site.port, "/version").body != version:
            assert time.perf_counter() < deadline, f"{site.folder}: version {version} does not come"
            time.sleep(0.05)  # each request needs processor time too
        server.settle()
        return (server.processor_time() - before) * 1000

    return edit
