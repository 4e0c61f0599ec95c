"""Which process listens on an address that we want."""

from __future__ import annotations

import os

import psutil


def holder(host: str, port: int) -> str:
    """Return the name and number of the process that listens there, or that it is another program.

    Of several processes with the same socket it is the one that started first. Systems tell of one's own processes
    only, some of none.
    """
    try:
        connections = psutil.net_connections("tcp")
        found = [
            psutil.Process(one.pid)
            for one in connections
            if one.status == psutil.CONN_LISTEN
            and (one.laddr.port == port and one.pid is not None)
            and one.laddr.ip in (host, "0.0.0.0", "::")  # noqa: S104 (a comparison, nothing is bound)
        ]
        if found:
            oldest = min(found, key=psutil.Process.create_time)
            return f"{_name(oldest)} (process {oldest.pid})"
    except (psutil.Error, OSError):
        pass
    return "another program"


def _name(process: psutil.Process) -> str:
    """Return the program's name; of one in Python the script's."""
    name, words = str(process.name()), process.cmdline()
    if name.startswith("python") and len(words) > 1 and not words[1].startswith("-"):
        return os.path.basename(str(words[1]))
    return name
