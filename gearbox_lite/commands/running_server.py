"""Telling a running server, found by its pid file, to reload."""

from __future__ import annotations

import os
import signal
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from gearbox_lite.errors import FAILURE, Location, UserError, shorten

_PID_FILE = Location("--pid-file")
_PROGRAMS = ("gearbox-lite", "gearbox_lite", "__main__.py")


def read_pid(pid_file: Path) -> int:
    """Return the process id in a pid file. Raises UserError if there is none."""
    try:
        text = pid_file.read_bytes()[:32].decode("ascii")
        pid = int(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is not a pid file"
        raise UserError(
            f"{shorten(pid_file)}: {reason}", at=_PID_FILE, remedy="name the file of serve's --pid-file"
        ) from error
    if pid <= 1:
        raise UserError(f"{shorten(pid_file)}: {pid} is not the id of a server", at=_PID_FILE)
    return pid


def reload_server(pid: int) -> None:
    """Send SIGHUP to a server of gearbox-lite. Raises UserError, exit code 1, if the process is anything else.

    A descriptor holds the process from before the look at it until the signal, so that no other process that gets the
    same id can receive the signal.
    """
    if not hasattr(os, "pidfd_open"):
        raise UserError(
            "this system cannot signal a process safely", at=_PID_FILE, remedy="restart the server", code=FAILURE
        )
    try:
        process = os.fdopen(os.pidfd_open(pid), "rb", buffering=0)
    except OSError as error:
        message = f"there is no process {pid}; the pid file is stale, or the server has ended"
        raise UserError(message, at=_PID_FILE, code=FAILURE) from error
    with closing(process):
        _send(process, pid)


def _send(process: BinaryIO, pid: int) -> None:
    if not _is_our_server(pid):
        message = f"process {pid} is not a gearbox-lite serve of this user, so no signal was sent"
        raise UserError(message, at=_PID_FILE, remedy="restart the server", code=FAILURE)
    try:
        signal.pidfd_send_signal(process.fileno(), signal.SIGHUP)
    except OSError as error:
        raise UserError(f"process {pid}: {error.strerror}", at=_PID_FILE, code=FAILURE) from error


def _is_our_server(pid: int) -> bool:
    folder = Path(f"/proc/{pid}")
    with suppress(OSError):
        own = folder.stat().st_uid in (os.geteuid(), os.getuid()) or os.geteuid() == 0
        arguments = os.fsdecode((folder / "cmdline").read_bytes()).split("\0")
        names = [os.path.basename(argument) for argument in arguments[:4]]  # noqa: PTH119 (arguments need not be paths)
        return own and any(name in _PROGRAMS for name in names) and "serve" in arguments
    return False
