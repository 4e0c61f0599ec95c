"""Names of modules as text, each checked: a test that a module is not loaded cannot fail for a name that is stale."""

from __future__ import annotations

from importlib.util import find_spec


def missing_modules(names):
    """Return the names that are no module that could be imported here."""
    return [name for name in names if not _is_module(name)]


def existing_modules(*names):
    """Return the names as a set. Raises AssertionError if one is no module that could be imported here."""
    missing = missing_modules(names)
    assert not missing, f"no such modules: {', '.join(missing)}"
    return set(names)


def _is_module(name):
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # of a package above it
        return False
