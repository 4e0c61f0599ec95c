"""A port in use: which process listens there, and which port is free.

The process is known with psutil only (``pip install 'gearbox-lite[port-owner]'``).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from gearbox_lite.errors import FAILURE, Setting, UserError

if TYPE_CHECKING:
    import psutil

_UNKNOWN = "another program"


class PortInUseError(UserError):
    """The error for an address on whose port another program listens.

    ``free_port`` is the next port that is free now, 0 (the system chooses one) if none of the next hundred is.
    """

    def __init__(self, port: Setting, address: str, family: socket.AddressFamily, sockaddr: tuple[str, int]) -> None:
        """``address`` is the socket address as the message shows it."""
        self.free_port = _free_port(family, *sockaddr)
        self._problem = f"{port}: {owner_of(*sockaddr)} listens on {address}"
        self._at = port.at
        self.suggest(f"--port {self.free_port}")

    def suggest(self, command: str) -> None:
        """Make this command, which uses the free port, the remedy."""
        remedy = f"stop it, or choose another port: {command}"
        super().__init__(self._problem, at=self._at, remedy=remedy, code=FAILURE)


def owner_of(host: str, port: int) -> str:
    """Return the name and number of the process that listens there, or "another program" if they are unknown.

    If several processes share the socket, it is the one that started first. Most systems show only the processes of
    the same user, and some show none.
    """
    try:
        import psutil
    except ImportError:
        return _UNKNOWN
    try:
        found = [
            psutil.Process(one.pid)
            for one in psutil.net_connections("tcp")
            if one.status == psutil.CONN_LISTEN
            and (one.laddr.port == port and one.pid is not None)
            and one.laddr.ip in (host, "0.0.0.0", "::")  # noqa: S104 (a comparison, nothing is bound)
        ]
        if found:
            oldest = min(found, key=psutil.Process.create_time)
            return f"{_program(oldest)} (process {oldest.pid})"
    except (psutil.Error, OSError):
        pass
    return _UNKNOWN


def _program(process: psutil.Process) -> str:
    """Return the name of a process' program; for Python, that of the script that it runs."""
    name, words = str(process.name()), process.cmdline()
    if name.startswith("python") and len(words) > 1 and not words[1].startswith("-"):
        return os.path.basename(str(words[1]))
    return name


def _free_port(family: socket.AddressFamily, host: str, first: int) -> int:
    for port in range(first + 1, min(first + 100, 65536)):
        with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((host, port))
            return port
    return 0
