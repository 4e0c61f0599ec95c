"""Standard streams that are closed when a server starts, as a daemon's may be."""

from __future__ import annotations

import os
import sys


def open_closed_streams() -> None:
    """Open /dev/null in place of closed standard streams, so that no socket gets the number of one."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # returns the lowest free number, which is this one
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
