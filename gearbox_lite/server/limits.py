"""System limits that keep a server from starting, explained in one line with what to do."""

from __future__ import annotations

from gearbox_lite.errors import FAILURE, UserError


def explain_limit(error: RuntimeError | MemoryError) -> UserError | None:
    """Return the UserError for missing memory or a thread that cannot start, None for any other error."""
    if isinstance(error, MemoryError):
        return UserError("out of memory", remedy="raise the memory limit (ulimit -v)", code=FAILURE)
    if "can't start new thread" not in str(error):
        return None
    return UserError(
        "the system does not allow another thread",
        remedy="raise its limits of memory and processes (ulimit -v, ulimit -u), or set fewer threads",
        code=FAILURE,
    )


def no_process(error: OSError) -> UserError:
    """Return the UserError for a process that could not be started."""
    return UserError(
        f"the system does not allow another process: {error}",
        remedy="raise its limits of memory, processes and open files (ulimit -v, -u, -n), or set fewer workers",
        code=FAILURE,
    )
