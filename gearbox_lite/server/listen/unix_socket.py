"""A listening socket at a path of the file system."""

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

_TRIES, _PAUSE = 50, 0.02
"""How often, and after how many seconds each time, a lock is tried that another process holds."""


def bind_path(path: Setting, mode: int) -> socket.socket:
    """Return a socket that listens on a path, in place of one that a finished server left there.

    Raises UserError, exit code 1, if something else is at the path or another process listens there.
    """
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _one_at_a_time(path):
            _make_way(path)
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
    """Lock the path's folder, so that of servers that start at once each sees whether another one listens.

    Without it one removes the socket that another has just bound and does not listen on yet. If the folder cannot be
    locked, or another program keeps it locked for a second, it is done without.
    """
    import fcntl

    number: int | None = None
    with suppress(OSError):
        number = os.open(Path(path.value).absolute().parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for _ in range(_TRIES if number is not None else 0):
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
                break
            except BlockingIOError:
                time.sleep(_PAUSE)
            except OSError:
                break
        yield
    finally:
        if number is not None:
            os.close(number)


def _make_way(path: Setting) -> None:
    """Remove what a finished server left at a path. Raises UserError for anything else."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path.value).st_mode):
            raise UserError(f"{path}: a file is in the way", at=path.at, remedy="remove it", code=FAILURE)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)  # a server with a full backlog would not accept it
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
        None: "choose a shorter path",  # the one error that is Python's own
    }
    return UserError(
        f"{path}: cannot listen there: {error.strerror or error}",
        at=path.at,
        remedy=remedies.get(error.errno, "choose another path"),
        code=FAILURE,
    )


class SocketFile:
    """The path of a socket of ours, to be removed at the end where nobody else has taken it meanwhile."""

    def __init__(self, path: Setting) -> None:
        """Take the socket that has just been bound. Raises UserError where it has gone already."""
        self._path = Path(path.value).absolute()
        try:
            self._file = self._path.stat()
        except OSError as error:
            raise _bind_error(path, error) from error

    def __str__(self) -> str:
        return f"unix:{self._path} (file {self._file.st_ino})"

    def is_at(self, path: Setting) -> bool:
        """Whether a path still is that of the same socket."""
        try:
            return os.path.samestat(Path(path.value).stat(), self._file)
        except OSError:
            return False

    def set_mode(self, path: Setting, mode: int) -> None:
        """Change who may connect. Raises UserError where that fails."""
        try:
            self._path.chmod(mode)
        except OSError as error:
            raise _bind_error(path, error) from error

    def remove(self) -> None:
        """Remove the path if it still is that of the same socket."""
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), self._file):
                self._path.unlink()
