"""Signal handlers of the server: SIGINT and SIGTERM begin the graceful shutdown, SIGHUP a reload.

| signal | first one | second one |
| --- | --- | --- |
| SIGTERM, SIGINT (Ctrl-C) | graceful shutdown: drain, then exit with 0 | exit at once, by that signal |
| SIGHUP | reload (with a supervisor); shut down if the terminal has been closed | as the first one |

A handler runs in the main thread between any two instructions. So handlers only set flags, write to the wakeup socket
pair (``Supervisor.send_command``) or start a thread, and never take a lock that the code they interrupt may hold.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def graceful_shutdown_on_signals(shut_down: Callable[[], None], clean_up: Callable[[], None]) -> Iterator[None]:
    """Call ``shut_down`` on the first SIGINT or SIGTERM; a second one, of either, ends the process at once.

    ``clean_up`` is called at the end of the block, and before a second signal ends the process; perhaps by both.
    """

    def handle_term(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, exit_at_once)
        shut_down()

    def exit_at_once(number: int, _frame: FrameType | None) -> None:
        try:
            clean_up()
        finally:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    previous = {number: signal.signal(number, handle_term) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        clean_up()  # before the handlers change, so that a second signal in between cleans up as well
        for number, handler in previous.items():
            signal.signal(number, handler)


def handle_hup(reload: Callable[[], None], shut_down: Callable[[], None]) -> None:
    """Call ``reload`` on SIGHUP, but ``shut_down`` if it was sent because the terminal has been closed.

    Windows has no such signal, and nohup makes programs ignore it.
    """
    if not hasattr(signal, "SIGHUP") or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return
    had_terminal = _has_terminal()
    handling = False

    def handle(*_: object) -> None:
        nonlocal handling
        if handling:  # another SIGHUP during this one; many would nest until the stack is full
            return
        handling = True
        if had_terminal and not _has_terminal():
            shut_down()
        else:
            reload()
        handling = False

    signal.signal(signal.SIGHUP, handle)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def keyboard_interrupt_on_signals(is_busy: Callable[[], bool], clean_up: Callable[[], None]) -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGINT or SIGTERM, for servers that have their own loop.

    It waits while ``is_busy``. wsgiref swallows an exception raised inside a request, so it is raised again until the
    server's loop ends.
    """

    def interrupt(*_: object) -> None:
        if not is_busy():
            raise KeyboardInterrupt

    def shut_down() -> None:
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, interrupt)
            signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
            interrupt()
        else:
            raise KeyboardInterrupt

    try:
        with graceful_shutdown_on_signals(shut_down, clean_up):
            yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
