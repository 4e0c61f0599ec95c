"""Notice that PostgreSQL no longer answers while a query waits for it, for example because its machine hangs.

The server closes no connection then, and libpq has a time limit only for connecting. A limit for queries would also end
those that take long. So while a query waits, another connection asks now and then whether the server still answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from gearbox_lite.database.url import CONNECT_TIMEOUT

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Engine

ASK_AFTER = 2.0
"""Seconds for which a query waits before the server is asked, and between two questions."""


def notice_silence(engine: Engine) -> None:
    """Let queries of this engine raise OperationalError within 6 seconds if the server answers nothing at all.

    A query that takes long while the server answers others goes on. Only for psycopg 3; otherwise nothing is done.
    """
    from sqlalchemy import event

    if engine.dialect.driver == "psycopg":
        event.listen(engine, "do_connect", _connect_handler())


def _connect_handler() -> Callable[..., psycopg.Connection[Any]]:
    import psycopg

    class AskingConnection(psycopg.Connection[Any]):
        """A connection that is closed once the server does not answer, so that nothing reads a late answer."""

        arguments: tuple[tuple[Any, ...], dict[str, Any]]

        def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
            try:
                return super().wait(_asking(gen, self._ask), *arguments, **options)
            except psycopg.errors.ConnectionTimeout:
                self.close()
                raise

        def _ask(self) -> None:
            arguments, options = self.arguments
            try:
                psycopg.connect(*arguments, **options).close()
            except psycopg.errors.ConnectionTimeout as error:
                raise psycopg.errors.ConnectionTimeout("the server does not answer") from error
            except psycopg.OperationalError:
                pass  # an answer too, for example that there are too many connections

    def connect(_dialect: object, _record: object, arguments: Any, options: Any) -> psycopg.Connection[Any]:
        connection = AskingConnection.connect(*arguments, **options)
        connection.arguments = (tuple(arguments), {"connect_timeout": CONNECT_TIMEOUT, **options})
        return connection

    return connect


def _asking(gen: Generator[Any, Any, Any], ask: Callable[[], None]) -> Generator[Any, Any, Any]:
    """Run a generator of psycopg's, which psycopg/waiting.py resumes at least every 0.1 seconds."""
    asked = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() - asked > ASK_AFTER:
                ask()
                asked = time.monotonic()
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
