"""Folders and files that only their owner can write; those that other users could have written are refused."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folders:
    """The folders of a file store: ``sessions`` and ``locks``, which are created inside the ``parents``."""

    sessions: Path
    locks: Path
    parents: tuple[Path, ...]


class UnsafePathError(ValueError):
    """A folder or file that other users can write, and what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


def make_private(folder: Path) -> list[Path]:
    """Create a folder and its parents, each with mode 0700 whatever the umask, and return those that were created.

    Raises OSError.
    """
    made = []
    for path in [*reversed(folder.parents), folder]:
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError:
            if path.is_dir():  # an administrator's, in a folder that is not ours, or on a read-only file system
                continue
            raise
        made.append(path)
    return made


def check_private(path: Path, *, may_be_sticky: bool = False) -> None:
    """Raise UnsafePathError if other users own or can write a folder or file; OSError if it is missing.

    Root's are as safe as our own. If ``may_be_sticky``, others may write a folder with the sticky bit, in which they
    cannot replace what is ours.
    """
    status = path.stat()
    kind = "folder" if stat.S_ISDIR(status.st_mode) else "file"
    if status.st_uid not in (os.geteuid(), 0):
        raise UnsafePathError(
            f"the {kind} {path} belongs to another user ({user_name(status.st_uid)}), who could forge sessions",
            f"run as that user, or run: chown -R {user_name(os.geteuid())} {path}",
        )
    if status.st_mode & 0o022 and not (may_be_sticky and status.st_mode & stat.S_ISVTX):
        raise UnsafePathError(
            f"other users can write the {kind} {path} (mode {stat.S_IMODE(status.st_mode):04o}) and forge sessions",
            f"run: chmod go-w {path}",
        )


def user_name(user: int) -> str:
    """Return the name of a user id, or the id itself if it has none."""
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
