"""Resource limits for untrusted templates: rendering always terminates, within seconds.

jinja2's sandbox keeps a template away from Python's internals and from files, but does not stop an endless loop. Here
each loop iteration, call and include counts as a step; steps, rendered bytes, processor time per file and memory are
limited. No single limit is enough: one multiplication or filter can take minutes or gigabytes in a single step.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

STEPS = 200_000
"""Maximum number of loop iterations, calls and includes in one project."""
RENDERED_BYTES = 64 << 20
"""Maximum number of rendered bytes in one project."""
FILE_SECONDS = 3.0
"""Maximum processor time for one file, in seconds."""
MEMORY_BYTES = 1 << 30
"""Maximum memory for rendering, in addition to what the process already uses."""
NUMBER_BITS = 4096
"""Maximum size of a product or power: computing a larger one can take minutes in a single step."""


class LimitError(Exception):
    """A template exceeds one of the limits."""


class LimitedEnvironment(ImmutableSandboxedEnvironment):
    """jinja2's sandbox, with steps and rendered bytes counted."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters["_counted"] = self._counted
        self._steps = 0
        self._rendered = 0
        self.concat = self._concat  # type: ignore[method-assign]

    def _step(self) -> None:
        self._steps += 1
        if self._steps > STEPS:
            raise LimitError(f"it takes more than {STEPS} steps")

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._step()
            yield item

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Parse a template, with what each loop iterates over wrapped in ``_counted``; jinja2 calls this for each."""
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
        return tree

    def _load_template(self, name: str, globals: Any) -> jinja2.Template:  # noqa: A002 (jinja2's name)
        self._step()
        return super()._load_template(name, globals)

    def call(self, context: Any, obj: Any, *arguments: Any, **options: Any) -> Any:
        """Count a call as a step; jinja2 calls this for every call in a template."""
        self._step()
        return super().call(context, obj, *arguments, **options)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiply or exponentiate, unless the result would be too large; jinja2 calls this for intercepted_binops."""
        if isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * abs(right) if operator == "**" else left.bit_length() + right.bit_length()
            if bits > NUMBER_BITS:
                raise LimitError("a number has too many digits")
        elif operator == "*":
            count, items = (left, right) if isinstance(left, int) else (right, left)
            if isinstance(count, int) and hasattr(items, "__len__") and count * len(items) > RENDERED_BYTES:
                raise LimitError("a string or list is too long")
        return super().call_binop(context, operator, left, right)

    def _concat(self, parts: Iterable[str]) -> str:
        text = []
        for part in parts:
            self._rendered += len(part)
            if self._rendered > RENDERED_BYTES:
                raise LimitError(f"the project has more than {RENDERED_BYTES >> 20} MiB of rendered text")
            text.append(part)
        return "".join(text)


@contextmanager
def limited_time() -> Iterator[None]:
    """Raise LimitError if the body takes more than FILE_SECONDS of processor time.

    Only in the main thread on POSIX, since it needs a signal: steps cannot limit a single long operation.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise LimitError(f"it takes more than {FILE_SECONDS:g} seconds")

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, FILE_SECONDS, 0.5)  # repeated, in case jinja2 catches the first error
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


@contextmanager
def limited_memory() -> Iterator[None]:
    """Make Python raise MemoryError if rendering needs more than MEMORY_BYTES; on Linux only."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + MEMORY_BYTES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
