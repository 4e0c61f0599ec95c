"""The TurboGears application that this process has loaded."""

from __future__ import annotations

import sys
from typing import Any


def config() -> Any:
    """Return ``tg.config`` once an application has been made, which is when it knows a package; None before."""
    turbogears = sys.modules.get("tg")
    return turbogears.config if turbogears is not None and "package_name" in turbogears.config else None
