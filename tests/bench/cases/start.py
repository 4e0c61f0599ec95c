"""How long the command line takes to start: a command that does nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from figures import OURS, Bench, Figure, in_turns
from processes import time_to_end
from rivals import program

TITLE = "Start of the command line"

PROGRAMS = {
    OURS: OURS,
    "gearbox": "gearbox",
    "flask": "flask",
    "django-admin": "django",
    "cookiecutter": "cookiecutter",
    "copier": "copier",
}
"""Each program and its environment."""

OPTIONS = {"--version": "", "--help": "help"}
"""Each option, and what its output must contain."""


def measure(bench: Bench) -> list[Figure]:
    programs = bench.try_each({name: partial(program, place, name) for name, place in PROGRAMS.items()})
    figures = []
    for option, expected in OPTIONS.items():
        bench.progress(option)
        runs = {name: partial(_run, [path, option], bench.folder, expected) for name, path in programs.items()}
        runs["limit: python -c 'import click'"] = partial(
            time_to_end, [program(OURS, "python"), "-c", "import click"], bench.folder
        )
        samples = in_turns(runs, bench.rounds(8, 3))
        figures += [Figure(option, name, "ms", values) for name, values in samples.items()]
    return figures


def _run(command: list[object], folder: Path, expected: str) -> float:
    return time_to_end(command, folder, expected)
