"""The Set-Cookie header of a session's response, and what its attributes may contain.

session_base.py calls it; wsgi/response.py adds the header to the response.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

MAX_COOKIE_BYTES = 4096
"""Most bytes of name=value that browsers keep, https://www.rfc-editor.org/rfc/rfc6265#section-6.1"""

NEVER_EXPIRES = 0x7FFFFFFF
"""The expiry of a cookie that is to be kept, in seconds since 1970; Beaker's date, in the year 2038."""

_PATH = re.compile(r"/[\x21-\x3a\x3c-\x7e]*")
_DOMAIN = re.compile(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def is_cookie_path(text: object) -> bool:
    """Whether a string can be a cookie's path (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)."""
    return isinstance(text, str) and _PATH.fullmatch(text) is not None


def is_cookie_domain(text: object) -> bool:
    """Whether a string has the form of a host name, as a cookie's domain must."""
    return isinstance(text, str) and _DOMAIN.fullmatch(text) is not None


def host_of(environ: Mapping[str, Any]) -> str:
    """Return the host name that a request was sent to, without the port; "?" for something that is no host name."""
    host = str(environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")).partition(":")[0].lower()
    return host if is_cookie_domain(host) else "?"


def is_in_domain(host: str, domain: str) -> bool:
    """Whether browsers keep a cookie of this domain from this host (RFC 6265, section 5.1.3)."""
    plain = domain.lower().removeprefix(".")
    return host == plain or host.endswith(f".{plain}")


def build_set_cookie(
    name: str,
    value: str,
    *,
    domain: str | None,
    path: str,
    expires: float | None,
    httponly: bool,
    samesite: str,
    secure: bool,
) -> str:
    """Return the value of a Set-Cookie header, with its attributes in Beaker's order.

    ``expires`` is in seconds since 1970; None keeps the cookie until the browser closes. The caller has checked the
    domain and the path, which the application can set: neither may inject other attributes.
    """
    parts = [f"{name}={value}"]
    if domain:
        parts.append(f"Domain={domain}")
    if expires is not None:
        parts.append(f"expires={formatdate(expires, usegmt=True)}")
    if httponly:
        parts.append("HttpOnly")
    parts.append(f"Path={path}")
    parts.append(f"SameSite={samesite}")
    if secure:
        parts.append("Secure")
    return "; ".join(parts)
