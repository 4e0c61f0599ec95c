"""Times and sizes with a unit, which no setting takes: what number was meant by 1h, 30 min or 10 MB."""

from __future__ import annotations

import re

MAX_LENGTH = 40
"""Characters; a longer text is no number with a unit."""
_SECONDS: dict[str, float] = {
    **dict.fromkeys(("s", "sec", "second"), 1),
    **dict.fromkeys(("m", "min", "minute"), 60),
    **dict.fromkeys(("h", "hr", "hour"), 3600),
    **dict.fromkeys(("d", "day"), 86400),
    **dict.fromkeys(("w", "week"), 604800),
    "month": 2592000,
    **dict.fromkeys(("y", "year"), 31536000),
    **dict.fromkeys(("ms", "millisecond"), 0.001),
}
_BYTES: dict[str, float] = {
    **dict.fromkeys(("b", "byte"), 1),
    **dict.fromkeys(("k", "kb", "kib"), 1024),
    **dict.fromkeys(("m", "mb", "mib"), 1024**2),
    **dict.fromkeys(("g", "gb", "gib"), 1024**3),
}
_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:[.,][0-9]+)?)\s*(?P<unit>[a-z]*)")


def seconds_meant(text: str) -> float | None:
    """Return the seconds that a text such as ``1h 30m``, ``60*60``, ``1_000`` or ``1:30:00`` means, None if none."""
    clock = re.fullmatch(r"([0-9]{1,3}):([0-9]{2})(?::([0-9]{2}))?", text.strip())
    if clock:
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
    return _meant(text, _SECONDS)


def bytes_meant(text: str) -> float | None:
    """Return the bytes that a text such as ``10 MB`` or ``10*1024*1024`` means, None if none."""
    return _meant(text, _BYTES)


def _meant(text: str, units: dict[str, float]) -> float | None:
    plain = text.strip().lower()
    grouped = re.fullmatch(r"[0-9]{1,3}(?:[_,.' ][0-9]{3})+|[0-9]+(?:_[0-9]+)+", plain)
    if grouped:
        return float(re.sub(r"\D", "", plain))
    if re.fullmatch(r"[0-9]{1,9}(?:\s*\*\s*[0-9]{1,9}){1,4}", plain):
        product = 1
        for factor in plain.split("*"):
            product *= int(factor)
        return float(product)
    if not plain or len(plain) > MAX_LENGTH or _AMOUNT.sub("", plain).strip():
        return None
    total = 0.0
    for amount in _AMOUNT.finditer(plain):
        unit = amount["unit"] if amount["unit"] in units else amount["unit"].rstrip("s")
        if unit and unit not in units:
            return None
        total += float(amount["number"].replace(",", ".")) * (units[unit] if unit else 1)
    return total
