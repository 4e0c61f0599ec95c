"""Telling process managers when the server is ready: systemd by a message (sd_notify), others by a pid file."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

from gearbox_lite.errors import FAILURE, Location, UserError, short_path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
PID_FILE = Location("--pid-file")


class Readiness:
    """Tells a process manager the state of one server, from its start to its shutdown.

    It tells systemd if NOTIFY_SOCKET is set: https://www.freedesktop.org/software/systemd/man/sd_notify.html.
    """

    def __init__(self, pid_file: Path | None) -> None:
        """Raise UserError if the pid file cannot be written, is something else, or belongs to a running server."""
        self._pid_file = (
            None if pid_file is None else pid_file.absolute()
        )  # the application may change the working directory
        self._address = os.environ.pop("NOTIFY_SOCKET", "")  # the application must not notify systemd for the server
        self._is_ready = False
        self._locked: int | None = None
        if pid_file is not None:
            _check(pid_file)

    @property
    def is_under_systemd(self) -> bool:
        """Whether systemd waits for messages (Type=notify)."""
        return bool(self._address)

    def ready(self) -> None:
        """Report that requests are answered. Raises UserError if the pid file cannot be written."""
        if self._pid_file is not None and not self._is_ready:
            _check(self._pid_file)  # again, since two servers may have started at once
            self._locked = _write(self._pid_file)
        self._is_ready = True
        self._notify("READY=1")

    def reloading(self) -> None:
        """Report that a reload has begun; ``reloaded`` follows."""
        if self._is_ready:
            self._notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def reloaded(self) -> None:
        """Report that a reload has succeeded or failed; requests are answered."""
        if self._is_ready:
            self._notify("READY=1")

    def stopping(self) -> None:
        """Report that the graceful shutdown has begun."""
        self._notify("STOPPING=1")

    def close(self) -> None:
        """Remove the pid file if it is still ours."""
        locked, self._locked = self._locked, None
        if self._pid_file is not None and locked is not None:
            with suppress(OSError):
                if os.path.samestat(self._pid_file.lstat(), os.fstat(locked)):
                    self._pid_file.unlink()
            os.close(locked)

    def _notify(self, message: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(1.0)  # a manager that does not read must not stop the server
            channel.sendto(message.encode(), address)


def _content() -> str:
    return f"{os.getpid()}\n"


def _check(path: Path) -> None:
    """Raise UserError for a path that cannot be a pid file, or is that of a running server."""
    if not path.absolute().parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.absolute().parent}", at=PID_FILE, remedy="create it first")
    if path.is_symlink():
        raise UserError(f"{path}: this is a symbolic link", at=PID_FILE, remedy="choose another name")
    if path.is_dir():
        raise UserError(f"{path}: this is a folder", at=PID_FILE, remedy=f"write {path / 'server.pid'}")
    with suppress(FileNotFoundError, ValueError):
        number = os.open(path, os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))  # it may be a FIFO
        with os.fdopen(number, "rb") as file:
            if stat.S_ISREG(os.fstat(number).st_mode):
                process = int(file.read(32) or b"0")
                if not _lock(number, exclusive=False):
                    problem = f"{path}: this is the pid file of process {process}, which is running"
                    raise UserError(problem, at=PID_FILE, remedy="stop it, or choose another name", code=FAILURE)
                return
    if path.exists():
        raise UserError(f"{path}: this file is not a pid file", at=PID_FILE, remedy="choose another name")


def _write(path: Path) -> int:
    """Write the file atomically, so that no process reads half of it, and return it open and locked.

    The lock tells a running server from one that was killed, whose process id another process may have now.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o644)
        try:
            os.write(number, _content().encode())
            _lock(number, exclusive=True)
            draft.replace(path)
        except OSError:
            os.close(number)
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(
            f"{short_path(path)}: cannot be written: {error.strerror}", at=PID_FILE, code=FAILURE
        ) from error
    return number


def _lock(number: int, *, exclusive: bool) -> bool:
    """Lock an open file for this process, not its children; return False if another process has locked it.

    Where the system or the file system has no such locks, return True.
    """
    if fcntl is None:
        return True
    try:
        fcntl.lockf(number, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN)
    return True
