"""Imported by the fork server when it starts: imports there what all workers need."""

from __future__ import annotations

import gc
import os
import signal
from contextlib import suppress
from importlib import import_module

VARIABLE = "GEARBOX_LITE_IMPORT"
"""The environment variable that names the modules; only the fork server has it."""


def prepare() -> None:
    """Become a process to fork workers from: leave signals to the supervisor, and import what it names."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # sent to all at once; the supervisor ends this one
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    for name in os.environ.pop(VARIABLE, "").split():
        with suppress(Exception):  # what does not load here is left to the worker
            import_module(name)
    gc.collect()
    gc.freeze()  # the workers share these objects' memory as long as nobody writes to them


if VARIABLE in os.environ:
    prepare()
