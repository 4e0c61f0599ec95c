"""Limits of the system that keep a server from starting, in one line with what to do."""

from __future__ import annotations

from gearbox_lite.errors import FAILURE, UserError


def explain(error: RuntimeError | MemoryError) -> UserError | None:
    """Return the error for a thread that cannot start or for missing memory, None for any other (threading.start)."""
    if isinstance(error, MemoryError):
        return UserError("out of memory", remedy="raise the memory limit (ulimit -v)", code=FAILURE)
    if "can't start new thread" not in str(error):
        return None
    return UserError(
        "the system allows no further thread",
        remedy="raise its limits of memory and processes (ulimit -v, ulimit -u), or set fewer threads",
        code=FAILURE,
    )


def no_process(error: OSError) -> UserError:
    """Return the error for a process that could not be started."""
    return UserError(
        f"the system allows no further process: {error}",
        remedy="raise its limits of memory, processes and open files (ulimit -v, -u, -n), or set fewer workers",
        code=FAILURE,
    )
