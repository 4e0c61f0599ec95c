"""Which Host headers a server accepts while debugging.

Another site can have its own name resolve to 127.0.0.1 (DNS rebinding). The browser then takes this server for that
site, and only the Host header shows the difference.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

HOST_IS_CHECKED = "gearbox_lite.host_is_checked"
"""The key of the environ that says that ``serve`` has checked a request's hosts (server/debug/guard.py)."""

_HOST = re.compile(
    r"""(?: \[ (?P<six> [0-9A-Fa-f:.]+ ) (?: % [\w.~%-]+ )? \] | (?P<name> [A-Za-z0-9_.-]+ ) ) (?: : [0-9]* )?""",
    re.ASCII | re.VERBOSE,
)
"""RFC 9110, section 7.2: a host and a port, without user names or lists; a zone id is ignored."""
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)")
"""A name that browsers read as an IPv4 address (https://url.spec.whatwg.org/#ends-in-a-number-checker)."""


def host_name(header: str) -> str | None:
    """Return the host of a Host header, lower case, without port, zone id and trailing dot; None for anything else."""
    found = _HOST.fullmatch(header.strip(" \t"))
    if found is None:
        return None
    try:
        if found["six"]:
            address = IPv6Address(found["six"])
            return str(address.ipv4_mapped or address)
        name = found["name"].lower().removesuffix(".")
        if _ENDS_IN_NUMBER.fullmatch(name):
            return str(IPv4Address(socket.inet_aton(name)))
    except (OSError, ValueError):
        return None
    return name if name and not name.startswith(".") and ".." not in name else None


@dataclass(frozen=True)
class AllowedHosts:
    """Names and addresses that are accepted, besides ``localhost``, its subdomains and loopback addresses.

    ``any_address`` accepts all IP addresses: they involve no name that could be rebound.
    """

    names: frozenset[str]
    domains: tuple[str, ...]
    any_address: bool

    @classmethod
    def of(cls, patterns: Iterable[str], *, any_address: bool) -> AllowedHosts:
        """Return the hosts that some patterns allow; those that begin with a dot or ``*.`` include subdomains."""
        names, domains = set(), [".localhost"]
        for pattern in ("localhost", *patterns):
            text = pattern.lower().strip("[]").removesuffix(".")
            name = text.removeprefix("*").removeprefix(".")
            names.add(host_name(f"[{name}]" if ":" in name else name) or name)
            if text != name:
                domains.append(f".{name}")
        return cls(frozenset(names), tuple(domains), any_address)

    def allow(self, header: str) -> bool:
        """Whether a Host header names this server."""
        name = host_name(header)
        if name is None:
            return False
        if name in self.names or name.endswith(self.domains):
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return self.any_address or address.is_loopback
