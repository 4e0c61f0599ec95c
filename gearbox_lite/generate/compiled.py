"""A bytecode cache for our own templates, in the ``__pycache__`` folder where Python caches its compiled modules.

Without it, compiling the templates would take a third of a quickstart.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket


class _OptionalCache(FileSystemBytecodeCache):
    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store one template, except if Python is told not to write bytecode (``-B``) or the folder is read-only.

        Python does the same with its modules: it loads the bytecode that exists, and else compiles in memory.
        """
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def bytecode_cache() -> FileSystemBytecodeCache:
    """Return the cache."""
    return _OptionalCache(str(Path(cache_from_source(__file__)).parent))
