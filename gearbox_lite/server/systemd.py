"""Sockets that systemd has opened: https://www.freedesktop.org/software/systemd/man/sd_listen_fds.html."""

from __future__ import annotations

import os
import socket

from gearbox_lite.errors import FAILURE, Location, UserError

FIRST = 3
"""The first descriptor that systemd passes."""


def take_sockets() -> list[socket.socket]:
    """Return the sockets passed to this process, and leave nothing for those that it starts.

    Raises UserError where one is no listening stream socket.
    """
    receiver, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "0")
    os.environ.pop("LISTEN_FDNAMES", None)
    if receiver != str(os.getpid()) or not count.isdecimal():
        return []
    return [_take(FIRST + number) for number in range(int(count))]


def _take(descriptor: int) -> socket.socket:
    os.set_inheritable(descriptor, False)
    try:
        passed = socket.socket(fileno=descriptor)
        is_listening = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    except OSError:
        is_listening = False
    if not is_listening or passed.type != socket.SOCK_STREAM:
        raise UserError(
            f"LISTEN_FDS passes descriptor {descriptor}, which is no listening stream socket",
            at=Location("systemd"),
            remedy="write ListenStream= and Accept=no in the .socket unit",
            code=FAILURE,
        )
    passed.setblocking(False)
    return passed
