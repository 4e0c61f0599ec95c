"""Which process listens on an address that we want."""

from __future__ import annotations

import psutil


def holder(host: str, port: int) -> str:
    """Return the name and number of the process that listens there, or that it is another program.

    The system tells it of one's own processes only, some systems of none.
    """
    try:
        for one in psutil.net_connections("tcp"):
            same_port = one.status == psutil.CONN_LISTEN and one.laddr.port == port
            if same_port and one.pid is not None and one.laddr.ip in (host, "0.0.0.0", "::"):  # noqa: S104
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    except (psutil.Error, OSError):
        pass
    return "another program"
