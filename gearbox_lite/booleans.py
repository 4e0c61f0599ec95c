"""Boolean values in an ini and in the answers to a template's questions."""

from __future__ import annotations

from gearbox_lite.errors import Setting, wrong_value

TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
FALSE = frozenset({"false", "no", "off", "n", "f", "0"})
"""The words that asbool of paste.deploy.converters accepts."""


def as_bool(setting: Setting) -> bool:
    """Return the setting as a bool. Raises UserError for a word that is neither true nor false."""
    word = setting.value.strip().lower()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise wrong_value(setting, "not a boolean", "write true or false")
