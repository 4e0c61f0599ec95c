"""Standard streams of a server, which goes on also where nobody reads them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec

P = ParamSpec("P")


def open_closed_streams() -> None:
    """Open on nothing what is closed of standard input, output and error, so that no socket takes its number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def heard_or_not(say: Callable[P, None]) -> Callable[P, None]:
    """Return the function that says the same, and turns to saying nothing once the reader of our output has gone."""

    @wraps(say)
    def said(*words: P.args, **options: P.kwargs) -> None:
        try:
            say(*words, **options)
        except OSError:
            for stream in (sys.stdout, sys.stderr):
                _silence_if_unread(stream.fileno(), stream.flush)

    return said


def _silence_if_unread(number: int, flush: Callable[[], None]) -> None:
    try:
        flush()
    except OSError:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, number)
        os.close(nothing)
        with suppress(OSError):
            flush()
