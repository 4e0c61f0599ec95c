"""Which process listens on an address that we cannot bind because it is in use.

That is known with psutil only (``pip install 'gearbox-lite[port-owner]'``).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_UNKNOWN = "another program"


def owner_of(host: str, port: int) -> str:
    """Return the name and number of the process that listens there, or "another program" if they are unknown.

    If several processes share the socket, it is the one that started first. Most systems show only the processes of
    the same user, and some show none.
    """
    try:
        import psutil
    except ImportError:
        return _UNKNOWN
    try:
        found = [
            psutil.Process(one.pid)
            for one in psutil.net_connections("tcp")
            if one.status == psutil.CONN_LISTEN
            and (one.laddr.port == port and one.pid is not None)
            and one.laddr.ip in (host, "0.0.0.0", "::")  # noqa: S104 (a comparison, nothing is bound)
        ]
        if found:
            oldest = min(found, key=psutil.Process.create_time)
            return f"{_program(oldest)} (process {oldest.pid})"
    except (psutil.Error, OSError):
        pass
    return _UNKNOWN


def _program(process: psutil.Process) -> str:
    """Return the name of a process' program; for Python, that of the script that it runs."""
    name, words = str(process.name()), process.cmdline()
    if name.startswith("python") and len(words) > 1 and not words[1].startswith("-"):
        return os.path.basename(str(words[1]))
    return name
