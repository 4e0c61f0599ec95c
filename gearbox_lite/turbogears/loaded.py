"""The configuration of the TurboGears application that this process has loaded."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gearbox_lite.booleans import TRUE
from gearbox_lite.errors import Location


def loaded_config() -> Any:
    """Return ``tg.config``, or None before an application has been created: only then does it have a package name."""
    turbogears = sys.modules.get("tg")
    return turbogears.config if turbogears is not None and "package_name" in turbogears.config else None


def disable_backlash() -> None:
    """Let TurboGears add no debug page of its own to the applications that are created from now on."""
    if find_spec("backlash") is not None:
        import backlash

        backlash.DebuggedApplication = lambda application, **_: application


def enabled_in_code(option: str) -> Location | None:
    """Return where the application's code enables an option of its configuration; None if it does not.

    That is a line of the configuration module if a simple search finds it, else the package as a whole.
    """
    configuration = loaded_config()
    if configuration is None or str(configuration.get(option, "")).strip().lower() not in TRUE:
        return None
    package = str(configuration["package_name"])
    name = re.escape(option)
    assignment = re.compile(rf"""(?:["']{name}["']\s*[:\]]|\b{name}\b)\s*=?\s*True\b""")
    for module in (f"{package}.config.app_cfg", f"{package}.config.application", package):
        file = getattr(sys.modules.get(module), "__file__", None)
        if isinstance(file, str) and file.endswith(".py"):
            lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
            for number, line in enumerate(lines, start=1):
                if assignment.search(line.partition("#")[0]):
                    return Location(Path(file), number)
    return Location(f"the code of {package}")


def module_using(name: str, is_own: Callable[[str], bool]) -> Path | None:
    """Return a file of the user's own that has imported a name from ``tg``, such as ``session``; None if none has."""
    turbogears = sys.modules.get("tg")
    wanted = getattr(turbogears, name, None)
    if loaded_config() is None or wanted is None:
        return None
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and is_own(file) and any(value is wanted for value in vars(module).values()):
            return Path(file)
    return None
