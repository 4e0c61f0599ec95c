"""The user's own code: make it importable, and tell it from installed distributions and Python's library."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from gearbox_lite.errors import Location, UserError

SITES = frozenset({"site-packages", "dist-packages"})
"""The names of the folders that distributions are installed in; the second one is Debian's."""
_LIBRARIES = frozenset(
    {"beaker", "click", "crank", "jinja2", "markupsafe", "paste", "sqlalchemy", "tg", "waitress", "webob"}
)
"""The libraries that gearbox-lite and TurboGears import by these names."""
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _is_installed_elsewhere(module: str, project: Path) -> bool:
    """Whether an installed distribution has a module, so that a project's own one would hide it."""
    from importlib.machinery import PathFinder

    folders = [folder for folder in sys.path if folder not in ("", str(project))]
    return PathFinder.find_spec(module, folders) is not None


def is_installed(path: str) -> bool:
    """Whether a file or folder is Python's own or an installed distribution's, which users do not edit."""
    return path.startswith(_LIBRARY) or path == _LIBRARY[:-1] or not SITES.isdisjoint(path.split(os.sep))


def is_users(path: str) -> bool:
    """Whether a file is the user's own: neither installed nor gearbox-lite's."""
    return not is_installed(path) and not is_ours(path)


def is_library(path: str) -> bool:
    """Whether a file belongs to Python's own library."""
    return path.startswith(_LIBRARY) and SITES.isdisjoint(path.split(os.sep))


def is_ours(path: str) -> bool:
    """Whether a file belongs to gearbox-lite."""
    return path.startswith(_OURS)


def make_importable(project: Path) -> None:
    """Put a project's folder first in sys.path, since the project runs in place, without being installed.

    Raises UserError for a file in it that would hide one of Python's own modules, or a library that serving needs.
    """
    with suppress(OSError):  # reading the ini reports it
        for entry in sorted(os.listdir(project)):
            module = entry.removesuffix(".py")
            if module not in sys.stdlib_module_names and module not in _LIBRARIES:
                continue
            file = project / entry if entry.endswith(".py") else project / entry / "__init__.py"
            if file.is_file() and (module not in _LIBRARIES or _is_installed_elsewhere(module, project)):
                problem = f"this file hides Python's own module {module} from every library"
                if module in _LIBRARIES:
                    problem = f"this file hides the library {module} from all other code"
                remedy = f"rename {entry}, for example to my_{entry}"
                raise UserError(problem, at=Location(file), remedy=remedy, finding="hidden-module")
    folder = str(project)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
