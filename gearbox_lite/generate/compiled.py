"""Our own templates, compiled once and kept where Python keeps its compiled modules.

Compiling them would take a third of a quickstart.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket


class _Kept(FileSystemBytecodeCache):
    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one template; where that cannot be, as with Python's own modules, it is compiled each time."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def kept() -> FileSystemBytecodeCache | None:
    """Return where compiled templates are kept; None where Python is not to write bytecode (``-B``)."""
    return None if sys.dont_write_bytecode else _Kept(str(Path(cache_from_source(__file__)).parent))
