"""What every store can do.

A record is text under an id of 32 hex digits. Every method raises StoreUnavailable if the store cannot be reached,
times out, refuses or returns garbage.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from gearbox_lite.masking import masked
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.settings.convert import MAX_STORE_TIMEOUT, MIN_STORE_TIMEOUT
from gearbox_lite.sessions.stores.breaker import CircuitBreaker

RecordUpdate = Callable[[str | None], str | None]
"""Takes the stored record (None if there is none) and returns the record to store (None to change nothing)."""

EXPIRY_MARGIN = 120
"""Seconds that a store keeps a record beyond the session's timeout, as Beaker does."""

MAX_UPDATE_ATTEMPTS = 100
"""How often an update is tried if other processes change the record first; the time limit usually comes before."""


def check_time_limit(seconds: float) -> float:
    """Return the time limit of an address if an operation can have it. Raises ValueError if not, NaN included."""
    if not MIN_STORE_TIMEOUT <= seconds <= MAX_STORE_TIMEOUT:
        raise ValueError(f"a timeout is from {MIN_STORE_TIMEOUT:g} to {MAX_STORE_TIMEOUT:g} seconds, not {seconds:g}")
    return seconds


class Store(ABC):
    """One place for sessions, shared by all threads of a process."""

    def __init__(self, name: str, timeout: int | None) -> None:
        """``name`` is for messages; ``timeout`` is the session's, in seconds, None for sessions that do not end."""
        self.name = name
        self.expiry = None if timeout is None else timeout + EXPIRY_MARGIN

    def __str__(self) -> str:
        return self.name

    @abstractmethod
    def read(self, session: str) -> str | None:
        """Return a record; None if there is none."""

    @abstractmethod
    def update(self, session: str, change: RecordUpdate, expected: str | None = None) -> str | None:
        """Change a record atomically, and return what is stored now; this is where saves are merged.

        No other process can change the record between the read that ``change`` gets and the write of its result.

        ``expected`` is the record as ``read`` or ``update`` has last returned it, None if there was none. Stores on a
        server save a round trip with it: they call ``change`` with the expected record, and write the result only if
        the record is still the same (compare-and-set). If it is not, they call ``change`` again with the current
        record. If ``change`` raises, the record stays unchanged.
        """

    @abstractmethod
    def delete(self, session: str) -> None:
        """Remove a record, if there is one."""

    @abstractmethod
    def ids(self) -> Iterator[str]:
        """Yield the ids of all records; safe beside a running server."""

    @abstractmethod
    def ping(self) -> None:
        """Reach the store and do nothing."""

    def close(self) -> None:  # noqa: B027 (most stores keep nothing open)
        """Close the connections that are kept for the next call."""

    @abstractmethod
    def after_fork(self) -> None:
        """Forget the parent process' connections and locks, without closing or releasing them.

        Two processes on one connection would read each other's answers. A lock may be one that a thread of the parent
        was holding at the fork; no thread of this process would ever release it.
        """

    def last_write(self) -> float:
        """Return when a change was last stored, as ``time.monotonic`` has it; 0.0 if that is not known."""
        return 0.0

    def flush(self) -> None:
        """Empty the server, of everything that anyone keeps there. Only memcached needs it, which lists no records."""
        raise NotImplementedError

    def max_record_bytes(self) -> int | None:
        """Return how many bytes a record may have, None for any number."""
        return None

    def reaching(self, *errors: type[Exception]) -> _Reaching:
        """Turn the driver's errors into StoreUnavailable: ``with self.reaching(DriverError): ...``, reusable."""
        return _Reaching(self.name, errors)


class GuardedStore(Store):
    """A store outside this process: each operation has a time limit, and a circuit breaker (breaker.py)."""

    def __init__(self, name: str, timeout: int | None, limit: float) -> None:
        """``limit`` is in seconds an operation; ``name`` and ``timeout`` are as in Store. Raises ValueError."""
        super().__init__(name, timeout)
        self.breaker = CircuitBreaker(name, check_time_limit(limit), self._ping)

    def after_fork(self) -> None:
        """Forget the threads and locks of the parent; a store with connections forgets them too."""
        self.breaker.after_fork()

    def last_write(self) -> float:
        """Return when a change was last stored, as ``time.monotonic`` has it."""
        return self.breaker.last_write

    def read(self, session: str) -> str | None:
        """Return a record; None if there is none."""
        with self.breaker.per_thread.operation:
            return self._read(session)

    def update(self, session: str, change: RecordUpdate, expected: str | None = None) -> str | None:
        """Change a record atomically, and return it as it now is."""
        with self.breaker.operation(writes=True):
            return self._update(session, change, expected)

    def delete(self, session: str) -> None:
        """Remove a record, if there is one."""
        with self.breaker.operation(writes=True):
            self._delete(session)

    def ping(self) -> None:
        """Reach the store and do nothing, even if the circuit is open."""
        with self.breaker.test():
            self._ping()

    def close(self) -> None:
        """Close the connections that are kept for the next call."""
        self.breaker.stop()

    @abstractmethod
    def _read(self, session: str) -> str | None: ...

    @abstractmethod
    def _update(self, session: str, change: RecordUpdate, expected: str | None) -> str | None: ...

    @abstractmethod
    def _delete(self, session: str) -> None: ...

    @abstractmethod
    def _ping(self) -> None: ...


class _Reaching:
    """A context manager without a generator, which would take a tenth of a read from memcached."""

    __slots__ = ("_errors", "_name")

    def __init__(self, name: str, errors: tuple[type[Exception], ...]) -> None:
        self._name = name
        self._errors = errors

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        if error is not None and isinstance(error, self._errors):
            reason = masked(" ".join(str(error).split()))
            raise StoreUnavailable(f"{self._name}: {type(error).__name__}: {reason}") from error
