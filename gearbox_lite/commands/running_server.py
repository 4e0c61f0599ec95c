"""Telling a running server, found by its pid file, to reload."""

from __future__ import annotations

import os
import signal
import stat
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from gearbox_lite.errors import FAILURE, Location, UserError, short_path

_PID_FILE = Location("--pid-file")
LONGEST = 32
"""Most bytes of a pid file."""
MOST = 2**22
"""No process id of Linux is as big (proc(5), pid_max)."""
_WITHOUT = "leave it out, and restart the server if it runs"
_PROGRAMS = ("gearbox-lite", "gearbox_lite", "__main__.py")


def read_pid(pid_file: Path) -> int:
    """Return the process id in a pid file. Raises UserError if there is none."""
    if not hasattr(os, "pidfd_open"):
        raise UserError("this system cannot signal a process safely", at=_PID_FILE, remedy=_WITHOUT)
    try:
        descriptor = os.open(pid_file, os.O_RDONLY | os.O_NONBLOCK)  # does not wait for the writer of a FIFO
        with open(descriptor, "rb", buffering=0) as stream:
            text = stream.read(LONGEST + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError as error:
        raise _not_a_pid_file(pid_file, str(error.strerror)) from error
    digits = text.strip()
    if not digits.isdigit() or len(text) > LONGEST:
        raise _not_a_pid_file(pid_file, "this is not a pid file")
    if not 1 < int(digits) < MOST:
        raise UserError(f"{short_path(pid_file)}: {int(digits)} is not the id of a server", at=_PID_FILE)
    return int(digits)


def _not_a_pid_file(pid_file: Path, reason: str) -> UserError:
    return UserError(f"{short_path(pid_file)}: {reason}", at=_PID_FILE, remedy="name the file of serve's --pid-file")


def check_server(pid: int) -> None:
    """Raise UserError, exit code 1, if a process is not a server of gearbox-lite."""
    with closing(_hold(pid)):
        _check(pid)


def reload_server(pid: int) -> None:
    """Send SIGHUP to a server of gearbox-lite. Raises UserError, exit code 1, if the process is anything else.

    A descriptor holds the process from before the look at it until the signal, so that no other process that gets the
    same id can receive the signal.
    """
    with closing(_hold(pid)) as process:
        _check(pid)
        try:
            signal.pidfd_send_signal(process.fileno(), signal.SIGHUP)
        except OSError as error:
            raise UserError(f"process {pid}: {error.strerror}", at=_PID_FILE, code=FAILURE) from error


def _hold(pid: int) -> BinaryIO:
    try:
        return os.fdopen(os.pidfd_open(pid), "rb", buffering=0)
    except OSError as error:
        message = f"there is no process {pid}; the pid file is stale, or the server has ended"
        raise UserError(message, at=_PID_FILE, remedy=_WITHOUT, code=FAILURE) from error


def _check(pid: int) -> None:
    if not _is_our_server(pid):
        message = f"process {pid} is not a gearbox-lite serve of this user, so no signal was sent"
        raise UserError(message, at=_PID_FILE, remedy=_WITHOUT, code=FAILURE)


def _is_our_server(pid: int) -> bool:
    folder = Path(f"/proc/{pid}")
    with suppress(OSError):
        own = folder.stat().st_uid in (os.geteuid(), os.getuid()) or os.geteuid() == 0
        arguments = os.fsdecode((folder / "cmdline").read_bytes()).split("\0")
        names = [os.path.basename(argument) for argument in arguments[:4]]
        return own and any(name in _PROGRAMS for name in names) and "serve" in arguments
    return False
