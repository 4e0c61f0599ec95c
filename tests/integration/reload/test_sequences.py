"""Starts, reloads, signals and shutdowns at random moments leave nothing behind.

The suite runs a few sequences. GEARBOX_LITE_SEQUENCES=1000 runs that many, and ``-n 4`` four at a time.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT, free_port
from support.plain import descriptors_of, write_code, write_site

SEQUENCES = int(os.environ.get("GEARBOX_LITE_SEQUENCES", "6"))
CHILD = """
import subprocess
child = subprocess.Popen(['sleep', '120'], close_fds=False)
with open(f'child-{child.pid}', 'w'): pass
"""


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_no_sequence_of_signals_leaks_a_port_a_process_or_a_descriptor(tmp_path, seed):
    chance = random.Random(seed)
    write_site(tmp_path, load=CHILD, serve_lines="drain_timeout = 5")
    port = free_port()
    reload = chance.choice(["--reload", "--no-reload"])
    command = [sys.executable, PROGRAM, "serve", "--workers", "2", "--port", str(port), reload]
    with (tmp_path / "output").open("w") as output:
        server = psutil.Popen(command, cwd=tmp_path, stdout=output, stderr=output)
        family = {server.pid: psutil.Process(server.pid)}
        try:
            for number in range(chance.randint(0, 5)):
                _pause(chance)
                _act(chance, server, tmp_path, port, number)
                _note(server, family)
            _pause(chance)
            _note(server, family)
            end = chance.choice([signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
            # Before the first line of output, Python itself may be starting: Ctrl-C shows a traceback or is ignored.
            is_python_starting = end == signal.SIGINT and not (tmp_path / "output").read_text()
            server.send_signal(signal.SIGTERM if is_python_starting else end)
            server.wait(TEST_TIMEOUT)
            _assert_nothing_is_left(tmp_path, family, port)
            assert "gearbox_lite" not in (tmp_path / "output").read_text(), "a traceback of ours"
        finally:
            for pid in [*family, *_children(tmp_path)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _pause(chance: random.Random) -> None:
    """Wait for a random moment of the start, a reload or the shutdown: each takes some tenths of a second."""
    time.sleep(chance.random() ** 2 * 0.6)


def _act(chance: random.Random, server: subprocess.Popen[str], folder: Path, port: int, number: int) -> None:
    action = chance.choice(["hangup", "edit", "kill a worker", "terminate a worker", "request", "open a connection"])
    if action == "hangup" and (folder / "output").read_text():  # before that SIGHUP still has its default action
        server.send_signal(signal.SIGHUP)
    elif action == "edit":
        write_code(folder, load=CHILD, version=f"version {number}")
    elif action in ("kill a worker", "terminate a worker"):
        with contextlib.suppress(psutil.NoSuchProcess):
            workers = [one for child in server.children() for one in child.children() if one.name() != "sleep"]
            if workers:
                chance.choice(workers).send_signal(signal.SIGKILL if action == "kill a worker" else signal.SIGTERM)
    else:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2) as client:
            if action == "request":
                client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.recv(1000)


def _note(server: psutil.Popen, family: dict[int, psutil.Process]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        family.update((one.pid, one) for one in server.children(recursive=True) if one.name() != "sleep")


def _children(folder: Path) -> list[int]:
    return [int(path.name.partition("-")[2]) for path in folder.glob("child-*")]


def _assert_nothing_is_left(folder: Path, family: dict[int, psutil.Process], port: int) -> None:
    _, alive = psutil.wait_procs(family.values(), timeout=TEST_TIMEOUT / 2)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    with socket.create_server(("127.0.0.1", port)):
        pass
    for child in _children(folder):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            assert not [one for one in descriptors_of(child) if "socket:" in one]
