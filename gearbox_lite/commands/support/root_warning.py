"""The warning against running a server as root."""

from __future__ import annotations

import os
from collections.abc import Callable

from gearbox_lite.output import show_warning

ROOT_WARNING = (
    "running as root, so a security hole in the application would expose the whole machine; run it as its own user "
    "(systemd: User=, Docker: USER)"
)


def warn_as_root(warn: Callable[[str], None] = show_warning) -> None:
    """Give one warning if this process runs as root, also in a container."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        warn(ROOT_WARNING)
