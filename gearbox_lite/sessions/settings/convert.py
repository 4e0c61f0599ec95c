"""Conversion of single session options from text; an invalid value is refused with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from gearbox_lite import value_syntax
from gearbox_lite.booleans import FALSE, TRUE
from gearbox_lite.errors import nearest
from gearbox_lite.sessions.set_cookie import is_cookie_domain, is_cookie_path

MAX_PREFIX_LENGTH = 200
"""Characters: with an id, a prefix fits into the 250 bytes of a memcached key and a database column of 255."""
MAX_SECONDS = 10**9
"""31 years: added to the present time, the result is still a time that every store and cookie can express."""


MIN_STORE_TIMEOUT, MAX_STORE_TIMEOUT = 0.1, 3600.0
"""Seconds that one operation on a store may take; also for a timeout in a store's address."""


NOT_USABLE = "this value cannot be used"


class InvalidValueError(ValueError):
    """An option's value is invalid; the message says what to write, and ``problem`` why."""

    def __init__(self, remedy: str, problem: str = NOT_USABLE) -> None:
        super().__init__(remedy)
        self.problem = problem

    @property
    def is_explained(self) -> bool:
        """Whether the problem says more than that the value cannot be used."""
        return self.problem != NOT_USABLE


def text(value: str) -> str:
    """Return any text that is not empty, and has no syntax that an ini takes literally."""
    if not value:
        raise InvalidValueError("write a value, or remove the line")
    refuse_syntax(value)
    return value


def refuse_syntax(value: str) -> None:
    """Raise InvalidValueError for quotes, variables of a shell and the like (value_syntax.py)."""
    explained = value_syntax.literal(value)
    if explained is not None:
        problem, remedy = explained
        raise InvalidValueError(remedy, problem)


def boolean(value: str) -> bool:
    """Return a boolean."""
    if value.lower() not in TRUE | FALSE:
        raise InvalidValueError("write true or false")
    return value.lower() in TRUE


def seconds(value: str) -> int:
    """Return a whole number of seconds from 1 up."""
    if not value.isdecimal() or len(value) > 10 or not 1 <= int(value) <= MAX_SECONDS:
        _refuse_unit(value)
        raise InvalidValueError(f"write a whole number of seconds from 1 to {MAX_SECONDS}, or remove the line")
    return int(value)


def _refuse_unit(value: str) -> None:
    """Raise InvalidValueError for a time with a unit, such as 1h."""
    from gearbox_lite.quantities import seconds_meant

    meant = seconds_meant(value)
    if meant is not None and 1 <= meant <= MAX_SECONDS:
        raise InvalidValueError(f"write a whole number of seconds: {meant:.0f}") from None


def cookie_expires(value: str) -> bool | timedelta:
    """Return true, false, or a duration."""
    # As a boolean, 1 would mean true and 0 false; here a number is a number of seconds.
    if value.isdecimal():
        return timedelta(seconds=seconds(value))
    try:
        return boolean(value)
    except InvalidValueError:
        _refuse_unit(value)
        raise InvalidValueError(
            "write true (until the browser closes), false (for years) or a number of seconds from 1 up"
        ) from None


def address(value: str) -> str:
    """Return an address; refuse a password that libraries would split at / @ # or ?, and then show a part of it."""
    _, separator, rest = text(value).partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path = rest[len(authority) :].partition("?")[0]
    port = authority.rpartition(":")[2] if ":" in authority else "0"
    cut = "@" in path or ("@" in rest and "@" not in authority and not port.isdecimal())
    if separator and authority and (cut or (authority.count("@") > 1 and not value.startswith(("redis", "unix")))):
        raise InvalidValueError("in a user's name and password write @ as %%40, / as %%2F, # as %%23 and ? as %%3F")
    return value


def choice(*choices: str) -> Callable[[str], str]:
    """Return a function that accepts one of these, in upper or lower case."""

    def convert(value: str) -> str:
        for known in choices:
            if value.lower() == known.lower():
                return known
        from gearbox_lite.ini.schema.foreign_names import choice_meant

        meant = choice_meant(value)
        if meant in choices:
            raise InvalidValueError(f"write {meant}")
        guess = nearest(value.lower(), list(choices))
        guess = guess or next((known for known in choices if value and value.lower() in known), None)
        raise InvalidValueError(f"did you mean {guess}?" if guess else f"write one of {', '.join(choices)}")

    return convert


