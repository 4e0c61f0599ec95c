"""Telling process managers when the server is ready: systemd by a message, others by a file with the process id."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from gearbox_lite.errors import FAILURE, Location, UserError, shorten

PID_FILE = Location("--pid-file")


class Readiness:
    """What a process manager is told of one server, from its start to its end.

    systemd is told where NOTIFY_SOCKET is set: https://www.freedesktop.org/software/systemd/man/sd_notify.html.
    """

    def __init__(self, pid_file: Path | None) -> None:
        """Raise UserError where the file could not be written or is something else."""
        self._pid_file = None if pid_file is None else pid_file.absolute()  # the application may change the folder
        self._address = os.environ.pop("NOTIFY_SOCKET", "")  # the application is not to speak for the server
        self._is_ready = False
        if pid_file is not None:
            _check(pid_file)

    @property
    def is_heard(self) -> bool:
        """Whether systemd awaits what it is told."""
        return bool(self._address)

    def ready(self) -> None:
        """Say that requests are answered. Raises UserError where the file cannot be written."""
        if self._pid_file is not None and not self._is_ready:
            _write(self._pid_file)
        self._is_ready = True
        self._notify("READY=1")

    def reloading(self) -> None:
        """Say that a reload has begun; ``reloaded`` ends it."""
        if self._is_ready:
            self._notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def reloaded(self) -> None:
        """Say that a reload has ended, in whatever way; requests are answered."""
        if self._is_ready:
            self._notify("READY=1")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._notify("STOPPING=1")

    def close(self) -> None:
        """Remove the file, if it is still ours."""
        if self._pid_file is not None and self._is_ready:
            with suppress(OSError):
                if self._pid_file.read_text() == _content():
                    self._pid_file.unlink()

    def _notify(self, message: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(message.encode(), address)


def _content() -> str:
    return f"{os.getpid()}\n"


def _check(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.absolute().parent}", at=PID_FILE, remedy="make it first")
    if path.is_dir():
        raise UserError(f"{path}: this is a folder", at=PID_FILE, remedy=f"write {path / 'server.pid'}")
    if path.exists():
        with suppress(OSError, ValueError):
            int(path.read_bytes()[:32] or b"0")
            return
        raise UserError(f"{path}: this file is no pid file", at=PID_FILE, remedy="choose another name")


def _write(path: Path) -> None:
    """Write the file in one step, so that nobody reads half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            draft.write_text(_content())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{shorten(path)}: cannot be written: {error.strerror}", at=PID_FILE, code=FAILURE) from error
