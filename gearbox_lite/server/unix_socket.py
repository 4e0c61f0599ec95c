"""A listening socket at a path of the file system."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from gearbox_lite.errors import FAILURE, Setting, UserError


def bind(path: Setting, mode: int) -> socket.socket:
    """Return a socket that listens on a path, in place of one that a finished server left there.

    Raises UserError, exit code 1, where something else is at the path or somebody listens there.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.stat(path.value).st_mode):  # noqa: PTH116 (the path's own kind matters)
            raise UserError(f"{path}: a file is in the way", at=path.at, remedy="remove it", code=FAILURE)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(path.value) == 0:
                raise UserError(f"{path}: another program listens there", at=path.at, code=FAILURE)
        with suppress(FileNotFoundError):
            os.unlink(path.value)  # noqa: PTH108
        bound.bind(path.value)
        os.chmod(path.value, mode)  # noqa: PTH101
        bound.listen(1024)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise UserError(f"{path}: cannot listen there: {error.strerror or error}", at=path.at, code=FAILURE) from error
    except UserError:
        bound.close()
        raise
    return bound


class Place:
    """The path of a socket of ours, to be removed at the end where nobody else has taken it meanwhile."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).absolute()
        self._file = self._path.stat()

    def remove(self) -> None:
        """Remove the path if it still is that of the same socket."""
        with suppress(OSError):
            if os.path.samestat(self._path.stat(), self._file):
                self._path.unlink()
