"""Starting processes, measuring their time and memory, and killing them whatever happens."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from client import get

ANSWER_TIMEOUT = 60.0
"""Seconds after which the run gives up on a process that should have answered or exited."""

_SUBREAPER = 36  # prctl(2): PR_SET_CHILD_SUBREAPER


def keep_orphans() -> None:
    """Become the parent of every descendant whose own parent exits, so that ``end_all`` finds it."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def below(pid: int) -> list[int]:
    """Return the ids of all descendants of this process."""
    try:
        return [process.pid for process in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end_all() -> None:
    """Kill every descendant of this process, also those that are started while this runs."""
    while remaining := below(os.getpid()):
        _kill(remaining)


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def time_to_end(command: list[object], cwd: Path, expected: str = "", **environment: str) -> float:
    """Run a command and return how many milliseconds it took. Raises AssertionError for a wrong exit code or output."""
    words = [str(word) for word in command]
    started = time.perf_counter()
    result = subprocess.run(
        words, cwd=cwd, env=_environ(environment), capture_output=True, text=True, check=False, timeout=ANSWER_TIMEOUT
    )
    spent = (time.perf_counter() - started) * 1000
    output = result.stdout + result.stderr
    assert result.returncode == 0, f"{words} ended with {result.returncode}: {output}"
    assert expected in output, f"{words} did not say {expected!r}: {output}"
    return spent


class Server:
    """A server and all its processes, from the start to the first correct answer to the exit."""

    def __init__(self, command: list[object], cwd: Path, port: int, **environment: str) -> None:
        self.command = [str(word) for word in command]
        self.cwd = cwd
        self.port = port
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, body: str = "") -> float:
        """Start it and return the milliseconds until /version is answered with 200 (and this body)."""
        with (self.cwd / f"{self.port}.log").open("wb") as log:
            started = time.perf_counter()
            self.process = subprocess.Popen(
                self.command, cwd=self.cwd, env=_environ(self.environment), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        while time.perf_counter() - started < ANSWER_TIMEOUT:
            with contextlib.suppress(OSError):
                answer = get(self.port, "/version")
                if answer.status == 200 and body in answer.body:
                    return (time.perf_counter() - started) * 1000
            assert self.process.poll() is None, f"{self.command} ended: {self.log()}"
            time.sleep(0.001)
        raise AssertionError(f"{self.command} does not answer: {self.log()}")

    def log(self) -> str:
        return (self.cwd / f"{self.port}.log").read_text(errors="replace")[-2000:]

    def memory(self) -> float:
        """Return the MiB of all its processes together; memory that several of them share counts once (PSS)."""
        assert self.process is not None
        kilobytes = 0
        for pid in [self.process.pid, *below(self.process.pid)]:
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                kilobytes += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        return kilobytes / 1024

    def processor_time(self) -> float:
        """Return the seconds of processor time that all its processes have used, with those that have been reaped."""
        assert self.process is not None
        spent = 0.0
        for pid in [self.process.pid, *below(self.process.pid)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                spent += sum(psutil.Process(pid).cpu_times()[:4])
        return spent

    def wake_ups(self) -> int:
        """Return how often all its threads have started to run after a wait."""
        assert self.process is not None
        found = 0
        for pid in [self.process.pid, *below(self.process.pid)]:
            for status in Path(f"/proc/{pid}/task").glob("*/status"):
                with contextlib.suppress(OSError):
                    lines = status.read_text().splitlines()
                    found += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches:"))
        return found

    def settle(self) -> None:
        """Wait until no process of it has started or exited for half a second: a replaced worker exits last."""
        assert self.process is not None
        before: list[int] = []
        while before != (before := below(self.process.pid)):
            time.sleep(0.5)

    def stop(self) -> None:
        """Send SIGTERM, and kill what remains after a moment."""
        if self.process is None:
            return
        children = below(self.process.pid)
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
        children += below(self.process.pid)
        self.process.kill()
        self.process.wait()
        _kill(children)
        self.process = None


@dataclass
class Idle:
    """What a server does in each second without requests."""

    wake_ups: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    """Of processor time."""


def idle(servers: dict[str, Server], seconds: int, rounds: int) -> dict[str, Idle]:
    """Measure all servers at the same time, while none of them gets requests."""
    found = {name: Idle() for name in servers}
    for _ in range(rounds):
        started = time.perf_counter()
        before = {name: (server.wake_ups(), server.processor_time()) for name, server in servers.items()}
        time.sleep(seconds)
        taken = time.perf_counter() - started
        for name, server in servers.items():
            wake_ups, spent = before[name]
            found[name].wake_ups.append((server.wake_ups() - wake_ups) / taken)
            found[name].milliseconds.append((server.processor_time() - spent) * 1000 / taken)
    return found


@contextlib.contextmanager
def running(servers: dict[str, Server]) -> Iterator[None]:
    """Start all these servers, and stop them when the block ends."""
    try:
        for server in servers.values():
            server.start()
        yield
    finally:
        for server in servers.values():
            server.stop()


def _environ(extra: dict[str, str]) -> dict[str, str]:
    """Return an environment without other programs' settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": tempfile.gettempdir(), "PYTHONUNBUFFERED": "1", **extra}