def cookie_name(value: str) -> str:
    """Return the name of a cookie, which is a token (https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)."""
    refuse_syntax(value)
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise InvalidValueError("a cookie's name has no spaces, commas, semicolons, brackets or equals signs")
    return value


def cookie_path(value: str) -> str:
    """Return a path that cannot inject other attributes into the cookie."""
    if not is_cookie_path(value):
        path = re.sub(r"^[a-z]+://[^/]*", "", value, flags=re.IGNORECASE)
        path = path if path.startswith("/") else f"/{path}"
        if is_cookie_path(path):
            raise InvalidValueError(f"write {path}", "this is not a path")
        raise InvalidValueError(
            "write a path that starts with /, of printable ASCII characters without spaces and semicolons"
        )
    return value


def cookie_domain(value: str) -> str:
    """Return a host name for which browsers accept a cookie."""
    if not is_cookie_domain(value):
        host = re.sub(r"^([a-z]+://)?(\*?\.)?|(:[0-9]*)?(/.*)?$", "", value, flags=re.IGNORECASE)
        if is_cookie_domain(host) and not re.search(r"[\s,;]", value):
            raise InvalidValueError(f"write {host}", "this is not a host name")
        raise InvalidValueError("write a host name, for example example.com, or remove the line")
    if "." not in value.removeprefix(".") and value != "localhost":
        raise InvalidValueError(
            "browsers accept no cookie for a whole top-level domain; write a host name, for example example.com"
        )
    return value


def prefix(value: str) -> str:
    """Return a prefix of keys in Redis and memcached and of rows, which is also the name of a folder."""
    # No glob characters, slashes, spaces or "..".
    if not re.fullmatch(r"[A-Za-z0-9_%][A-Za-z0-9_.:~%-]*", value) or len(value) > MAX_PREFIX_LENGTH:
        raise InvalidValueError(
            f"write up to {MAX_PREFIX_LENGTH} letters, digits and the characters _ . : ~ % - "
            "that do not begin with . : ~ or -"
        )
    return value


def limit(value: str) -> float:
    """Return a time limit in seconds."""
    if (
        not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", value)
        or not MIN_STORE_TIMEOUT <= float(value) <= MAX_STORE_TIMEOUT
    ):
        raise InvalidValueError(
            f"write a number of seconds from {MIN_STORE_TIMEOUT:g} to {MAX_STORE_TIMEOUT:g}, or remove the line"
        )
    return float(value)


def key(value: str) -> str:
    """Return a key to sign or encrypt with."""
    refuse_syntax(value)
    variable = value_syntax.variable_named(value)
    if variable is not None:
        raise InvalidValueError(f"write {variable}", "this is the name of a variable, not its value")
    if not value or not value.isascii() or "," in value or len(value.split()) != 1:
        wrong = {"is empty": not value, "has a comma": "," in value, "has a space": len(value.split()) > 1}
        problem = next((f"the key {what}" for what, is_so in wrong.items() if is_so), NOT_USABLE)
        raise InvalidValueError("write a long random text of ASCII characters without spaces or commas", problem)
    return value


def key_list(value: str) -> tuple[str, ...]:
    """Return the keys of a list with spaces or commas between them."""
    keys = tuple(key(one) for one in value.replace(",", " ").split())
    if not keys:
        raise InvalidValueError("write the old keys with spaces between them, or remove the line")
    return keys


def duration(value: str) -> int:
    """Return a whole number of seconds from 0 up."""
    return 0 if value == "0" else seconds(value)


def nonce_bits(value: str) -> int:
    """Return a number of bits that Beaker can encode in base64."""
    if not value.isdecimal() or int(value) % 8 or not 48 <= int(value) <= 1024:
        raise InvalidValueError("write a multiple of 8 from 48 to 1024")
    return int(value)
