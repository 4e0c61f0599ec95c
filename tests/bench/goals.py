"""The goals of the server's speed and memory, each beside what this run has measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from figures import OURS, Figure

WAITRESS = "waitress"
PURE_PYTHON = (WAITRESS, "gunicorn, sync", "gunicorn, gthread", "cheroot")
GEARBOX_SERVE = "gearbox, the same application"
GEARBOX = "gearbox, its own application"
PYRAMID = "pyramid on waitress"
PLAIN, DATABASE = "plain project", "project with a database"
STOCK_BEAKER = "limit: stock Beaker"
BEFORE = {"no session": (340.0, 1.9), "session read": (372.0, 1.5), "session write": (554.0, 1.7)}
"""Microseconds of processor time that a request to the minimal project took when one thread read it and another one
answered it, and how many times less it is to take. They were measured once: only a similar machine can be compared."""

Results = dict[str, list[Figure]]


@dataclass(frozen=True)
class Outcome:
    """A goal and what was measured; ``measured`` and ``limit`` are ratios, or milliseconds where the goal says so."""

    goal: str
    measured: float
    limit: float
    at_least: bool

    @property
    def is_reached(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


class Case:
    """One case's figures, found by what was measured and whose figure it is."""

    def __init__(self, results: Results, case: str) -> None:
        self._figures = {(figure.what, figure.who): figure for figure in results.get(case, [])}

    def whats(self, start: str, end: str = "") -> list[str]:
        return list(dict.fromkeys(what for what, _ in self._figures if what.startswith(start) and what.endswith(end)))

    def ratio(self, what: str, ours: str, theirs: str) -> float | None:
        """Return our figure divided by theirs; None if one is missing."""
        found, reference = self._figures.get((what, ours)), self._figures.get((what, theirs))
        return found.ratio(reference) if found and reference else None

    def median(self, what: str, who: str = OURS) -> float | None:
        found = self._figures.get((what, who))
        return found.median if found else None

    def share_of_wrk(self, what: str, who: str) -> str:
        """Return words on how much of all cores wrk took itself, nothing if that was not measured."""
        share = self.median(f"{what}, wrk's share of the cores", who)
        return "" if share is None else f", wrk on {share:.0f} % of the cores"


def outcomes(results: Results) -> list[Outcome]:
    """Return the goals whose figures this run has measured."""
    return [
        Outcome(goal, measured, limit, at_least)
        for rule in (_servers, _load, _sessions, _starts, _reloads, _memory, _idle, _live_reload)
        for goal, measured, limit, at_least in rule(results)
        if measured is not None
    ]


Rows = Iterator[tuple[str, float | None, float, bool]]


def _servers(results: Results) -> Rows:
    case = Case(results, "servers")
    bare = "bare answer, 8 connections"
    best = max(
        (name for name in PURE_PYTHON if case.median(bare, name)),
        key=lambda name: case.median(bare, name) or 0,
        default="",
    )
    yield f"bare answer, requests/s, against the best in Python ({best})", case.ratio(bare, OURS, best), 2.0, True
    for what in case.whats("bare answer, 32", "with wrk"):
        workers = f"{OURS}, 2 workers"
        share = case.share_of_wrk(what, workers)
        yield f"bare answer, requests/s, 2 workers against one{share}", case.ratio(what, workers, OURS), 1.9, True
        processor = case.ratio(f"{what}, processor", OURS, workers)
        on_own_cores = None if processor is None else 2 * processor
        yield "bare answer, 2 workers against one, by their processor time", on_own_cores, 1.9, True
    quick, beside = (case.median(f"7 quick connections{more}, p99") for more in ("", " beside one of 200 ms"))
    more = beside - quick if quick is not None and beside is not None else None
    yield "p99 of 7 quick connections: ms more beside one of 200 ms", more, 5.0, False
    waits = [what for what in case.whats("waits") if not what.endswith(("processor", "p99"))]
    for end, limit, at_least in (("", 0.97, True), (", p99", 1.1, False)):  # 1, allowing for chance
        ratios = [ratio for what in waits if (ratio := case.ratio(f"{what}{end}", OURS, WAITRESS)) is not None]
        worst = (min if at_least else max)(ratios, default=None)
        yield (
            f"requests that wait{end or ', requests/s'}, against waitress, the worst of {len(ratios)}",
            worst,
            limit,
            at_least,
        )


def _load(results: Results) -> Rows:
    case = Case(results, "load")
    minimal = f"{OURS} --minimal"
    for what, (microseconds, times) in BEFORE.items():
        now = case.median(f"{what}, processor", minimal)
        before = microseconds / now if now else None
        yield f"minimal project, {what}, processor time before, divided by now", before, times, True
        pyramid = f"minimal project, {what}, {{}}, against Pyramid on waitress"
        yield pyramid.format("requests/s"), case.ratio(what, minimal, PYRAMID), 1.0, True
        yield pyramid.format("processor"), case.ratio(f"{what}, processor", minimal, PYRAMID), 1.0, False
    yield (
        "Pyramid's ini under serve, requests/s, against pserve",
        case.ratio("no session", f"pyramid, its ini under {OURS}", PYRAMID),
        1.5,
        True,
    )
    workers = f"{OURS}, 2 workers"
    yield (
        f"generated project, requests/s, 2 workers against one{case.share_of_wrk('no session', workers)}",
        case.ratio("no session", workers, OURS),
        1.9,
        True,
    )
    yield "session read, p99, against gearbox serve", case.ratio("session read, p99", OURS, GEARBOX), 1.0, False


def _sessions(results: Results) -> Rows:
    case = Case(results, "sessions")
    for what in case.whats("", ": write"):
        yield f"{what}, against stock Beaker", case.ratio(what, OURS, STOCK_BEAKER), 1.1, False


def _starts(results: Results) -> Rows:
    case = Case(results, "first_answer")
    for what in case.whats("first answer"):
        yield f"{what}, against gearbox serve", case.ratio(what, OURS, GEARBOX_SERVE), 0.95, False
    case = Case(results, "quickstart")
    yield (
        "quickstart, against gearbox quickstart --minimal",
        case.ratio("one project", OURS, "gearbox --minimal"),
        0.95,
        False,
    )


def _reloads(results: Results) -> Rows:
    case = Case(results, "database_reload")
    for what in case.whats("save to fresh answer"):
        yield f"reload with a database, {what}, against a plain project", case.ratio(what, DATABASE, PLAIN), 1.5, False


def _memory(results: Results) -> Rows:
    case = Case(results, "memory")
    for what in case.whats("without reload"):
        yield f"memory {what}, against gearbox serve", case.ratio(what, OURS, GEARBOX_SERVE), 0.95, False


def _idle(results: Results) -> Rows:
    case = Case(results, "idle")
    ours, theirs = case.median("wake-ups a second"), case.median("wake-ups a second", "limit: bare waitress")
    yield (
        "wake-ups a second without requests, more than waitress",
        None if ours is None or theirs is None else ours - theirs,
        0.1,
        False,
    )


def _live_reload(results: Results) -> Rows:
    case = Case(results, "live_reload")
    for what in case.whats("", ", 95th percentile"):
        yield f"save of {what}, until the page has changed, ms", case.median(what), 300, False
