"""Measure gearbox-lite next to the programs that a user would choose instead, in turns, in one run on this machine.

The other programs are installed once, in virtual environments in ~/.cache/gearbox-lite-bench. Each figure is the
median, with the minimum and the maximum; the ratio is the figure divided by gearbox-lite's.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import re
import signal
import sys
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for support.services, which starts the stores

import goals
import processes
import rivals
import table
from figures import Bench, Figure, MissingError

CASES = [
    "start",
    "quickstart",
    "first_answer",
    "reload",
    "large_project",
    "live_reload",
    "open_pages",
    "load",
    "servers",
    "sessions",
    "database",
    "database_reload",
    "memory",
    "idle",
]
PAGE = rivals.REPOSITORY / "docs" / "performance.md"
BEGIN, END = "<!-- tests/bench/run.py --docs writes from here -->", "<!-- to here -->"


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    processes.keep_orphans()
    results: dict[str, list[Figure]] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="gearbox-lite-bench-") as folder:
            tempfile.tempdir = folder  # so that no program leaves files elsewhere
            bench = Bench(Path(folder), quick=options.quick)
            machine = _machine()
            print(machine, flush=True)
            for case in options.cases:
                _measure(case, bench, results)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        processes.end_all()
    print(table.goals_in_terminal(goals.outcomes(results)))
    for text in bench.missing:
        print(f"not measured: {text}")
    if options.json:
        data = [row for case, figures in results.items() for row in table.as_data(case, figures)]
        report = {"machine": machine, "quick": options.quick, "missing": bench.missing, "figures": data}
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    if bench.failed:
        print(f"failed: {', '.join(bench.failed)}", file=sys.stderr)
        return 1
    if options.docs:
        _write_page(machine, bench, results)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"one of {', '.join(CASES)}; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures, with all samples")
    parser.add_argument("--quick", action="store_true", help="measure fewer rounds, for a first impression")
    parser.add_argument("--docs", action="store_true", help="write the tables of a whole run to docs/performance.md")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}; choose from {', '.join(CASES)}")
    if options.docs and (options.cases or options.quick):
        parser.error("--docs needs a whole run: no CASE and no --quick")
    options.cases = options.cases or CASES
    return options


def _measure(case: str, bench: Bench, results: dict[str, list[Figure]]) -> None:
    module = import_module(f"cases.{case}")
    print(f"{case}: {module.TITLE}", file=sys.stderr, flush=True)
    started = time.monotonic()
    try:
        results[case] = module.measure(bench)
    except MissingError as error:
        bench.lacks(error)
        return
    except Exception as error:  # noqa: BLE001 (the other cases are still worth measuring)
        traceback.print_exception(error)
        bench.failed.append(case)
        return
    print(f"  done in {time.monotonic() - started:.0f} s", file=sys.stderr)
    print(table.terminal(module.TITLE, results[case]), flush=True)


def _machine() -> str:
    """Return the date, the machine and the versions that are compared."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    versions = []
    for environment in rivals.REQUIREMENTS:
        try:
            versions.append(rivals.versions(environment))
        except MissingError as error:
            versions.append(f"no {environment} ({error})")
    return (
        f"{dt.datetime.now(tz=dt.timezone.utc).date()}, {os.cpu_count()} cores"
        f" ({cpu[1] if cpu else platform.processor()}), Linux {platform.release()},"
        f" Python {platform.python_version()}; {', '.join(versions)}"
    )


def _write_page(machine: str, bench: Bench, results: dict[str, list[Figure]]) -> None:
    parts = [BEGIN, f"{machine}.", table.goals_in_markdown(goals.outcomes(results))]
    parts += [table.markdown(import_module(f"cases.{case}").TITLE, figures) for case, figures in results.items()]
    parts += [f"Not measured: {'; '.join(bench.missing)}."] if bench.missing else []
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    assert after, f"{PAGE} has no {BEGIN} ... {END}"
    PAGE.write_text(before + "\n\n".join(parts) + f"\n\n{END}" + after)


if __name__ == "__main__":
    sys.exit(main())
