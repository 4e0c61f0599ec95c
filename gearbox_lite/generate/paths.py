"""Checks of rendered paths: valid on every system, inside the project, and without collisions."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

GIT_FOLDERS = frozenset({".git", "git~1"})
"""Git's own folder, and its short name on Windows."""

DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³")}
)
"""Device names on Windows, with any extension.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file has this list and the forbidden characters.
"""

MAX_NAME_BYTES = 255
"""Maximum number of bytes in a file's name on common file systems."""

FORBIDDEN = frozenset('\\:*?"<>|')


def path_problem(path: str) -> str | None:
    """Return why a rendered path cannot be written in a project; None if it can."""
    if path.startswith("/"):
        return "is an absolute path"
    for part in path.split("/"):
        folded = part.lower()
        if part in ("", ".", ".."):
            return "leaves the project" if part == ".." else "has an empty component"
        if not part.isprintable() or FORBIDDEN & set(part):
            return "has a character that is not allowed on every system"
        if len(part.encode()) > MAX_NAME_BYTES:
            return f"has a component of more than {MAX_NAME_BYTES} bytes, the limit of file systems"
        if part[-1] in ". ":
            return "has a component that ends in a dot or a space, which Windows removes"
        if folded in GIT_FOLDERS:
            return "is inside git's own folder"
        if folded.partition(".")[0].rstrip() in DEVICES:
            return f"has the component {part!r}, which is a device on Windows"
    return None


class PathCollisions:
    """Detects files that would collide on a case-insensitive file system, as on macOS and Windows."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add(self, path: PurePosixPath) -> str | None:
        """Register a file's path; return the earlier path that it collides with, None if there is none."""
        name = str(path)
        folded = _fold(name)
        if folded in self._files or folded in self._folders:
            return self._files.get(folded) or self._folders[folded]
        for parent in path.parents[:-1]:
            folder, folded_folder = str(parent), _fold(str(parent))
            if folded_folder in self._files:
                return self._files[folded_folder]
            known = self._folders.setdefault(folded_folder, folder)
            if known != folder:
                return known
        self._files[folded] = name
        return None


def _fold(path: str) -> str:
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path.casefold())
