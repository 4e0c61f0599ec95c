"""The process that workers are forked from, with what takes time already imported.

It does what multiprocessing's fork server does, without the resource tracker that comes with that one (6 MiB). It takes
requests from the supervisor over a socket, see ``Forks``, and ends with its last worker once nobody can ask any more.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import socket
import struct
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from gearbox_lite.server.messages import Plan

ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals that may be sent to all processes at once; the supervisor alone ends this one."""
LENGTH = struct.Struct("!I")
NUMBER = struct.Struct("!i")
MOST_DESCRIPTORS = 250
"""Linux passes 253 at once."""


def send(control: socket.socket, content: object, descriptors: list[int]) -> None:
    """Send something picklable and open descriptors."""
    data = pickle.dumps(content)
    socket.send_fds(control, [LENGTH.pack(len(data))], descriptors)
    control.sendall(data)


def _receive(control: socket.socket) -> tuple[Any, list[int]]:
    """Return what ``send`` has sent; raise EOFError where nobody can send any more."""
    head, descriptors, _, _ = socket.recv_fds(control, LENGTH.size, MOST_DESCRIPTORS)
    if not head:
        raise EOFError
    missing, parts = LENGTH.unpack(head)[0], []
    while missing:
        part = control.recv(missing)  # no more than this, since the next message may have come as well
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return pickle.loads(b"".join(parts)), descriptors  # noqa: S301 (from our own supervisor)


def main(control: socket.socket) -> None:
    """Fork a worker for each request until nobody can ask any more and all workers have ended."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    try:
        (sys.path[:], modules), _ = _receive(control)
    except EOFError:
        return
    for name in modules:
        with suppress(Exception):  # what does not load here is left to the worker
            import_module(name)
    gc.collect()
    gc.freeze()  # the workers share these objects' memory as long as nobody writes to them
    _serve(control)


def _serve(control: socket.socket) -> None:
    reports: dict[int, int] = {}
    woken, wakes = os.pipe()
    for end in (woken, wakes):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    sources: list[Any] = [control, woken]
    while control in sources or reports:
        ready, _, _ = select.select(sources, [], [])
        if woken in ready:
            os.read(woken, 1 << 16)
            _report_ended(reports)
        if control in ready:
            try:
                plan, descriptors = _receive(control)
            except (EOFError, OSError):
                sources.remove(control)
                continue
            report, channel, *listening = descriptors
            flush()  # what modules have printed is not to be printed by each worker again
            pid = os.fork()
            if pid == 0:
                for descriptor in (control.fileno(), woken, wakes, *reports.values()):
                    os.close(descriptor)
                _run_worker(plan, report, channel, listening)
            reports[pid] = report
            for descriptor in (channel, *listening):
                os.close(descriptor)
            os.write(report, NUMBER.pack(pid))


def _run_worker(plan: Plan, report: int, channel: int, listening: list[int]) -> None:
    """Become a worker; never return. Its report stays the fork server's, which alone knows how it ends."""
    os.close(report)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        from gearbox_lite.server import worker  # noqa: PLC0415 (imported already)

        worker.main(Connection(channel), [socket.socket(fileno=descriptor) for descriptor in listening], plan)
    except BaseException:  # noqa: BLE001 (nothing above may run in a worker)
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    finally:
        flush()
        os._exit(1)


def flush() -> None:
    """Write out what is printed, if somebody still reads it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


def _report_ended(reports: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            report = reports.pop(pid)
            with suppress(OSError):  # nobody may be interested any more
                os.write(report, NUMBER.pack(os.waitstatus_to_exitcode(status)))
            os.close(report)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
