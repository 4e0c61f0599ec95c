"""Rendered paths: which may be written, on any system and beside each other."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

GIT = frozenset({".git", "git~1"})
"""Git's own folder and its short name on Windows."""

DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³")}
)
"""Names that are devices on Windows, with any ending.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file has this list and the forbidden characters.
"""

LONGEST = 255
"""Most bytes that common file systems take in a name."""

FORBIDDEN = frozenset('\\:*?"<>|')


def refusal(path: str) -> str | None:
    """Say why a rendered path cannot be written inside a project; None if it can."""
    if path.startswith("/"):
        return "is absolute"
    for part in path.split("/"):
        folded = part.lower()
        if part in ("", ".", ".."):
            return "leaves the project" if part == ".." else "has an empty part"
        if not part.isprintable() or FORBIDDEN & set(part):
            return "has a character that not every system can write"
        if len(part.encode()) > LONGEST:
            return f"has a part of more than {LONGEST} bytes, which file systems do not take"
        if part[-1] in ". ":
            return "has a part that ends in a dot or a space, which Windows drops"
        if folded in GIT:
            return "is inside git's own folder"
        if folded.partition(".")[0].rstrip() in DEVICES:
            return f"has the part {part!r}, which is a device on Windows"
    return None


class Taken:
    """The paths of a project so far, as a file system sees them that takes upper and lower case for the same."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add(self, path: PurePosixPath) -> str | None:
        """Take a file's path; return an earlier path that it cannot stand beside, None where there is none."""
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
