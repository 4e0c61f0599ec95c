"""The user's own code: make it importable, and tell it from installed distributions and Python's library."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from gearbox_lite.errors import Location, UserError

SITES = frozenset({"site-packages", "dist-packages"})
"""The names of the folders that distributions are installed in; the second one is Debian's."""
_NEEDED = frozenset(
    {"beaker", "click", "crank", "jinja2", "markupsafe", "paste", "sqlalchemy", "tg", "waitress", "webob"}
)
"""Installed modules that serving needs, which a project's own one would hide."""
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def is_installed(path: str) -> bool:
    """Whether a file or folder is Python's own or an installed distribution's, which users do not edit."""
    return f"{path}{os.sep}".startswith(_LIBRARY) or not SITES.isdisjoint(path.split(os.sep))


def is_users(path: str) -> bool:
    """Whether a file is the user's own: neither installed nor gearbox-lite's."""
    return not is_installed(path) and not is_ours(path)


def is_library(path: str) -> bool:
    """Whether a file belongs to Python's own library."""
    return path.startswith(_LIBRARY) and SITES.isdisjoint(path.split(os.sep))


def is_ours(path: str) -> bool:
    """Whether a file belongs to gearbox-lite."""
    return path.startswith(_OURS)


def _is_installed_elsewhere(module: str, project: Path) -> bool:
    """Whether a module is found in another folder than the project's."""
    from importlib.machinery import PathFinder

    folders = [folder for folder in sys.path if folder not in ("", str(project))]
    return PathFinder.find_spec(module, folders) is not None


def make_importable(project: Path) -> None:
    """Put a project's folder first in sys.path, since the project runs in place, without being installed.

    Raises UserError for a file in it that would hide one of Python's own modules, or a library that serving needs.
    """
    with suppress(OSError):  # reading the ini reports it
        for entry in sorted(os.listdir(project)):
            module = entry.removesuffix(".py")
            if module in sys.stdlib_module_names:
                hidden = f"Python's own module {module} from every library"
            elif module in _NEEDED and _is_installed_elsewhere(module, project):
                hidden = f"the library {module} from all other code"
            else:
                continue
            file = project / entry if entry.endswith(".py") else project / entry / "__init__.py"
            if file.is_file():
                problem = f"this file hides {hidden}"
                remedy = f"rename {entry}, for example to my_{entry}"
                raise UserError(problem, at=Location(file), remedy=remedy, finding="hidden-module")
    folder = str(project)
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)
