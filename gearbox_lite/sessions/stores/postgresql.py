"""Connections of psycopg that keep to the deadline of the operation that uses them, and the server's own limits.

libpq has a timeout for connecting only; for everything else psycopg waits forever. But it waits in Python, through
generators that it resumes every 0.1 seconds (psycopg/waiting.py). They are wrapped here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL

from gearbox_lite.sessions.stores.breaker import CircuitBreaker, Operation

if TYPE_CHECKING:
    import psycopg

MIN_CONNECT_TIMEOUT = 2
"""Seconds; libpq uses this if less is set, https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-CONNECT-TIMEOUT"""


def server_limits(url: URL, limit: float) -> dict[str, Any]:
    """Return connection parameters that make the server stop what this process no longer waits for.

    Those that the URL sets itself are left out. ``limit`` is in seconds.
    """
    milliseconds = math.ceil(limit * 1000)
    limits = {
        "connect_timeout": max(MIN_CONNECT_TIMEOUT, math.ceil(limit)),
        "tcp_user_timeout": milliseconds,
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
    }
    return {name: value for name, value in limits.items() if name not in url.query}


def connect_handler(breaker: CircuitBreaker) -> Callable[..., psycopg.Connection[Any]]:
    """Return a handler of SQLAlchemy's event ``do_connect``."""
    import psycopg

    class ConnectionWithDeadlines(psycopg.Connection[Any]):
        """A connection that is closed at an operation's deadline, so that no later operation reads its answer."""

        def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
            operation = breaker.current()
            if operation is None:
                return super().wait(gen, *arguments, **options)
            try:
                return super().wait(_with_deadline(gen, operation), *arguments, **options)
            except TimeoutError as error:
                self.close()
                raise psycopg.OperationalError(str(error)) from error

        def close(self) -> None:
            """Close it, and free an answer that libpq has kept, however large it is.

            If libpq itself has dropped the connection, psycopg does nothing here, and the answer stays until the
            garbage collector runs.
            """
            super().close()
            self.pgconn.finish()

        @classmethod
        def _connect_gen(cls, *arguments: Any, **options: Any) -> Any:
            gen = super()._connect_gen(*arguments, **options)
            operation = breaker.current()
            return gen if operation is None else _with_deadline(gen, operation)

    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> psycopg.Connection[Any]:
        try:
            return ConnectionWithDeadlines.connect(*arguments, **options)
        except TimeoutError as error:
            raise psycopg.OperationalError(str(error)) from error

    return connect


def _with_deadline(gen: Generator[Any, Any, Any], operation: Operation) -> Generator[Any, Any, Any]:
    """Run a generator of psycopg's, and check the operation's deadline each time it is resumed.

    libpq keeps an answer until it is complete, and does not tell its size: only the deadline bounds it.
    """
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            operation.receive(0)
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
