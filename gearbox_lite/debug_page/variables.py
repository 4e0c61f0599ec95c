"""Values as the debug page shows them: cut, and without secrets (``application.error_secrets``)."""

from __future__ import annotations

import reprlib
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from gearbox_lite.application.error_secrets import MAX_ITEMS, SecretTexts, names_secret, without_named_secrets
from gearbox_lite.masking import MASK, is_secret

MAX_VARIABLES = 60
"""Variables of one frame that are shown."""
_SECONDS = 2.0
"""For how long the values of one page may take; the rest is not shown, since a page that comes is worth more."""


class _Repr(reprlib.Repr):
    """Python's own ``repr`` with limits, also of time, and without the values of keys that name secrets."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline
        self.maxlevel, self.maxdict, self.maxlist, self.maxtuple, self.maxset = 4, MAX_ITEMS, 20, 20, 20
        self.maxstring = self.maxother = self.maxlong = 400

    def repr1(self, x: Any, level: int) -> str:
        return "..." if time.monotonic() > self._deadline else super().repr1(x, level)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if not x or level <= 0:
            return "{...}" if x else "{}"
        shown = [
            f"{self.repr1(key, level - 1)}: {MASK if names_secret(key) else self.repr1(value, level - 1)}"
            for key, value in islice(x.items(), self.maxdict)
        ]
        return "{" + ", ".join([*shown, *(["..."] if len(x) > self.maxdict else [])]) + "}"


class Values:
    """Returns the values of one page as text, and remembers which texts are secrets."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + _SECONDS
        self._repr = _Repr(self._deadline)
        self._secrets = SecretTexts()

    def value(self, value: object) -> str:
        """Return a value's ``repr``, cut and without secrets; why there is none if it raises."""
        if time.monotonic() > self._deadline:
            return "(not shown: the values before took too long)"
        self._secrets.add_items(value)
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
        self._secrets.add(value)

    def text(self, text: str) -> str:
        """Return a text without passwords in addresses and without values that follow the name of a secret."""
        return without_named_secrets(text)

    def hidden(self, text: str) -> str:
        """Return a text without the secrets that have been seen so far."""
        return self._secrets.hidden(text)
