"""A circuit breaker for PostgreSQL: a server that hangs does not occupy the threads that other pages need.

A server that hangs closes no connection, and libpq has a time limit only for connecting. A limit for queries would also
end those that take long. So while queries wait and the server answers none of them, another connection asks whether it
still answers. The order of events:

1. A query has waited for ``ASK_AFTER`` seconds, and no query of this process has received anything since: a background
   thread connects to the server.
2. That attempt reaches its ``connect_timeout``: the circuit opens. Waiting queries end with an error, and new ones are
   refused at once.
3. The thread tries again until the server answers, which closes the circuit. An error, such as "too many clients" or
   a refused connection, is an answer too: it blocks no thread.

Sessions in a database have a circuit breaker of their own (``sessions/stores/breaker.py``). It needs no such question,
because all its operations are short.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Engine

ASK_AFTER = 0.5
"""Seconds without an answer after which the server is asked, while a query waits."""
ASK_AGAIN = 0.5
"""Seconds between two questions while the circuit is open."""
KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 5, "keepalives_count": 3}
"""Connection parameters, in seconds, with which a query ends if the server's machine has restarted: by then it answers
new connections, but knows nothing of this one. Linux itself would wait for two hours."""
READABLE = 1
"""psycopg.waiting.Ready.R: the server has sent something."""


def notice_silence(engine: Engine) -> None:
    """Let queries of this engine raise OperationalError once the server answers nothing at all.

    That is noticed after ``ASK_AFTER`` seconds and the ``connect_timeout`` of the URL (``database/url.py``). A query
    that takes long while the server answers others continues. Only for psycopg 3; otherwise nothing is done.
    """
    from sqlalchemy import event

    if engine.dialect.driver == "psycopg":
        event.listen(engine, "do_connect", DatabaseBreaker().connect)


class DatabaseBreaker:
    """Whether the server of one engine answers, shared by the threads of a process."""

    def __init__(self) -> None:
        import psycopg

        self.is_open = False
        self.last_answer = 0.0
        """When the server has last sent something, as ``time.monotonic`` has it."""
        self._lock = threading.Lock()
        self._asking: threading.Thread | None = None
        self._arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
        self._timeout = psycopg.errors.ConnectionTimeout
        breaker = self

        class GuardedConnection(psycopg.Connection[Any]):
            """A connection that is closed if the circuit opens, so that nothing reads a late answer."""

            def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
                try:
                    return super().wait(breaker.watch(gen), *arguments, **options)
                except psycopg.errors.ConnectionTimeout:
                    self.close()
                    raise

        self._kind = GuardedConnection

    def connect(
        self, _dialect: object, _record: object, arguments: Any, options: dict[str, Any]
    ) -> psycopg.Connection[Any]:
        """Return a new connection, for SQLAlchemy's event ``do_connect``."""
        self.refuse_if_open()
        options = {**KEEPALIVE, **options}
        self._arguments = (tuple(arguments), options)
        try:
            return self._kind.connect(*arguments, **options)
        except self._timeout:
            self.is_open = True
            self._ask()
            raise

    def watch(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Run a generator of psycopg's, which psycopg/waiting.py resumes at least every 0.1 seconds."""
        self.refuse_if_open()
        started = monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready & READABLE:
                    self.last_answer = monotonic()
                else:
                    self.refuse_if_open()
                    if monotonic() - max(started, self.last_answer) > ASK_AFTER:
                        self._ask()
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def refuse_if_open(self) -> None:
        """Raise psycopg's OperationalError if the circuit is open."""
        if self.is_open:
            self._ask()  # a forked process inherits an open circuit, but not the thread
            raise self._timeout("the server does not answer; it is being asked again in the background")

    def _ask(self) -> None:
        with self._lock:
            if self._asking is None or not self._asking.is_alive():
                self._asking = threading.Thread(target=self._ask_until_answered, name="database test", daemon=True)
                self._asking.start()

    def _ask_until_answered(self) -> None:
        asked = monotonic()
        while not self._answers() and self.last_answer < asked:
            self.is_open = True
            sleep(ASK_AGAIN)
        self.last_answer = monotonic()
        self.is_open = False

    def _answers(self) -> bool:
        import psycopg

        arguments, options = self._arguments
        try:
            psycopg.connect(*arguments, **options).close()
        except self._timeout:
            return False
        except psycopg.Error:
            pass
        return True
