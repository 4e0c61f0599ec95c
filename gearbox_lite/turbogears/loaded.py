"""The TurboGears application that this process has loaded."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from gearbox_lite.booleans import TRUE
from gearbox_lite.errors import Location


def config() -> Any:
    """Return ``tg.config`` once an application has been made, which is when it knows a package; None before."""
    turbogears = sys.modules.get("tg")
    return turbogears.config if turbogears is not None and "package_name" in turbogears.config else None


def switched_on(option: str) -> Location | None:
    """Return where the application switches an option of its configuration on; None if it does not.

    That is the line of its configuration if it is easily found, else its package.
    """
    configuration = config()
    if configuration is None or str(configuration.get(option, "")).strip().lower() not in TRUE:
        return None
    package = str(configuration["package_name"])
    name = re.escape(option)
    written = re.compile(rf"""(?:["']{name}["']\s*[:\]]|\b{name}\b)\s*=?\s*True\b""")
    for module in (f"{package}.config.app_cfg", f"{package}.config.application", package):
        file = getattr(sys.modules.get(module), "__file__", None)
        if isinstance(file, str) and file.endswith(".py"):
            lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
            for number, line in enumerate(lines, start=1):
                if written.search(line.partition("#")[0]):
                    return Location(Path(file), number)
    return Location(f"the code of {package}")
