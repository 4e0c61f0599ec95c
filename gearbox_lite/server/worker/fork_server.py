"""The process that workers are forked from, with what takes time already imported.

It does what multiprocessing's fork server does, without the resource tracker that comes with that one (6 MiB). It takes
requests from the supervisor over a socket, see ``Spawner``, and ends with its last worker once that socket is closed.
Only the supervisor holds the other end, so what comes is its own and may be pickled.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import socket
import struct
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import wait
from typing import Any

from gearbox_lite.server import descriptors
from gearbox_lite.server.http.shutdown import flush
from gearbox_lite.server.worker.control_channel import ControlChannel
from gearbox_lite.server.worker.protocol import FROM_SUPERVISOR, Plan

ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Signals that may be sent to all processes at once; the supervisor alone ends this one."""
LENGTH = struct.Struct("!I")
NUMBER = struct.Struct("!i")
MOST_DESCRIPTORS = 250
"""Linux passes 253 at once."""


def send(control: socket.socket, content: object, passed: list[int]) -> None:
    """Send something picklable and open descriptors. Raises OSError, TimeoutError after the socket's own time limit."""
    data = pickle.dumps(content)
    socket.send_fds(control, [LENGTH.pack(len(data))], passed)
    control.sendall(data)


def _receive(control: socket.socket) -> tuple[Any, list[int]]:
    """Return what ``send`` has sent. Raises EOFError once the supervisor has closed its end."""
    head, passed = descriptors.receive(control, LENGTH.size, MOST_DESCRIPTORS)
    if not head:
        raise EOFError
    missing, parts = LENGTH.unpack(head)[0], []
    while missing:
        part = control.recv(missing)  # no more than this, since the next message may have come as well
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return pickle.loads(b"".join(parts)), passed  # noqa: S301 (from our own supervisor)


def main(control: socket.socket) -> None:
    """Fork a worker for each request until the supervisor closes its end and all workers have ended."""
    control.set_inheritable(False)
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
    gc.freeze()  # the workers share these objects' memory as long as none writes to them
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
        ready = wait(sources)
        if woken in ready:
            os.read(woken, 1 << 16)
            _report_ended(reports)
        if control in ready:
            try:
                plan, passed = _receive(control)
            except (EOFError, OSError):
                sources.remove(control)
                continue
            report, channel, *listening = passed
            flush()  # what modules have printed is not to be printed by each worker again
            try:
                pid = os.fork()
            except OSError:  # the system has no room for it, as the closed report tells
                descriptors.close_all(passed)
                continue
            if pid == 0:
                control.close()
                descriptors.close_all([woken, wakes, *reports.values()])
                _run_worker(plan, report, channel, listening)
            reports[pid] = report
            descriptors.close_all([channel, *listening])
            with suppress(OSError):  # the supervisor has given up on this one, or has ended
                os.write(report, NUMBER.pack(pid))


def _run_worker(plan: Plan, report: int, channel: int, listening: list[int]) -> None:
    """Become a worker; never return. Its report stays the fork server's, which alone knows how it ends."""
    os.close(report)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        from gearbox_lite.server.worker import main as worker

        sockets = [socket.socket(fileno=descriptor) for descriptor in listening]
        worker.main(ControlChannel(socket.socket(fileno=channel), FROM_SUPERVISOR), sockets, plan)
    except BaseException:  # noqa: BLE001 (nothing above may run in a worker)
        import traceback

        traceback.print_exc()
    finally:
        flush()
        os._exit(1)


def _report_ended(reports: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            report = reports.pop(pid, None)
            if report is None:  # a program of a module that has been imported here
                continue
            with suppress(OSError):  # the supervisor may have ended
                os.write(report, NUMBER.pack(os.waitstatus_to_exitcode(status)))
            os.close(report)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
