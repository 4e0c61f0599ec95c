"""Telling the user's own code from Python's library and installed distributions, by where a file is."""

from __future__ import annotations

import os

SITES = frozenset({"site-packages", "dist-packages"})
"""The names of the folders that distributions are installed in; the second one is Debian's."""
_LIBRARY = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep  # noqa: PTH100, PTH120


def is_installed(path: str) -> bool:
    """Whether a file or folder is Python's own or an installed distribution's, which nobody edits."""
    return path.startswith(_LIBRARY) or not SITES.isdisjoint(path.split(os.sep))  # noqa: PTH206 (for each module)


def is_users(path: str) -> bool:
    """Whether a file is the user's own: neither installed nor gearbox-lite's."""
    return not is_installed(path) and not path.startswith(_OURS)
