"""What a case measures: figures, taken in turns so that a busy moment of the machine affects every contestant."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

OURS = "gearbox-lite"


class MissingError(Exception):
    """Something that a case or a contestant needs is not installed; the message says what and how to install it."""


@dataclass(frozen=True)
class Figure:
    """What one contestant needed for one thing; if there are no samples, the note says why."""

    what: str
    who: str
    unit: str
    samples: list[float]
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    def ratio(self, reference: Figure) -> float | None:
        """Return this figure divided by the reference: the median over the rounds where both ran in turns."""
        if len(self.samples) == len(reference.samples) and all(reference.samples):
            return statistics.median(
                mine / theirs for mine, theirs in zip(self.samples, reference.samples, strict=True)
            )
        return self.median / reference.median if reference.median else None


@dataclass
class Bench:
    """One run: where it may write, how long it may take, and what it could not measure."""

    folder: Path
    quick: bool
    missing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def rounds(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    def progress(self, text: str) -> None:
        print(f"  {text}", file=sys.stderr, flush=True)

    def lacks(self, error: MissingError) -> None:
        if str(error) not in self.missing:
            self.missing.append(str(error))
            print(f"  missing: {error}", file=sys.stderr, flush=True)

    def try_each(self, makers: dict[str, Callable[[], object]]) -> dict[str, object]:
        """Prepare every contestant that can be installed on this machine."""
        made = {}
        for name, make in makers.items():
            try:
                made[name] = make()
            except MissingError as error:
                self.lacks(error)
        return made


def in_turns(
    contestants: dict[str, Callable[[], float]], rounds: int, *, warm_up: bool = True
) -> dict[str, list[float]]:
    """Return each contestant's samples: A B C, C B A, A B C ... after one round that only warms up."""
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(0 if warm_up else 1, rounds + 1):
        order = list(contestants)[:: -1 if number % 2 else 1]
        for name in order:
            sample = contestants[name]()
            if number:
                samples[name].append(sample)
    return samples
