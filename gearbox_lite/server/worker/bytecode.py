"""Importing the user's modules so that Python never loads a stale .pyc file: bytecode of an earlier save."""

from __future__ import annotations

import os
import sys
import time
from importlib import machinery
from importlib.util import cache_from_source

from gearbox_lite.application.user_code import is_installed

FILE_TIME_RESOLUTION = 2.0
"""Seconds by which bytecode must be newer than its source to be trusted; file times may be this coarse."""


class _Loader(machinery.SourceFileLoader):
    def path_stats(self, path: str | bytes | os.PathLike[str]) -> dict[str, float]:
        """Raise OSError, which means compile and write no bytecode, if the bytecode may be that of an earlier save.

        Python compares only whole seconds and sizes (https://docs.python.org/3/reference/import.html#pyc-invalidation),
        and two saves within a second may have both in common. Bytecode that is much older than the source contains
        another time, so Python itself replaces it.
        """
        stats = super().path_stats(os.fsdecode(path))
        try:
            written = os.stat(cache_from_source(os.fsdecode(path))).st_mtime
        except OSError:
            written = time.time()
        if abs(written - stats["mtime"]) < FILE_TIME_RESOLUTION:
            raise OSError
        return dict(stats)


_finder = machinery.FileFinder.path_hook(
    (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
    (_Loader, machinery.SOURCE_SUFFIXES),
    (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
)


def _hook(path: str) -> object:
    if is_installed(path):
        raise ImportError
    return _finder(path)


def install() -> None:
    """Use this loader for all modules that are not installed."""
    sys.path_hooks.insert(0, _hook)  # type: ignore[arg-type]
    for path in list(sys.path_importer_cache):
        if not is_installed(path):
            del sys.path_importer_cache[path]
