"""The Cookie header of a request, which may contain several cookies of one name."""

from __future__ import annotations

from collections.abc import Collection

MAX_CANDIDATES = 3
"""How many different cookies signed by us are tried in one request; the rest are ignored, so that they cost nothing."""


def cookie_values(header: str | None, name: str) -> Collection[str]:
    """Return the different values of a cookie in a Cookie header, last first, which is the one that Beaker takes.

    Servers join several Cookie headers with commas. No value of ours contains a comma, but those of other cookies may,
    so anything that follows a comma comes last.
    """
    if not header or name not in header:
        return ()
    pairs = header.split(";")
    values = _values_of(pairs, name)
    if "," in header:
        pieces = [piece for pair in pairs for piece in pair.split(",")[1:]]
        values = [value.partition(",")[0].strip().strip('"') for value in values] + _values_of(pieces, name)
    return values if len(values) < 2 else dict.fromkeys(values)


def _values_of(pairs: list[str], name: str) -> list[str]:
    values = []
    for pair in reversed(pairs):
        key, equals, value = pair.partition("=")
        if equals and key.strip() == name:
            values.append(value.strip().strip('"'))
    return values
