"""File descriptors passed between processes: received so that no child inherits them, and closed in forked children."""

from __future__ import annotations

import array
import os
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress

_CLOEXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
_private: list[Callable[[], Iterable[socket.socket]]] = []


def receive(source: socket.socket, size: int, most: int) -> tuple[bytes, list[int]]:
    """Return up to ``size`` bytes and the descriptors that came with them, which are closed on exec from the start.

    ``socket.recv_fds`` ignores its flags (Python 3.10 to 3.13), so child processes inherit what it receives. Raises
    OSError as ``recvmsg`` does.
    """
    if not hasattr(source, "recvmsg"):  # Windows passes none
        return source.recv(size), []
    passed = array.array("i")
    data, ancillary, _, _ = source.recvmsg(size, socket.CMSG_LEN(most * passed.itemsize), _CLOEXEC)
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            passed.frombytes(content[: len(content) - len(content) % passed.itemsize])
    if not _CLOEXEC:  # macOS
        for descriptor in passed:
            os.set_inheritable(descriptor, False)
    return data, list(passed)


def close_in_forks(sockets: Callable[[], Iterable[socket.socket]]) -> None:
    """Close the sockets that this function returns in each process that the application forks.

    A child that does not call exec keeps every descriptor: the port would stay in use as long as it runs, clients
    would wait for the end of connections that are closed here, and it could write into the channel to the supervisor.
    """
    if not hasattr(os, "register_at_fork"):
        return
    if not _private:
        os.register_at_fork(after_in_child=_close_private)
    _private.append(sockets)


def _close_private() -> None:
    for sockets in _private:
        for one in list(sockets()):
            with suppress(OSError):
                one.close()
    _private.clear()


def close_all(descriptors: Iterable[int]) -> None:
    """Close all of these descriptors; one that is closed already is skipped."""
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)
