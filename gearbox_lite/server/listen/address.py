"""The addresses that the settings ``host`` and ``port``, or ``listen``, name; bind.py binds them."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gearbox_lite.booleans import as_bool
from gearbox_lite.errors import Location, Setting, UserError, at_setting, nearest, wrong_value

# waitress' default is this port on every address (waitress.adjustments); ours can be reached from this machine only.
DEFAULT_HOST = Setting("host", "127.0.0.1", Location("default"))
DEFAULT_PORT = Setting("port", "8080", Location("default"))

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (only compared)
"""The addresses that stand for every address of the machine."""

_FAMILY_NAMES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
_PORT_REMEDY = "write a number from 1 to 65535, for example 8080"
_SCHEME = re.compile(r"^[a-z]+://", re.IGNORECASE)


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

    Raises UserError for an invalid port and for a host that is invalid or cannot be resolved.
    """
    families = [
        family
        for name, family in (("ipv4", socket.AF_INET), ("ipv6", socket.AF_INET6))
        if name not in options or as_bool(options[name])
    ]
    if "listen" not in options:
        host, port = options.get("host", DEFAULT_HOST), options.get("port", DEFAULT_PORT)
        _check_host(host)
        found = _resolve(host, host.value, port, port_number(port), families)
    else:
        for name in ("host", "port"):
            if name in options:
                raise at_setting(options[name], "listen is set too", "remove one of the two")
        found = _resolve_all(options["listen"], families)
    return list(dict.fromkeys(found))


def port_number(setting: Setting) -> int:
    """Return the port, 0 for any free one. Raises UserError if it is not a number or out of range."""
    text = setting.value.strip()
    if not text.isascii() or not text.isdecimal():
        numbers = [number for number in re.findall(r"[0-9]+", text) if text.count(number) == 1]
        remedy = f"write {numbers[0]}" if len(numbers) == 1 and text[0] in ":'\"[" else _PORT_REMEDY
        raise wrong_value(setting, "not a port number", remedy)
    if int(text) > 65535:
        raise wrong_value(setting, "out of range for a port", _PORT_REMEDY)
    return int(text)


def _check_host(host: Setting) -> None:
    """Raise UserError for a host that has a port, a scheme or several names in it, or is an incomplete address."""
    text = host.value.strip()
    scheme, rest = _SCHEME.match(text), _SCHEME.sub("", text).strip("/")
    name, colon, port = rest.rpartition(":")
    if colon and port.isdecimal() and (":" not in name or name.endswith("]")):
        what = "this is a URL, not a host" if scheme else "the port is a setting of its own"
        plain = name.strip("[]") or DEFAULT_HOST.value
        is_option = host.at.source == "--host"
        options = f"--host {plain} --port {port}" if is_option else f"host = {plain} and port = {port}"
        raise wrong_value(host, what, f"write {options}")
    if scheme:
        raise wrong_value(host, "this is a URL, not a host", f"write host = {rest}")
    if re.search(r"[,;\s]\s*\w+\s*=", text):
        raise wrong_value(host, "this is more than one setting", "write each setting on a line of its own")
    if re.search(r"[,;\s]", text):
        names = [item for item in re.split(r"[,;\s]+", text) if item]
        example = " ".join(f"{item}:{DEFAULT_PORT.value}" for item in names)
        raise wrong_value(host, "this is not one host", f"for several addresses write listen = {example}")
    if not text:
        remedy = "write 127.0.0.1 for this machine only, or 0.0.0.0 for every network"
        raise wrong_value(host, "this names no host", remedy)
    if re.fullmatch(r"[0-9.]+", text) and not _is_ip_address(text):
        raise wrong_value(host, "not an IPv4 address", "write four numbers from 0 to 255, for example 127.0.0.1")


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _resolve_all(listen: Setting, families: list[socket.AddressFamily]) -> list[Address]:
    text = listen.value
    if not text.split():
        raise wrong_value(listen, "it names no address", "write for example 127.0.0.1:8080")
    if "," in text or ";" in text:
        items = [item for item in re.split(r"[,;\s]+", text) if item]
        raise wrong_value(listen, "addresses are separated by spaces", f"write listen = {' '.join(items)}")
    found: list[Address] = []
    for item in text.split():
        _check_item(listen, item)
        host, colon, port = item.rpartition(":")
        if not colon or port.endswith("]"):
            host, port = item, DEFAULT_PORT.value
        number = port_number(replace(listen, value=port)) if port.isdecimal() else _no_port(listen, item, host)
        found += _resolve(listen, host.strip("[]"), listen, number, families)
    return found


def _no_port(listen: Setting, item: str, host: str) -> int:
    raise wrong_value(listen, f"{item} has no port number after its colon", f"write for example {host}:8080")


def _check_item(listen: Setting, item: str) -> None:
    """Raise UserError for an address of ``listen`` that is no HOST:PORT."""
    if item.startswith("unix:"):
        path = item.removeprefix("unix:").replace("//", "", 1)
        raise wrong_value(listen, f"{item} is a Unix socket", f"write unix_socket = {path}")
    if _SCHEME.match(item):
        plain = _SCHEME.sub("", item).strip("/")
        raise wrong_value(listen, f"{item} is a URL", f"write listen = {plain}")
    if item.isdecimal():
        host = next((other for other in listen.value.split() if not other.isdecimal() and ":" not in other), None)
        example = f"{host or DEFAULT_HOST.value}:{item}"
        raise wrong_value(listen, f"{item} is a port without a host", f"write listen = {example}")
    if re.fullmatch(r":[0-9]*", item):
        example = f"{DEFAULT_HOST.value}{item}"
        remedy = f"write {example} for this machine only, or 0.0.0.0{item} for every network"
        raise wrong_value(listen, f"{item} has no host", remedy)
    host, _, port = item.rpartition(":")
    if item.count(":") > 1 and not item.startswith("["):
        raise wrong_value(listen, f"{item} is an IPv6 address without brackets", f"write for example [{host}]:{port}")


def _resolve(at: Setting, host: str, port: Setting, number: int, families: list[socket.AddressFamily]) -> list[Address]:
    text = host.strip("[]")
    # As bytes: getaddrinfo converts strings with the codec idna, whose tables take 0.3 MiB.
    name = None if host in ("*", "") else text.encode() if _is_plain_name(text) else text
    try:
        answers = socket.getaddrinfo(name, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise _without_address(at, host) from error
    found = [
        Address(family, (str(sockaddr[0]), number), at, port)
        for family, _, _, _, sockaddr in answers
        if family in families
    ]
    if not found:
        wanted = " or ".join(_FAMILY_NAMES[family] for family in families) or "enabled"
        raise wrong_value(at, f"this host has no {wanted} address", "check ipv4, ipv6 and host")
    return found


def _is_plain_name(text: str) -> bool:
    """Whether a host is an address or a name that the codec idna would leave as it is; it refuses some others."""
    return text.isascii() and "\0" not in text and all(0 < len(label) < 64 for label in text.rstrip(".").split("."))


def _without_address(setting: Setting, host: str) -> UserError:
    guess = nearest(host.lower(), ["localhost"])
    if host.lower() in ("any", "all", "public"):
        return wrong_value(setting, "this host has no address", "write 0.0.0.0 for every network")
    remedy = f"did you mean {guess}?" if guess else "write an address of this machine, for example 127.0.0.1"
    return wrong_value(setting, "this host has no address", remedy)
