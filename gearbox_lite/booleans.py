"""What counts as true and false in an ini, and in an answer to a template."""

from __future__ import annotations

from gearbox_lite.errors import Setting, at_setting

TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
FALSE = frozenset({"false", "no", "off", "n", "f", "0"})
"""The words that PasteDeploy's asbool takes, paste.deploy.converters."""


def as_bool(setting: Setting) -> bool:
    """Return the setting's truth value. Raises UserError for any other word."""
    word = setting.value.strip().lower()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise at_setting(setting, "not a truth value", "write true or false")
