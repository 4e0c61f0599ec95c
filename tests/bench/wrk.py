"""The load: wrk on keep-alive connections, and the figures of each run."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from figures import Bench, Figure, MissingError, in_turns
from processes import Server

SCRIPT = Path(__file__).with_name("check.lua")
UNCHECKED = "-"
"""The body with which only the status of answers is checked."""


def require() -> None:
    """Raise MissingError if wrk is not installed."""
    if shutil.which("wrk") is None:
        raise MissingError("wrk: apt-get install wrk")


@dataclass
class Load:
    """What wrk does to one server, and what each run has measured besides requests a second."""

    server: Server
    path: str
    connections: int
    body: str = "hello"
    cookie: str = ""
    sets_cookie: bool = False
    method: str = "GET"
    p99: list[float] = field(default_factory=list)
    """Milliseconds."""
    microseconds: list[float] = field(default_factory=list)
    """Processor time that the server needed for a request."""
    generator: list[float] = field(default_factory=list)
    """Share of the processor time of all cores that wrk took, in percent."""

    def run(self, seconds: int) -> float:
        """Return requests a second. Raises AssertionError if an answer was wrong or a connection broke."""
        before, wrk_before = self.server.processor_time(), _processor_time_of_children()
        header = ["-H", f"Cookie: {self.cookie}"] if self.cookie else []
        words = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "-s", SCRIPT, *header]
        url = f"http://127.0.0.1:{self.server.port}{self.path}"
        rules = [self.body, "cookie" if self.sets_cookie else "any", self.method]
        output = subprocess.run([*words, url, "--", *rules], capture_output=True, text=True, check=True).stdout
        requests, taken, p99, wrong = map(float, output.split()[-4:])
        assert requests, f"{self.server.command}: no answer to {self.path} in {seconds} s: {self.server.log()}"
        assert wrong == 0, f"{url}: {wrong:.0f} wrong answers or broken connections: {output}"
        self.p99.append(p99)
        self.microseconds.append((self.server.processor_time() - before) * 1e6 / requests)
        self.generator.append((_processor_time_of_children() - wrk_before) * 100 / taken / (os.cpu_count() or 1))
        return requests / taken

    def forget(self) -> None:
        """Drop what runs have measured that only warmed the server up."""
        for samples in (self.p99, self.microseconds, self.generator):
            samples.clear()


def _processor_time_of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def compare(bench: Bench, what: str, loads: dict[str, Load], rounds: int = 3, seconds: int = 1) -> list[Figure]:
    """Measure all servers in turns, once they are warm: requests a second, processor time for a request, and p99."""
    bench.progress(what)
    for load in loads.values():
        load.run(1)
        load.forget()
    runs = {name: partial(load.run, bench.rounds(seconds, 1)) for name, load in loads.items()}
    samples = in_turns(runs, bench.rounds(rounds, 1), warm_up=False)
    figures = [Figure(what, name, "requests/s", values) for name, values in samples.items()]
    figures += [Figure(f"{what}, processor", name, "us", load.microseconds) for name, load in loads.items()]
    return figures + [Figure(f"{what}, p99", name, "ms", load.p99) for name, load in loads.items()]


def shares(what: str, loads: dict[str, Load]) -> list[Figure]:
    """Return how much of all cores wrk took itself, beside these servers."""
    return [Figure(f"{what}, wrk's share of the cores", name, "%", load.generator) for name, load in loads.items()]
