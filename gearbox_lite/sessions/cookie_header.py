"""The Cookie header that a request brings, and what the attributes of a Set-Cookie header may be."""

from __future__ import annotations

import re
from collections.abc import Collection

BIGGEST_COOKIE = 4096
"""Most bytes of name=value that browsers keep, https://www.rfc-editor.org/rfc/rfc6265#section-6.1"""

MOST_CANDIDATES = 3
"""How many different cookies of ours one request may bring; the rest are ignored, so that they cost nothing."""

_PATH = re.compile(r"/[\x21-\x3a\x3c-\x7e]*")
_DOMAIN = re.compile(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def is_path(text: object) -> bool:
    """Whether a text can be a cookie's path (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)."""
    return isinstance(text, str) and _PATH.fullmatch(text) is not None


def is_domain(text: object) -> bool:
    """Whether a text has the form of a host name, which a cookie's domain is."""
    return isinstance(text, str) and _DOMAIN.fullmatch(text) is not None


def cookie_values(header: str | None, name: str) -> Collection[str]:
    """Return the different values of a cookie in a Cookie header, last first, which is the one that Beaker takes.

    Servers join several Cookie headers with commas. No value of ours has a comma, but those of other cookies may, so
    what follows one comes last.
    """
    if not header or name not in header:
        return ()
    pairs = header.split(";")
    values = _named(pairs, name)
    if "," in header:
        pieces = [piece for pair in pairs for piece in pair.split(",")[1:]]
        values = [value.partition(",")[0].strip().strip('"') for value in values] + _named(pieces, name)
    return values if len(values) < 2 else dict.fromkeys(values)


def _named(pairs: list[str], name: str) -> list[str]:
    values = []
    for pair in reversed(pairs):
        key, equals, value = pair.partition("=")
        if equals and key.strip() == name:
            values.append(value.strip().strip('"'))
    return values
