"""The warning against running a server as root."""

from __future__ import annotations

import os

from gearbox_lite.output import show_warning

ROOT_WARNING = (
    "running as root, so a security hole in the application would expose the whole machine; run it as its own user "
    "(systemd: User=, Docker: USER)"
)


def warn_as_root() -> None:
    """Show one warning line if this process runs as root, also in a container."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        show_warning(ROOT_WARNING)
