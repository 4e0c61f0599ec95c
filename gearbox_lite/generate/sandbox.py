"""The limits of templates that are not ours: whatever they say, rendering ends, and soon.

jinja2's sandbox keeps a template from Python and from files, but not from looping without end. Here each turn of a
loop, each call and each template that is included is a step, and steps, rendered bytes, the time for a file and the
memory for all are limited.
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
"""Most turns of loops, calls and includes in one project."""
RENDERED_BYTES = 64 << 20
"""Most bytes that are rendered for one project."""
FILE_SECONDS = 3.0
"""Most seconds of processor time for one file."""
MEMORY_BYTES = 1 << 30
"""Most memory that all rendering may take."""
NUMBER_BITS = 4096
"""Most bits of a product or power: larger ones take minutes inside of one operation."""


class LimitError(Exception):
    """A template that goes beyond one of the limits."""


class LimitedEnvironment(ImmutableSandboxedEnvironment):
    """jinja2's sandbox, which counts what a template does."""

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
        """Parse a template, with what each loop goes through counted; jinja2 calls this for every template."""
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None, lineno=loop.lineno)
        return tree

    def _load_template(self, name: str, globals: Any) -> jinja2.Template:  # noqa: A002 (jinja2's name)
        self._step()
        return super()._load_template(name, globals)

    def call(self, context: Any, obj: Any, *arguments: Any, **options: Any) -> Any:
        """Call something in a template, which is a step."""
        self._step()
        return super().call(context, obj, *arguments, **options)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiply or raise to a power what is small enough."""
        if isinstance(left, int) and isinstance(right, int):
            bits = left.bit_length() * abs(right) if operator == "**" else left.bit_length() + right.bit_length()
            if bits > NUMBER_BITS:
                raise LimitError("a number has too many digits")
        elif operator == "*":
            count, items = (left, right) if isinstance(left, int) else (right, left)
            if isinstance(count, int) and hasattr(items, "__len__") and count * len(items) > RENDERED_BYTES:
                raise LimitError("a text or list is too long")
        return super().call_binop(context, operator, left, right)

    def _concat(self, parts: Iterable[str]) -> str:
        text = []
        for part in parts:
            self._rendered += len(part)
            if self._rendered > RENDERED_BYTES:
                raise LimitError(f"the project gets more than {RENDERED_BYTES >> 20} MiB of rendered text")
            text.append(part)
        return "".join(text)


@contextmanager
def limited_time() -> Iterator[None]:
    """Raise LimitError in what takes more than FILE_SECONDS, if this is the main thread of a POSIX system."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise LimitError(f"it takes more than {FILE_SECONDS:g} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, FILE_SECONDS, 0.5)  # again, if jinja2 has caught it
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def limited_memory() -> Iterator[None]:
    """Let Python raise MemoryError when rendering takes more than MEMORY_BYTES, on Linux."""
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
