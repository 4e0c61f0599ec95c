"""How long a reload takes, from saving a file to the first answer of the new code, and how many requests fail."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial

from client import LightLoad, get
from figures import Bench, Figure, in_turns
from processes import ANSWER_TIMEOUT, running
from sites import DEV_SERVERS, Site, gunicorn

TITLE = "Reload: from saving a file to the first answer of the new code"


def measure(bench: Bench) -> list[Figure]:
    makers = {**DEV_SERVERS, "gunicorn --reload (flask)": gunicorn}
    sites = bench.try_each({name: partial(make, bench.folder / "sites") for name, make in makers.items()})
    lost: dict[str, list[float]] = {name: [] for name in sites}
    with running({name: site.server(site.reload) for name, site in sites.items()}):
        edits = {name: editor(site, lost[name]) for name, site in sites.items()}
        rounds = bench.rounds(4, 2)
        bench.progress(f"{rounds} edits each")
        samples = in_turns(edits, rounds)
    figures = [Figure("save to fresh answer", name, "ms", values) for name, values in samples.items()]
    what = "requests refused, cut or wrong, an edit"
    return figures + [Figure(what, name, "", counts[1:]) for name, counts in lost.items()]


def editor(site: Site, lost: list[float]) -> Callable[[], float]:
    """Return a function that edits the site once, under 100 requests a second, and waits for the new code."""

    def edit() -> float:
        version = f"v{site.saves}"
        # At a different point of a polling reloader's interval each time, because users do not save in step with it.
        pause = 0.5 + site.saves * 0.618 % 1
        with LightLoad(site.port, keep_alive=True) as kept, LightLoad(site.port, keep_alive=False) as new:
            time.sleep(pause)
            started = time.perf_counter()
            site.save(version)
            wait_for(site, version)
            spent = (time.perf_counter() - started) * 1000
            time.sleep(0.2)  # connections that are cut late count as well
        lost.append(kept.problems + new.problems)
        return spent

    return edit


def wait_for(site: Site, version: str) -> None:
    """Send requests one after the other, on new connections, until the new version answers."""
    deadline = time.perf_counter() + ANSWER_TIMEOUT
    while time.perf_counter() < deadline:
        with contextlib.suppress(OSError):
            answer = get(site.port, "/version")
            if answer.status == 200 and answer.body == version:
                return
            continue
        time.sleep(0.001)
    raise AssertionError(f"{site.folder}: version {version} does not come")
