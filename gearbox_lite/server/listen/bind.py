"""Where a port is bound: TCP sockets that listen on the addresses of the settings (address.py).

Paths of Unix sockets are bound in unix_socket.py; listening.py keeps the sockets across reloads.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from gearbox_lite.errors import FAILURE, UserError
from gearbox_lite.server.listen.address import WILDCARDS, Address


def bind_addresses(
    wanted: Mapping[str, Address], open_sockets: Sequence[socket.socket] = (), *, some_may_be_missing: bool = False
) -> dict[str, socket.socket]:
    """Return sockets that listen on the addresses, under the same names; all of them, or none if one fails.

    ``open_sockets`` are those on which this server listens already; they do not block a wider or narrower address on
    the same port. A host name such as ``localhost`` may have an address of a family that this machine does not run. It
    is skipped if another address remains, or if ``some_may_be_missing``, which means that other sockets are open.
    Raises UserError with exit code 1 that names the address and its setting.
    """
    sockets: dict[str, socket.socket] = {}
    missing: list[UserError] = []
    try:
        for name, address in wanted.items():
            try:
                sockets[name] = _bind(address, open_sockets)
            except OSError as error:
                failure = bind_error(address, error)
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise failure from error
                missing.append(failure)
        if missing and not sockets and not some_may_be_missing:
            raise missing[0]
    except BaseException:
        for bound in sockets.values():
            bound.close()
        raise
    return sockets


@contextmanager
def _sharing(sockets: list[socket.socket]) -> Iterator[None]:
    """Let these sockets share a port while the block runs, if the system supports it.

    The option is cleared again, since otherwise any process of this user could bind the port as well.
    """
    option = getattr(socket, "SO_REUSEPORT", None)
    if option is None or len(sockets) == 1:
        yield
        return
    for bound in sockets:
        bound.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        yield
    finally:
        for bound in sockets:
            bound.setsockopt(socket.SOL_SOCKET, option, 0)


def _bind(address: Address, open_sockets: Sequence[socket.socket]) -> socket.socket:
    bound = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        with _sharing([bound, *(one for one in open_sockets if one.family == address.family)]):
            bound.bind(address.sockaddr)
            bound.listen(1024)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return bound


def bind_error(address: Address, error: OSError) -> UserError:
    """Return the error for an address that cannot be bound, with a remedy."""
    host, port = address.host, address.port
    if error.errno == errno.EADDRINUSE:
        from gearbox_lite.server.listen.port_owner import PortInUseError

        return PortInUseError(port, str(address), address.family, address.sockaddr)
    if error.errno == errno.EACCES:
        return UserError(
            f"{port}: only an administrator may listen on port {address.sockaddr[1]}",
            at=port.at,
            remedy="choose a port from 1024 up, for example --port 8080",
            code=FAILURE,
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return UserError(
            f"{host}: this machine does not have that address",
            at=host.at,
            remedy="write one that it has, for example --host 127.0.0.1",
            code=FAILURE,
        )
    return UserError(f"{host}: cannot listen on {address}: {error.strerror}", at=host.at, code=FAILURE)


def url(bound: socket.socket) -> str:
    """Return the address to open in a browser; a wildcard address answers at localhost as well."""
    if bound.family == getattr(socket, "AF_UNIX", None):
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    if host in (*WILDCARDS, "127.0.0.1", "::1"):
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
