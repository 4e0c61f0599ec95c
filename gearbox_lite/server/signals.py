"""Ending on SIGINT and SIGTERM, reloading on SIGHUP."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def ending_on_signals(end: Callable[[], None], clean: Callable[[], None]) -> Iterator[None]:
    """Call ``end`` on the first SIGINT or SIGTERM; a second one, of either, ends the process at once.

    ``clean`` is called at the end of the block, and before a second signal ends the process; maybe by both.
    """

    def handle(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, die)
        end()

    def die(number: int, _frame: FrameType | None) -> None:
        try:
            clean()
        finally:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        clean()  # while a second signal still cleans up as well
        for number, handler in before.items():
            signal.signal(number, handler)


def on_hangup(swap: Callable[[], None], end: Callable[[], None]) -> None:
    """Call ``swap`` on SIGHUP, but ``end`` when the terminal has been closed.

    Windows has no such signal, and nohup has programs ignore it.
    """
    if not hasattr(signal, "SIGHUP") or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return
    had_terminal = _has_terminal()
    handling = False

    def handle(*_: object) -> None:
        nonlocal handling
        if handling:  # more of them than can be handled, one inside the other
            return
        handling = True
        if had_terminal and not _has_terminal():
            end()
        else:
            swap()
        handling = False

    signal.signal(signal.SIGHUP, handle)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def interrupting_on_signals(is_busy: Callable[[], bool], clean: Callable[[], None]) -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGINT or SIGTERM, for servers that run a loop of their own.

    While ``is_busy`` it waits. wsgiref swallows an exception that meets it inside a request, so it is raised again
    until it gets through.
    """

    def interrupt(*_: object) -> None:
        if not is_busy():
            raise KeyboardInterrupt

    def end() -> None:
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, interrupt)
            signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
            interrupt()
        else:
            raise KeyboardInterrupt

    try:
        with ending_on_signals(end, clean):
            yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
