"""A progress bar for what takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import TypeVar

import click

from gearbox_lite.generate.template import Track

DELAY = 1.0
"""Seconds of work before a bar is shown."""

_Item = TypeVar("_Item")


@contextmanager
def progress() -> Iterator[Track]:
    """Give what goes through the items of each part of the work, with a bar where standard error is a terminal."""
    start = monotonic()
    with ExitStack() as bars:  # ends a bar before an error is shown

        def track(items: list[_Item], /) -> Iterator[_Item]:
            advance: Callable[[int], None] | None = None
            for number, item in enumerate(items):
                if advance is None and monotonic() - start > DELAY and sys.stderr.isatty():
                    bar = click.progressbar(length=len(items), label="Writing the project", file=sys.stderr)
                    advance = bars.enter_context(bar).update
                    advance(number)
                yield item
                if advance is not None:
                    advance(1)
            bars.close()

        yield track
