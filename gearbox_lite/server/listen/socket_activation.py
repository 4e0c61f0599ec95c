"""systemd's socket activation: https://www.freedesktop.org/software/systemd/man/sd_listen_fds.html."""

from __future__ import annotations

import os
import socket

from gearbox_lite.errors import FAILURE, Location, UserError

FIRST = 3
"""The first descriptor that systemd passes."""

_AT = Location("LISTEN_FDS")
_UNIT = "write ListenStream= and Accept=no in the .socket unit"


def take_sockets() -> list[socket.socket]:
    """Return the sockets passed to this process, and clear the variables, so that child processes do not see them.

    Raises UserError for an invalid count, and for a descriptor that is not a listening stream socket.
    """
    receiver, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", None)
    for name in ("LISTEN_FDNAMES", "LISTEN_PIDFDID"):
        os.environ.pop(name, None)
    if receiver != str(os.getpid()) or count is None:
        return []
    if not (count.isascii() and count.isdecimal() and 0 < int(count[:9]) < _descriptor_limit()):
        raise UserError(
            f"{count[:40]!r} is not a number of descriptors, which a process manager passes with its sockets",
            at=_AT,
            remedy="correct the program that sets it, or unset LISTEN_FDS and LISTEN_PID",
            code=FAILURE,
        )
    return [_take(FIRST + number) for number in range(int(count))]


def _descriptor_limit() -> int:
    """Return a number of descriptors that no process can have."""
    return int(os.sysconf("SC_OPEN_MAX")) if hasattr(os, "sysconf") else 1 << 20


def _take(descriptor: int) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)
    except OSError as error:
        raise UserError(
            f"descriptor {descriptor} should be a socket from the process manager, but is not open: {error.strerror}",
            at=_AT,
            remedy=_UNIT,
            code=FAILURE,
        ) from error
    try:
        passed = socket.socket(fileno=descriptor)
        is_listening = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    except OSError:
        is_listening = False
    if not is_listening or passed.type != socket.SOCK_STREAM:
        raise UserError(
            f"descriptor {descriptor} is not a listening stream socket",
            at=_AT,
            remedy=_UNIT,
            code=FAILURE,
        )
    passed.setblocking(False)
    return passed
