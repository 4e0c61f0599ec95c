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
        """Store one template. If the folder is read-only it is compiled each time, as Python does with modules."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def bytecode_cache() -> FileSystemBytecodeCache | None:
    """Return the cache, or None if Python is told not to write bytecode (``-B``)."""
    return None if sys.dont_write_bytecode else _OptionalCache(str(Path(cache_from_source(__file__)).parent))
