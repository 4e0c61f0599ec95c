"""Where a port is bound: addresses from the settings, and TCP sockets that listen on them.

Paths of Unix sockets are bound in unix_socket.py; listening.py keeps the sockets across reloads.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gearbox_lite.booleans import as_bool
from gearbox_lite.errors import FAILURE, Location, Setting, UserError, at_setting

# waitress' default is this port on every address (waitress.adjustments); ours can be reached from this machine only.
DEFAULT_HOST = Setting("host", "127.0.0.1", Location("default"))
DEFAULT_PORT = Setting("port", "8080", Location("default"))

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (only compared)
"""The addresses that stand for every address of the machine."""

_FAMILY_NAMES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}


@dataclass(frozen=True)
class Address:
    """One address to listen on, and the settings that name it."""

    family: socket.AddressFamily
    sockaddr: tuple[str, int]
    host: Setting
    port: Setting

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.sockaddr[0])

    def __str__(self) -> str:
        host, port = self.sockaddr
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to an IP address, which may name an interface after a percent sign."""
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def addresses(options: Mapping[str, Setting]) -> list[Address]:
    """Resolve ``host`` and ``port``, or ``listen``, as waitress does.

    Raises UserError for an invalid port and for a host that cannot be resolved.
    """
    port = options.get("port", DEFAULT_PORT)
    if "listen" in options:
        for name in ("host", "port"):
            if name in options:
                raise at_setting(options[name], "listen is set too", "remove one of the two")
        pairs = [_split(item, options["listen"]) for item in options["listen"].value.split()]
    else:
        pairs = [(options.get("host", DEFAULT_HOST), port)]
    families = [
        family
        for name, family in (("ipv4", socket.AF_INET), ("ipv6", socket.AF_INET6))
        if name not in options or as_bool(options[name])
    ]
    found = [address for host, port in pairs for address in _resolve(host, port, families)]
    if not found:
        raise at_setting(options["listen"], "it names no address", "write for example 127.0.0.1:8080")
    return list(dict.fromkeys(found))


def _split(item: str, listen: Setting) -> tuple[Setting, Setting]:
    host, colon, port = item.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = item, DEFAULT_PORT.value
    return Setting(listen.name, host.strip("[]"), listen.at), Setting(listen.name, port, listen.at)


def port_number(setting: Setting) -> int:
    """Return the port, 0 for any free one. Raises UserError if it is not a number or out of range."""
    text = setting.value.strip()
    if not text.isascii() or not text.isdecimal():
        raise at_setting(setting, "not a port number", "write a number from 1 to 65535, for example 8080")
    if int(text) > 65535:
        raise at_setting(setting, "out of range for a port", "write a number from 1 to 65535, for example 8080")
    return int(text)


def _resolve(host: Setting, port: Setting, families: list[socket.AddressFamily]) -> list[Address]:
    number = port_number(port)
    text = host.value.strip("[]")
    # As bytes: getaddrinfo converts strings with the codec idna, whose tables take 0.3 MiB.
    name = None if host.value in ("*", "") else text.encode() if _is_plain_name(text) else text
    try:
        answers = socket.getaddrinfo(name, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise at_setting(
            host, "this host has no address", "write an address of this machine, for example 127.0.0.1"
        ) from error
    found = [
        Address(family, (str(sockaddr[0]), number), host, port)
        for family, _, _, _, sockaddr in answers
        if family in families
    ]
    if not found:
        wanted = " or ".join(_FAMILY_NAMES[family] for family in families) or "enabled"
        raise at_setting(host, f"this host has no {wanted} address", "check ipv4, ipv6 and host")
    return found


def _is_plain_name(text: str) -> bool:
    """Whether a host is an address or a name that the codec idna would leave as it is; it refuses some others."""
    return text.isascii() and "\0" not in text and all(0 < len(label) < 64 for label in text.rstrip(".").split("."))


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
