"""A Unix socket: bound at its path, in place of a stale one that a server left behind, and removed at shutdown."""

from __future__ import annotations

import errno
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gearbox_lite.errors import FAILURE, Setting, UserError

_LOCK_TRIES, _LOCK_RETRY_DELAY = 50, 0.02
"""How often a lock that another process holds is tried, and the seconds between two tries."""


def bind_path(path: Setting, mode: int) -> socket.socket:
    """Return a socket that listens at a path, replacing a stale one that a server left behind.

    Raises UserError with exit code 1 if something else is at the path or another process listens there.
    """
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _one_at_a_time(path):
            _remove_stale(path)
            bound.bind(path.value)
            os.chmod(path.value, mode)
            bound.listen(1024)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise _bind_error(path, error) from error
    except UserError:
        bound.close()
        raise
    return bound


@contextmanager
def _one_at_a_time(path: Setting) -> Iterator[None]:
    """Lock the path's folder while the block runs, so that servers that start at the same time bind one by one.

    Otherwise one could remove the socket that another has just bound and does not listen on yet. If the folder cannot
    be locked, or another program keeps it locked for a second, the block runs without the lock.
    """
    import fcntl

    number: int | None = None
    with suppress(OSError):
        number = os.open(Path(path.value).absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for _ in range(_LOCK_TRIES if number is not None else 0):
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
                break
            except BlockingIOError:
                time.sleep(_LOCK_RETRY_DELAY)
            except OSError:
                break
        yield
    finally:
        if number is not None:
            os.close(number)


def _remove_stale(path: Setting) -> None:
    """Remove a stale socket at a path. Raises UserError for a file, and for a socket on which a program listens."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path.value).st_mode):
            raise UserError(f"{path}: a file is in the way", at=path.at, remedy="remove it", code=FAILURE)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)  # a server whose backlog is full would block it
            if probe.connect_ex(path.value) not in (errno.ECONNREFUSED, errno.ENOENT):
                remedy = "stop it, or choose another path"
                raise UserError(f"{path}: another program listens there", at=path.at, remedy=remedy, code=FAILURE)
        os.unlink(path.value)


def _bind_error(path: Setting, error: OSError) -> UserError:
    folder = Path(path.value).absolute().parent
    remedies = {
        errno.ENOENT: f"make the folder first: mkdir -p {folder}",
        errno.ENOTDIR: f"choose a path in a folder, which {folder} is not",
        errno.EACCES: f"let this user write in {folder}, or choose another path",
        None: "choose a shorter path",  # Python's own error has no number
    }
    return UserError(
        f"{path}: cannot listen there: {error.strerror or error}",
        at=path.at,
        remedy=remedies.get(error.errno, "choose another path"),
        code=FAILURE,
    )


class SocketFile:
    """The file of our own socket, to be removed at shutdown unless another program has replaced it."""

    def __init__(self, path: Setting) -> None:
        """Remember the file that has just been bound. Raises UserError if it has been removed already."""
        self._path = Path(path.value).absolute()
        try:
            self._file = self._path.stat()
        except OSError as error:
            raise _bind_error(path, error) from error

    def __str__(self) -> str:
        return f"unix:{self._path} (file {self._file.st_ino})"

    def is_at(self, path: Setting) -> bool:
        """Whether this file is at a path."""
        try:
            return os.path.samestat(Path(path.value).stat(), self._file)
        except OSError:
            return False

    def set_mode(self, path: Setting, mode: int) -> None:
        """Change who may connect. Raises UserError if that fails."""
        try:
            self._path.chmod(mode)
        except OSError as error:
            raise _bind_error(path, error) from error

    def remove(self) -> None:
        """Remove the file, if it is still our own socket."""
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), self._file):
                self._path.unlink()
