"""Connections of psycopg that keep to the deadline of the operation that uses them, and the server's own limits.

libpq has a timeout for connecting only; psycopg waits for everything else for ever. But it waits in Python, through
generators that it resumes every 0.1 seconds (psycopg/waiting.py): these are wrapped here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL

from gearbox_lite.sessions.stores.breaker import CircuitBreaker, Operation

if TYPE_CHECKING:
    import psycopg

SHORTEST_CONNECT_TIMEOUT = 2
"""What libpq makes of less, https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-CONNECT-TIMEOUT"""


def server_limits(url: URL, limit: float) -> dict[str, Any]:
    """Return what psycopg is to tell libpq and the server; what the URL sets itself is left alone.

    They end what this process no longer waits for. ``limit`` is in seconds.
    """
    milliseconds = math.ceil(limit * 1000)
    limits = {
        "connect_timeout": max(SHORTEST_CONNECT_TIMEOUT, math.ceil(limit)),
        "tcp_user_timeout": milliseconds,
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}",
    }
    return {name: value for name, value in limits.items() if name not in url.query}


def connecting(breaker: CircuitBreaker) -> Callable[..., psycopg.Connection[Any]]:
    """Return a handler of SQLAlchemy's event ``do_connect``."""
    import psycopg

    class Timed(psycopg.Connection[Any]):
        """A connection that is closed when an operation's time is over, so that no later one reads its answer."""

        def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
            operation = breaker.current()
            if operation is None:
                return super().wait(gen, *arguments, **options)
            try:
                return super().wait(_checked(gen, operation), *arguments, **options)
            except TimeoutError as error:
                self.close()
                raise psycopg.OperationalError(str(error)) from error

        @classmethod
        def _connect_gen(cls, *arguments: Any, **options: Any) -> Any:
            gen = super()._connect_gen(*arguments, **options)
            operation = breaker.current()
            return gen if operation is None else _checked(gen, operation)

    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> psycopg.Connection[Any]:
        try:
            return Timed.connect(*arguments, **options)
        except TimeoutError as error:
            raise psycopg.OperationalError(str(error)) from error

    return connect


def _checked(gen: Generator[Any, Any, Any], operation: Operation) -> Generator[Any, Any, Any]:
    """Pass a generator of psycopg's on, and look at the operation's deadline each time it is resumed.

    libpq keeps an answer until it is complete, and says nothing of its size: only the deadline bounds it.
    """
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            operation.receive(0)
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
