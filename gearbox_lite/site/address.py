"""URLs: the one to check, and those that its pages and redirects refer to."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urljoin, urlsplit

from gearbox_lite.errors import Location, UserError

_REMEDY = "write for example https://hello.example.org"


def parse_url(url: str) -> SplitResult:
    """Return the parts of a URL to check. Raises UserError if it is not that of a web page."""
    at = Location("--url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UserError(f"{url}: {error}", at=at, remedy=_REMEDY) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or any(ord(c) <= 32 for c in url):
        raise UserError(f"{url}: not the URL of a website", at=at, remedy=_REMEDY)
    if parts.username is not None:
        raise UserError("the URL has a user name", at=at, remedy="remove the part before @")
    return parts._replace(path=parts.path or "/", fragment="")


def resolve(base: str, reference: str) -> SplitResult:
    """Return the parts of the URL that a page refers to; empty parts if the reference is malformed."""
    try:
        target = urlsplit(urljoin(base, reference))
        _ = target.port
    except ValueError:
        return urlsplit("")
    return target


def is_this_machine(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
