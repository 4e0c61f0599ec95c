"""Session options from the text of an ini to their values; what cannot work is refused with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from gearbox_lite.booleans import FALSE, TRUE
from gearbox_lite.errors import nearest
from gearbox_lite.sessions.set_cookie import is_cookie_domain, is_cookie_path

LONGEST_PREFIX = 200
"""Most characters of a prefix: with an id it fits memcached's 250 bytes of a key, and a column of 255."""
MOST_SECONDS = 10**9
"""31 years: what is added to the time of day then stays a time that every store and cookie can express."""


MIN_STORE_TIMEOUT, MAX_STORE_TIMEOUT = 0.1, 3600.0
"""Seconds that one operation on a store may take; also for a timeout in a store's address."""


class UnfitError(ValueError):
    """What a value should be."""


def text(value: str) -> str:
    """Return any text that is not empty."""
    if not value:
        raise UnfitError("write a value, or remove the line")
    return value


def boolean(value: str) -> bool:
    """Return a truth value."""
    if value.lower() not in TRUE | FALSE:
        raise UnfitError("write true or false")
    return value.lower() in TRUE


def seconds(value: str) -> int:
    """Return a whole number of seconds from 1 up."""
    if not value.isdecimal() or len(value) > 10 or not 1 <= int(value) <= MOST_SECONDS:
        raise UnfitError(f"write a whole number of seconds from 1 to {MOST_SECONDS}, or remove the line")
    return int(value)


def cookie_expires(value: str) -> bool | timedelta:
    """Return true, false, or a duration."""
    # Beaker reads the text 1 as true and 0 as false, so a number is taken for a number first.
    if value.isdecimal():
        return timedelta(seconds=seconds(value))
    try:
        return boolean(value)
    except UnfitError:
        raise UnfitError(
            "write true (until the browser closes), false (for years) or a number of seconds from 1 up"
        ) from None


def address(value: str) -> str:
    """Refuse a password that libraries would cut at one of its characters, whose messages then show the rest."""
    _, separator, rest = text(value).partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path = rest[len(authority) :].partition("?")[0]
    port = authority.rpartition(":")[2] if ":" in authority else "0"
    cut = "@" in path or ("@" in rest and "@" not in authority and not port.isdecimal())
    if separator and authority and (cut or (authority.count("@") > 1 and not value.startswith(("redis", "unix")))):
        raise UnfitError("in a user's name and password write @ as %%40, / as %%2F, # as %%23 and ? as %%3F")
    return value


def choice(*choices: str) -> Callable[[str], str]:
    """Return the function that takes one of these, in any case."""

    def convert(value: str) -> str:
        for known in choices:
            if value.lower() == known.lower():
                return known
        guess = nearest(value.lower(), list(choices)) or next((it for it in choices if value.lower() in it), None)
        raise UnfitError(f"did you mean {guess}?" if guess else f"write one of {', '.join(choices)}")

    return convert


def cookie_name(value: str) -> str:
    """Return a token, which the name of a cookie is (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise UnfitError("a cookie's name has no spaces, commas, semicolons, brackets or equals signs")
    return value


def cookie_path(value: str) -> str:
    """Return a path without what would inject other attributes into the cookie."""
    if not is_cookie_path(value):
        raise UnfitError("write a path that starts with /, of printable ASCII characters without spaces and semicolons")
    return value


def cookie_domain(value: str) -> str:
    """Return a host name that browsers take a cookie for."""
    if not is_cookie_domain(value):
        raise UnfitError("write a host name, for example example.com")
    if "." not in value.removeprefix(".") and value != "localhost":
        raise UnfitError(
            "browsers take no cookie for a whole top-level domain; write a host name, for example example.com"
        )
    return value


def prefix(value: str) -> str:
    """Return what names Redis' and memcached's keys, a folder, and rows."""
    # No glob characters, slashes, spaces or "..".
    if not re.fullmatch(r"[A-Za-z0-9_%][A-Za-z0-9_.:~%-]*", value) or len(value) > LONGEST_PREFIX:
        raise UnfitError(
            f"write up to {LONGEST_PREFIX} letters, digits and the characters _ . : ~ % -, not first . : ~ or -"
        )
    return value


def limit(value: str) -> float:
    """Return a time limit in seconds."""
    if (
        not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", value)
        or not MIN_STORE_TIMEOUT <= float(value) <= MAX_STORE_TIMEOUT
    ):
        raise UnfitError(
            f"write a number of seconds from {MIN_STORE_TIMEOUT:g} to {MAX_STORE_TIMEOUT:g}, or remove the line"
        )
    return float(value)


def key(value: str) -> str:
    """Return a key to sign or encrypt with."""
    if not value or not value.isascii() or "," in value or len(value.split()) != 1:
        raise UnfitError("write a long random text of ASCII characters without spaces or commas")
    return value


def key_list(value: str) -> tuple[str, ...]:
    """Return keys with spaces or commas between them."""
    keys = tuple(key(one) for one in value.replace(",", " ").split())
    if not keys:
        raise UnfitError("write the old keys with spaces between them, or remove the line")
    return keys


def duration(value: str) -> int:
    """Return a whole number of seconds from 0 up."""
    return 0 if value == "0" else seconds(value)


def nonce_bits(value: str) -> int:
    """Return a number of bits that Beaker can make base64 of."""
    if not value.isdecimal() or int(value) % 8 or not 48 <= int(value) <= 1024:
        raise UnfitError("write a multiple of 8 from 48 to 1024")
    return int(value)
