"""How long it takes from saving a file until an open tab of Chromium shows the change."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from functools import partial

from figures import Bench, Figure, MissingError, in_turns
from live_sites import MAKERS, LiveSite
from processes import ANSWER_TIMEOUT, running

TITLE = "Live reload: from saving a file to the changed page in an open tab"
KINDS = ("code", "template", "style")


def measure(bench: Bench) -> list[Figure]:
    try:
        from support.chromium import launched
    except ImportError as error:
        raise MissingError(f"{error.name}: install the dependency group test") from error
    found = bench.try_each({name: partial(make, bench.folder / "live") for name, make in MAKERS.items()})
    rounds = bench.rounds(20, 3)
    figures = []
    with running({name: site.server for name, site in found.items()}), launched() as browser:
        tabs = {name: browser.new_context().new_page() for name in found}
        for name, site in found.items():
            tabs[name].goto(site.url)
            tabs[name].locator("#template").wait_for()
        for kind in KINDS:
            editors = {name: editor(site, tabs[name], kind) for name, site in found.items() if kind in site.files}
            bench.progress(f"{rounds} saves each of {kind}")
            samples = in_turns(editors, rounds)
            figures += [
                Figure(f"save of {kind} to changed page", name, "ms", values) for name, values in samples.items()
            ]
            figures += [
                Figure(f"{kind}, 95th percentile", name, "ms", [percentile_95(values)])
                for name, values in samples.items()
            ]
    return figures


def editor(site: LiveSite, page: object, kind: str) -> Callable[[], float]:
    """Return a function that saves another version of a file once, and waits until the tab shows it."""
    version = 0

    def edit() -> float:
        nonlocal version
        version += 1
        # At a different point of a polling reloader's interval each time, because users do not save in step with it.
        page.wait_for_timeout(1000 * (version * 0.618 % 1))
        started = time.perf_counter()
        site.save(kind, str(version))
        if kind == "style":
            wait_for_style(page, f"{version}px")
        else:
            page.locator(f"#{kind}", has_text=f"{version}").wait_for(timeout=1000 * ANSWER_TIMEOUT)
        return (time.perf_counter() - started) * 1000

    return edit


def wait_for_style(page: object, expected: str) -> None:
    """Ask until the style has changed; a page that is being loaded cannot be asked."""
    from playwright.sync_api import Error

    deadline = time.perf_counter() + ANSWER_TIMEOUT
    margin = "(element) => getComputedStyle(element).marginTop"
    while time.perf_counter() < deadline:
        with contextlib.suppress(Error):  # Django's page is loaded again
            if page.locator("#code").evaluate(margin) == expected:
                return
        time.sleep(0.002)
    raise AssertionError(f"{page.url}: the style does not become {expected}")


def percentile_95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
