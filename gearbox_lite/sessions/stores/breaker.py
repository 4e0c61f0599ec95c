"""The time limit of every operation on a store, and the circuit breaker that keeps a hung store from stopping a site.

An operation (``with breaker.operation(): ...``) has one deadline for everything in it. Code that waits for the store
calls ``Operation.check`` at least every ``SLICE`` seconds.

A server has few threads. A store that hangs would soon block all of them, so that pages without a session would wait
too. The order of events:

1. The circuit is closed. Each operation that finishes records when (``last_answer``), and how long it took (``usual``).
2. Operations are in progress, and none has finished for much longer than usual: the thread that notices this first
   (``gives_up``) opens the circuit. Its own operation, the patient one, keeps waiting until its deadline, so that a
   short pause of the store costs a quiet site nothing.
3. While the circuit is open, the other waiting operations are given up at their next check, and new ones are refused
   without touching the store. A background thread tests the store, one attempt at a time.
4. Any answer, of the patient operation or of a test, closes the circuit.

So no request is spent on tests. A slow store or a single locked record does not count as a hung store: its test
succeeds within milliseconds and closes the circuit again. An error that comes quickly, for example a refused
connection, blocks no thread and does not open the circuit.

Every operation reads ``is_open``, ``last_answer`` and ``usual``, therefore without the lock: a stale value costs one
more check. Opening and closing the circuit take the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import NoReturn

from gearbox_lite.sessions.errors import StoreUnavailable

SLICE = 0.1
"""Seconds between two checks while an operation waits."""
OVERDUE = 0.25
"""Fewest seconds without any answer after which a store is tested."""
PROCESS_PAUSE = 2 * SLICE
"""Seconds between two checks that show that this process itself was stopped, for example by a long call that held
Python's global lock. Such a pause says nothing about the store."""
USUAL_FACTOR = 8
"""How many times as long as usual a store may take before it is tested, so that a slow one does not count as hung."""
TEST_INTERVAL = 0.5
"""Seconds between two tests of a store that does not answer."""
MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Most bytes that a store may send during one operation; sessions are far smaller."""


class Operation:
    """One call of a store, used as a context manager. Entering raises StoreUnavailable if the circuit is open.

    Each thread reuses one of these for each breaker, since creating one for each call would take longer. A nested call
    belongs to the outer one and shares its deadline.
    """

    __slots__ = ("_breaker", "_checked_at", "depth", "is_test", "received", "started", "timed_out", "writes")

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker
        self.depth = 0
        """How many calls are nested; 0 if this thread is not calling the store."""
        self.received = 0
        """Bytes that the store has sent."""
        self._checked_at = 0.0
        self.started = 0.0
        self.is_test = False
        self.timed_out = ""
        """Why the operation was given up, if it was."""
        self.writes = False

    def __enter__(self) -> None:
        if self.depth == 0:
            if self._breaker.is_open and not self.is_test:
                self._breaker.refuse()
            self.received = 0
            self.timed_out = ""
            self.started = self._checked_at = monotonic()
        self.depth += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        self.depth -= 1
        if self.depth == 0:
            breaker = self._breaker
            if kind is None and not breaker.is_open:
                now = breaker.last_answer = monotonic()
                breaker.usual += (now - self.started - breaker.usual) / 4
                if self.writes:
                    breaker.last_write = now
            else:
                self._end_with_error(error)
            self.writes = False

    def _end_with_error(self, error: BaseException | None) -> None:
        if isinstance(error, StoreUnavailable):
            error.writing = self.writes
            if self.timed_out:  # drivers replace our reason with their own
                error.args = (f"{self._breaker.name}: {self.timed_out}",)
        if self.timed_out:
            self._breaker.record_timeout(self)
        else:
            self._breaker.record_answer(wrote=self.writes and error is None)

    def remaining(self) -> float:
        """Return the seconds until the deadline. Raises TimeoutError if it has passed."""
        left = self.started + self._breaker.limit - monotonic()
        if left <= 0:
            self.expire()
        return left

    def expire(self) -> NoReturn:
        """Raise TimeoutError: the deadline has passed."""
        self._give_up(f"no complete answer within {self._breaker.limit:g} seconds")

    def check(self) -> None:
        """Raise TimeoutError if this operation must not wait any longer. Called after each ``SLICE`` seconds."""
        now = monotonic()
        paused, self._checked_at = now - self._checked_at > PROCESS_PAUSE, now
        if paused:
            self._breaker.restart_silence(now)
        self.remaining()
        if not self.is_test and self._breaker.gives_up(self, self.started):
            self._give_up("no answer; another request is already waiting for it")

    def _give_up(self, reason: str) -> NoReturn:
        self.timed_out = reason
        raise TimeoutError(reason)

    def receive(self, size: int) -> None:
        """Count bytes that the store has sent. Raises TimeoutError as ``check`` does, OSError for too many bytes."""
        self.received += size
        if self.received > MAX_ANSWER_BYTES or monotonic() - self.started > SLICE:
            self.check_received()

    def check_received(self) -> None:
        """Raise what ``receive`` raises, without counting."""
        if self.received > MAX_ANSWER_BYTES:
            raise OSError(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
        if self.depth:
            self.check()


class _PerThread(threading.local):
    def __init__(self, breaker: CircuitBreaker) -> None:
        self.operation = Operation(breaker)


class CircuitBreaker:
    """The state of one store, shared by the threads of a process. Times are as ``time.monotonic`` has them."""

    def __init__(self, name: str, limit: float, test: Callable[[], None]) -> None:
        """``limit`` is in seconds an operation. ``test`` reaches the store and does nothing, or raises any error."""
        self.limit = limit
        self.is_open = False
        self.last_answer = 0.0
        self.last_write = 0.0
        self.usual = limit
        """How many seconds an operation has taken recently."""
        self.name = name
        self._test = test
        self.per_thread = _PerThread(self)
        """Its ``operation`` is this thread's, in progress or not. Entered directly, it is one that only reads."""
        self._patient: Operation | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._tester: threading.Thread | None = None

    def after_fork(self) -> None:
        """Forget what belongs to the parent's threads: one of them may have held the lock at the fork."""
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._tester = self._patient = None

    def operation(self, *, writes: bool = False) -> Operation:
        """Return the context of one call; ``writes`` if it changes what is stored."""
        operation = self.per_thread.operation
        if operation.depth == 0:
            operation.writes = writes
        return operation

    def current(self) -> Operation | None:
        """Return the operation that this thread is in, None if it is in none."""
        operation = self.per_thread.operation
        return operation if operation.depth else None

    @contextmanager
    def test(self) -> Iterator[None]:
        """Return the context of a call that an open circuit does not refuse."""
        operation = self.operation()
        operation.is_test = True
        try:
            with operation:
                yield
        finally:
            operation.is_test = False

    def refuse(self) -> NoReturn:
        """Raise StoreUnavailable, and make sure that the store is being tested."""
        with self._lock:
            self._start_tests()  # a forked process inherits an open circuit, but not the thread
        raise StoreUnavailable(f"{self.name} does not answer; it is being tested in the background")

    def record_answer(self, *, wrote: bool) -> None:
        """Record that an operation has finished, with a result or with a quick error; close the circuit."""
        now = self.last_answer = monotonic()
        if wrote:
            self.last_write = now
        if self.is_open:
            with self._lock:
                self.is_open = False
                self._patient = None

    def restart_silence(self, now: float) -> None:
        """Count the time without an answer from now on: until now this process could not have received one."""
        self.last_answer = max(self.last_answer, now)

    def gives_up(self, operation: Operation, started: float) -> bool:
        """Whether a waiting operation must end early; open the circuit if the store is overdue."""
        silent_since = max(started, self.last_answer)
        if not self.is_open and monotonic() - silent_since < max(OVERDUE, USUAL_FACTOR * self.usual):
            return False
        with self._lock:
            if not self.is_open:
                self._open(operation)
            return self._patient is not operation

    def record_timeout(self, operation: Operation) -> None:
        """Record an operation that was given up."""
        with self._lock:
            if self._patient is operation:
                self._patient = None
            if not operation.is_test and not self.is_open:
                self._open(None)

    def stop(self) -> None:
        """Stop the background tests."""
        self._closed.set()

    def _open(self, patient: Operation | None) -> None:
        self.is_open = True
        self._patient = patient
        self._start_tests()

    def _start_tests(self) -> None:
        if self.is_open and (self._tester is None or not self._tester.is_alive()):
            self._closed.clear()
            self._tester = threading.Thread(target=self._run_tests, name="session store test", daemon=True)
            self._tester.start()

    def _run_tests(self) -> None:
        while True:
            try:
                with self.test():
                    self._test()
            except (StoreUnavailable, Exception):  # noqa: BLE001, S110 (an error means that the circuit stays open)
                pass
            with self._lock:
                if not self.is_open or self._closed.is_set():
                    self._tester = None
                    return
            self._closed.wait(TEST_INTERVAL)
