"""The warning to those who run a server as root."""

from __future__ import annotations

import os

from gearbox_lite.output import show_warning

WARNING = (
    "running as root, so a fault in the application would give away the whole machine; run it as a user of its own "
    "(systemd: User=, Docker: USER)"
)


def warn_as_root() -> None:
    """Show one warning line if this process may do everything, in a container too."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        show_warning(WARNING)
