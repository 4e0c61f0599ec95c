"""The user's own code: make it importable, and tell it from installed distributions and Python's library."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SITES = frozenset({"site-packages", "dist-packages"})
"""The names of the folders that distributions are installed in; the second one is Debian's."""
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def is_installed(path: str) -> bool:
    """Whether a file or folder is Python's own or an installed distribution's, which users do not edit."""
    return path.startswith(_LIBRARY) or not SITES.isdisjoint(path.split(os.sep))


def is_users(path: str) -> bool:
    """Whether a file is the user's own: neither installed nor gearbox-lite's."""
    return not is_installed(path) and not path.startswith(_OURS)


def make_importable(project: Path) -> None:
    """Put a project's folder first in sys.path, since the project runs in place, without being installed."""
    folder = str(project)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
