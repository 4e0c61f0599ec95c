"""Which ini a command reads: the one that the user names, else development.ini in the current folder."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from gearbox_lite.errors import Location, UserError

DEFAULT_INI = "development.ini"


def find_ini(name: str | None, folder: Path) -> Path:
    """Return the ini's absolute path. Raises UserError, naming the inis nearby, if there is no such file."""
    path = folder / (name or DEFAULT_INI)
    try:
        kind = path.stat().st_mode
    except OSError as error:
        if error.errno != errno.ENOENT:
            remedy = "correct the name, or make its folder readable"
            raise UserError(f"cannot be accessed: {error.strerror}", at=Location(path), remedy=remedy) from error
        found, problem = [], "there is no such file"
    else:
        if stat.S_ISREG(kind):
            return Path(os.path.abspath(path))
        if stat.S_ISDIR(kind):
            found, problem = sorted(path.glob("*.ini")), "this is a folder, not an ini"
        else:
            found, problem = [], "this is a device or a pipe, not an ini"
    found = found or sorted([*folder.glob("*.ini"), *folder.glob("*/*.ini")])
    found = sorted(found, key=lambda candidate: candidate.name != DEFAULT_INI)
    if found:
        near = [str(candidate.relative_to(folder)) for candidate in found if candidate.is_relative_to(folder)]
        remedy = f"found nearby: {', '.join(near[:5] or [str(found[0])])}"
    elif above := [depth for depth, parent in enumerate(folder.parents[:3], 1) if (parent / DEFAULT_INI).is_file()]:
        parent = "/".join([".."] * above[0])
        remedy = f"there is {parent}/{DEFAULT_INI}; go to its folder: cd {parent}"
    else:
        remedy = "go to your project's folder, or create a project: gearbox-lite quickstart hello"
    raise UserError(problem, at=Location(path), remedy=remedy)
