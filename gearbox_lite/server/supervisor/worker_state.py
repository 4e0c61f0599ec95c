"""The states of a worker, and every transition that is allowed; any other one raises.

    spawn                                                   spawn, only to show the error page
      |                                                       |
      v                                                       v
    STARTING ----------------> LOAD_FAILED                  STARTING_ERROR_PAGE
      |     could not load the     |                          |
      | loaded the application     | shows why                |
      v                            +------------+-------------+
    READY                                       |
      |                                         |
      |   WAITING, if the server binds its own  |
      |   socket and a previous worker has it   |
      v                                         v
    SERVING                                 SERVING_ERROR_PAGE
      |                                         |
      +--------------------+--------------------+
                           | a reload, shutdown, or SIGTERM to the worker
                           v
                        DRAINING -----> STOPPING -----> STOPPED
                             drain deadline      reaped

    A worker that has not served yet and is no longer needed goes to STOPPING directly.
    Every state leads to STOPPED: a worker may exit or crash at any time.

A worker that is killed because it does not answer keeps its state until it is reaped: as after a crash, that state
says whether it has to be replaced, and by what.
"""

from __future__ import annotations

from enum import Enum, auto


class WorkerState(Enum):
    """What a worker does now."""

    STARTING = auto()
    """Its process has been requested or loads the application."""
    READY = auto()
    """It has loaded the application and waits for the other workers of the same reload."""
    LOAD_FAILED = auto()
    """It could not load the application; it may be asked to show why."""
    STARTING_ERROR_PAGE = auto()
    """Its process has been requested only to serve the error page."""
    WAITING = auto()
    """It is to serve as soon as the previous worker has released the address (only servers other than waitress)."""
    SERVING = auto()
    """It serves the application."""
    SERVING_ERROR_PAGE = auto()
    """It answers every request with the reason why the application does not load."""
    DRAINING = auto()
    """It accepts no connections and finishes its requests (graceful shutdown)."""
    STOPPING = auto()
    """It has been killed because it is no longer needed, and has not been reaped."""
    STOPPED = auto()
    """Its process has exited and has been reaped."""


_S = WorkerState
TRANSITIONS: dict[WorkerState, frozenset[WorkerState]] = {
    _S.STARTING: frozenset({_S.READY, _S.LOAD_FAILED, _S.STOPPING, _S.STOPPED}),
    _S.READY: frozenset({_S.WAITING, _S.SERVING, _S.STOPPING, _S.STOPPED}),
    _S.LOAD_FAILED: frozenset({_S.WAITING, _S.SERVING_ERROR_PAGE, _S.STOPPING, _S.STOPPED}),
    _S.STARTING_ERROR_PAGE: frozenset({_S.WAITING, _S.SERVING_ERROR_PAGE, _S.STOPPING, _S.STOPPED}),
    _S.WAITING: frozenset({_S.SERVING, _S.SERVING_ERROR_PAGE, _S.STOPPING, _S.STOPPED}),
    _S.SERVING: frozenset({_S.DRAINING, _S.STOPPED}),
    _S.SERVING_ERROR_PAGE: frozenset({_S.DRAINING, _S.STOPPED}),
    _S.DRAINING: frozenset({_S.STOPPING, _S.STOPPED}),
    _S.STOPPING: frozenset({_S.STOPPED}),
    _S.STOPPED: frozenset(),
}
"""The states that may follow each state."""

LOADING = frozenset({_S.STARTING, _S.READY, _S.LOAD_FAILED})
"""It belongs to a reload that has not been decided, or replaces a worker that has exited."""
BEGUN = frozenset({_S.SERVING, _S.SERVING_ERROR_PAGE})
"""It has been told to begin, and accepts connections."""
EXITING = frozenset({_S.DRAINING, _S.STOPPING})
"""It is no longer needed, and its process may still run."""


class InvalidTransitionError(Exception):
    """A transition that the table does not allow; it is an error in the supervisor."""
