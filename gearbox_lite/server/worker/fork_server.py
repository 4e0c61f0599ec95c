"""The process that workers are forked from, with what takes time already imported.

It does what multiprocessing's fork server does, without the resource tracker that comes with that one (6 MiB). It reads
requests from the supervisor's ``Spawner`` over a socket, and exits with its last worker once that socket is closed.
Only the supervisor has the other end, so the requests can be trusted and are pickled.

Fork and signals, in this order:

1. The supervisor blocks the signals of ``ENDING`` before it starts this process, and this process ignores them before
   it unblocks them: Ctrl-C, which reaches all processes of a terminal, never kills it. Only the supervisor ends it, by
   closing the socket.
2. It has one thread and stays at one: a fork copies only the thread that calls it, but also the locks of all others.
3. SIGCHLD only wakes the loop (``set_wakeup_fd``), which then reaps all workers that have exited: several exits may
   arrive as one signal.
4. A new worker restores the default of SIGCHLD and closes what belongs to this process before it loads anything. It
   then sets its own handlers of the other signals (``run_worker``).
5. The process id is reported before the exit code, through a pipe that only this process writes to.
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
"""Signals that may be sent to all processes at once; this process ignores them."""
LENGTH = struct.Struct("!I")
NUMBER = struct.Struct("!i")
MAX_DESCRIPTORS = 250
"""In one request; Linux passes at most 253 at once."""


def send(control: socket.socket, content: object, passed: list[int]) -> None:
    """Send something picklable and open descriptors. Raises OSError; TimeoutError after the socket's own timeout."""
    data = pickle.dumps(content)
    socket.send_fds(control, [LENGTH.pack(len(data))], passed)
    control.sendall(data)


def _receive(control: socket.socket) -> tuple[Any, list[int]]:
    """Return what ``send`` has sent. Raises EOFError once the supervisor has closed its end."""
    head, passed = descriptors.receive(control, LENGTH.size, MAX_DESCRIPTORS)
    if not head:
        raise EOFError
    missing, parts = LENGTH.unpack(head)[0], []
    while missing:
        part = control.recv(missing)  # no more than this, since the next request may have arrived as well
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return pickle.loads(b"".join(parts)), passed  # noqa: S301 (from our own supervisor)


def run_fork_server(control: socket.socket) -> None:
    """Fork a worker for each request until the supervisor closes its end and all workers have exited."""
    control.set_inheritable(False)
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    try:
        # A new interpreter takes over the supervisor's path. Only application/user_code.py adds to it.
        (sys.path[:], modules), _ = _receive(control)
    except EOFError:
        return
    for name in modules:
        with suppress(Exception):  # what cannot be imported here may be importable in the worker
            import_module(name)
    gc.collect()
    gc.freeze()  # the workers share these objects' memory as long as none writes to them
    _serve(control)


def _serve(control: socket.socket) -> None:
    reports: dict[int, int] = {}
    wakeup_reader, wakeup_writer = os.pipe()
    for end in (wakeup_reader, wakeup_writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wakeup_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    sources: list[Any] = [control, wakeup_reader]
    while control in sources or reports:
        ready = wait(sources)
        if wakeup_reader in ready:
            os.read(wakeup_reader, 1 << 16)
            _reap(reports)
        if control in ready:
            try:
                plan, passed = _receive(control)
            except (EOFError, OSError):
                sources.remove(control)
                continue
            report, channel, *listening = passed
            flush()  # otherwise each worker would print again what modules have printed
            try:
                pid = os.fork()
            except OSError:  # no room; the supervisor finds the report closed without a process id
                descriptors.close_all(passed)
                continue
            if pid == 0:
                control.close()
                descriptors.close_all([wakeup_reader, wakeup_writer, *reports.values()])
                _run_worker(plan, report, channel, listening)
            reports[pid] = report
            descriptors.close_all([channel, *listening])
            with suppress(OSError):  # the supervisor no longer waits for this one, or has exited
                os.write(report, NUMBER.pack(pid))


def _run_worker(plan: Plan, report: int, channel: int, listening: list[int]) -> None:
    """Become a worker; never return. Only the fork server, its parent, can report its exit code."""
    os.close(report)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        from gearbox_lite.server.worker import main as worker

        sockets = [socket.socket(fileno=descriptor) for descriptor in listening]
        worker.run_worker(ControlChannel(socket.socket(fileno=channel), FROM_SUPERVISOR), sockets, plan)
    except BaseException:  # noqa: BLE001 (nothing of the fork server may run in a worker)
        import traceback

        traceback.print_exc()
    finally:
        flush()
        os._exit(1)


def _reap(reports: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            report = reports.pop(pid, None)
            if report is None:  # a child process of a module that was imported here
                continue
            with suppress(OSError):  # the supervisor may have exited
                os.write(report, NUMBER.pack(os.waitstatus_to_exitcode(status)))
            os.close(report)


if __name__ == "__main__":
    run_fork_server(socket.socket(fileno=int(sys.argv[1])))
