"""A progress bar for work that takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import TypeVar

import click

from gearbox_lite.generate.template import Track

BAR_DELAY = 1.0
"""Seconds of work before the bar appears."""

_Item = TypeVar("_Item")


@contextmanager
def progress(parts: int) -> Iterator[Track]:
    """Give a function that iterates over items and shows a progress bar if standard error is a terminal.

    It is called once for each of the ``parts`` of the work, which have the same number of items and share one bar.
    """
    start = monotonic()
    done = 0
    advance: Callable[[int], None] | None = None
    with ExitStack() as bars:  # closes the bar before an error is printed

        def track(items: list[_Item], /) -> Iterator[_Item]:
            nonlocal done, advance
            for item in items:
                if advance is None and monotonic() - start > BAR_DELAY and sys.stderr.isatty():
                    length = parts * len(items)
                    bar = click.progressbar(length=length, label="Writing the project", file=sys.stderr)
                    advance = bars.enter_context(bar).update
                    advance(done)
                yield item
                done += 1
                if advance is not None:
                    advance(1)

        yield track
