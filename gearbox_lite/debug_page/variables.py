"""Values as the debug page shows them: cut, and without secrets.

A secret is recognized by its name: that of a variable, a key of a dict, an attribute or a parameter. Its text is then
hidden wherever else the page would show it.
"""

from __future__ import annotations

import re
import reprlib
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from gearbox_lite.masking import MASK, is_secret, without_passwords

_PAIR = re.compile(
    r"""(?P<name>[A-Za-z_][\w.-]*)(?P<sign>['"]?\s*[:=]\s*)(?P<value>[bru]{0,2}'(?:[^'\\]|\\.)*'|[bru]{0,2}"(?:[^"\\]|\\.)*"|[^\s'"&;,)}\]]+)"""
)
"""A name and its value in the text of an object, such as ``password='x'``, ``"token": "x"`` or ``key=x``."""
_PAIR_IN_TUPLE = re.compile(
    r"""(?P<sign>\(b?(?P<quote>['"])(?P<name>[A-Za-z_][\w.-]*)(?P=quote),\s)
        (?:b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*")(?=\))""",
    re.VERBOSE,
)
"""A name and its value as a tuple, such as ``('Authorization', 'Basic ...')`` in a list of headers."""
_MIN_HIDDEN = 6
"""Characters from which a secret's text is hidden elsewhere too; a shorter one is part of too much else."""
MAX_VARIABLES = 60
"""Variables of one frame that are shown."""
_SECONDS = 2.0
"""For how long the values of one page may take; the rest is not shown, since a page that comes is worth more."""


class _Repr(reprlib.Repr):
    """Python's own ``repr`` with limits, also of time, and without the values of keys that name secrets."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline
        self.maxlevel, self.maxdict, self.maxlist, self.maxtuple, self.maxset = 4, 20, 20, 20, 20
        self.maxstring = self.maxother = self.maxlong = 400

    def repr1(self, x: Any, level: int) -> str:
        return "..." if time.monotonic() > self._deadline else super().repr1(x, level)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if not x or level <= 0:
            return "{...}" if x else "{}"
        shown = [
            f"{self.repr1(key, level - 1)}: {MASK if _names_secret(key) else self.repr1(value, level - 1)}"
            for key, value in islice(x.items(), self.maxdict)
        ]
        return "{" + ", ".join([*shown, *(["..."] if len(x) > self.maxdict else [])]) + "}"


def _names_secret(key: object) -> bool:
    return type(key) is str and is_secret(key)


class Values:
    """Returns the values of one page as text, and remembers which texts are secrets."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + _SECONDS
        self._repr = _Repr(self._deadline)
        self._secrets: set[str] = set()

    def value(self, value: object) -> str:
        """Return a value's ``repr``, cut and without secrets; why there is none if it raises."""
        if time.monotonic() > self._deadline:
            return "(not shown: the values before took too long)"
        self._remember_keys(value)
        try:
            text = self._repr.repr(value)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (any code of the application)
            kind = type.__getattribute__(type(value), "__name__")  # which a metaclass may replace
            return f"<{kind}, whose repr raised {type(error).__name__}>"
        return self.text(text)

    def variable(self, name: str, value: object, *, hides: bool = True) -> str:
        """Return the value of a variable, masked if its name is that of a secret (``hides``: everywhere)."""
        if not is_secret(name):
            return self.value(value)
        if hides and name != "key":  # which is as often the key of a dict
            self.hide(value)
        return MASK

    def variables(self, values: Mapping[str, Any], *, hides: bool) -> tuple[tuple[str, str], ...]:
        """Return the variables of a frame, without Python's own."""
        names = [name for name in list(values) if not (name.startswith("__") and name.endswith("__"))]
        return tuple((name, self.variable(name, values[name], hides=hides)) for name in names[:MAX_VARIABLES])

    def parameters(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return the fields of a form or a query; a file is shown as its ``repr``."""
        return tuple((str(name), self._parameter(str(name), value)) for name, value in pairs)

    def _parameter(self, name: str, value: object) -> str:
        if is_secret(name) or not isinstance(value, str):
            return self.variable(name, value)
        return self.text(value)

    def hide(self, value: object) -> None:
        """Hide the text of a secret on the whole page."""
        if isinstance(value, bytes):
            value = value.decode(errors="replace")
        if type(value) is str and len(value) >= _MIN_HIDDEN:
            self._secrets.add(value)

    def _remember_keys(self, value: object) -> None:
        if type(value) is dict:
            for key, item in islice(value.items(), self._repr.maxdict):
                if _names_secret(key):
                    self.hide(item)

    def text(self, text: str) -> str:
        """Return a text without passwords in addresses and without values that follow the name of a secret."""
        return _PAIR_IN_TUPLE.sub(_masked_tuple, _PAIR.sub(_masked_pair, without_passwords(text)))

    def hidden(self, text: str) -> str:
        """Return a text without the secrets that have been seen so far."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text


def _masked_pair(pair: re.Match[str]) -> str:
    return f"{pair['name']}{pair['sign']}{MASK}" if is_secret(pair["name"]) else pair[0]


def _masked_tuple(pair: re.Match[str]) -> str:
    return f"{pair['sign']}{MASK}" if is_secret(pair["name"]) else pair[0]
