"""Sending SIGHUP to a running server, found by its pid file, so that it reloads."""

from __future__ import annotations

import os
import signal
import stat
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from gearbox_lite.errors import FAILURE, Location, UserError, short_path

_PID_FILE = Location("--pid-file")
MAX_PID_FILE_SIZE = 32
"""Bytes."""
PID_MAX_LIMIT = 2**22
"""Process ids of Linux are smaller (proc(5), pid_max)."""
_REMEDY = "omit --pid-file, and restart the server if it is running"
_PROGRAMS = ("gearbox-lite", "gearbox_lite", "__main__.py")


def read_pid(pid_file: Path) -> int:
    """Return the process id in a pid file. Raises UserError if the file does not contain one."""
    if not hasattr(os, "pidfd_open"):
        raise UserError("this system cannot signal a process safely", at=_PID_FILE, remedy=_REMEDY)
    try:
        descriptor = os.open(pid_file, os.O_RDONLY | os.O_NONBLOCK)  # does not wait for a writer if it is a FIFO
        with open(descriptor, "rb", buffering=0) as stream:
            text = stream.read(MAX_PID_FILE_SIZE + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError as error:
        raise _not_a_pid_file(pid_file, str(error.strerror)) from error
    digits = text.strip()
    if not digits.isdigit() or len(text) > MAX_PID_FILE_SIZE:
        raise _not_a_pid_file(pid_file, "this is not a pid file")
    if not 1 < int(digits) < PID_MAX_LIMIT:
        raise UserError(f"{short_path(pid_file)}: {int(digits)} is not the id of a server", at=_PID_FILE)
    return int(digits)


def _not_a_pid_file(pid_file: Path, reason: str) -> UserError:
    return UserError(f"{short_path(pid_file)}: {reason}", at=_PID_FILE, remedy="name the file of serve's --pid-file")


def check_server(pid: int) -> None:
    """Raise UserError, exit code 1, if a process is not a server of gearbox-lite."""
    with closing(_open_pidfd(pid)):
        _require_our_server(pid)


def reload_server(pid: int) -> None:
    """Send SIGHUP to a server of gearbox-lite. Raises UserError, exit code 1, if the process is anything else.

    A process may exit at any time, and another one may get its id. Therefore a pidfd is opened first, the process is
    checked next, and the signal is sent through the pidfd: it reaches the process that was checked or none.
    """
    with closing(_open_pidfd(pid)) as process:
        _require_our_server(pid)
        try:
            signal.pidfd_send_signal(process.fileno(), signal.SIGHUP)
        except OSError as error:
            raise UserError(f"process {pid}: {error.strerror}", at=_PID_FILE, code=FAILURE) from error


def _open_pidfd(pid: int) -> BinaryIO:
    try:
        return os.fdopen(os.pidfd_open(pid), "rb", buffering=0)
    except OSError as error:
        message = f"there is no process {pid}; the pid file is stale, or the server has exited"
        raise UserError(message, at=_PID_FILE, remedy=_REMEDY, code=FAILURE) from error


def _require_our_server(pid: int) -> None:
    if not _is_our_server(pid):
        message = f"process {pid} is not a gearbox-lite serve of this user, so no signal was sent"
        raise UserError(message, at=_PID_FILE, remedy=_REMEDY, code=FAILURE)


def _is_our_server(pid: int) -> bool:
    folder = Path(f"/proc/{pid}")
    with suppress(OSError):
        own = folder.stat().st_uid in (os.geteuid(), os.getuid()) or os.geteuid() == 0
        arguments = os.fsdecode((folder / "cmdline").read_bytes()).split("\0")
        names = [os.path.basename(argument) for argument in arguments[:4]]
        return own and any(name in _PROGRAMS for name in names) and "serve" in arguments
    return False
