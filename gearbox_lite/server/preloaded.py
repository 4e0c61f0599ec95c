"""Imported by the fork server when it starts: imports there what all workers need."""

from __future__ import annotations

import gc
import os
import signal
from contextlib import suppress
from importlib import import_module

VARIABLE = "GEARBOX_LITE_IMPORT"
"""The environment variable that names the modules; only the fork server has it."""
ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals that may be sent to all processes at once; the supervisor alone ends a fork server."""


def _prepare() -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    for name in os.environ.pop(VARIABLE, "").split():
        with suppress(Exception):  # what does not load here is left to the worker
            import_module(name)
    gc.collect()
    gc.freeze()  # the workers share these objects' memory as long as nobody writes to them


if VARIABLE in os.environ:
    _prepare()
