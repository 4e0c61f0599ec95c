"""Where a worker process begins; the supervisor imports this much of it and no more."""

from __future__ import annotations

import os
import socket
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from gearbox_lite.server.messages import Plan


def main(channel: Connection, sockets: list[socket.socket], plan: Plan) -> None:
    """Run one worker to its end."""
    tracker: Any = resource_tracker._resource_tracker  # noqa: SLF001
    if tracker._fd is not None:  # noqa: SLF001 (it is Forks' stand-in; an application that needs one starts its own)
        os.close(tracker._fd)  # noqa: SLF001
        tracker._fd = None  # noqa: SLF001
    from gearbox_lite.server import worker  # noqa: PLC0415 (the fork server has it)

    worker.main(channel, sockets, plan)
