"""Any other PasteDeploy server, such as gunicorn: it binds its own socket, and shutdown behaves as it defines it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from paste.deploy.loadwsgi import SERVER, loadcontext

from gearbox_lite.application.load import WSGIApplication
from gearbox_lite.application.load_errors import error_of_factory
from gearbox_lite.errors import FAILURE, Setting, UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.http.drain import SendConnection
from gearbox_lite.server.http.shutdown import end_process
from gearbox_lite.server.listen import bind
from gearbox_lite.server.listen.address import addresses
from gearbox_lite.server.signals import keyboard_interrupt_on_signals


class OtherServer:
    """A server that PasteDeploy has loaded, with the application to serve; runs in a worker process."""

    def __init__(
        self, server: Callable[[WSGIApplication], None], application: WSGIApplication, drain_timeout: float
    ) -> None:
        self._server = server
        self._application = RequestTracker(application)
        self._drain_timeout = drain_timeout
        self.drain_deadline = 0.0
        """When draining ends, on time.monotonic's clock; 0 before ``drain``."""

    def run(self) -> None:
        """Serve until the server ends; if that is a failure, end the process with its exit code.

        Raises UserError if the server fails without one.
        """
        code: object = 0
        process = os.getpid()
        try:
            with keyboard_interrupt_on_signals(self._application.is_busy, clean_up=lambda: None):
                self._server(self._application)
        except KeyboardInterrupt:
            pass
        except SystemExit as error:
            code = error.code
        if os.getpid() != process:  # a worker process that the server has forked, as gunicorn does, and that exits here
            end_process(code if isinstance(code, int) else int(bool(code)))
        if code:
            sys.stderr.flush()
            os._exit(code if isinstance(code, int) else 1)

    def drain(self, send_connection: SendConnection | None = None) -> None:  # noqa: ARG002 (its connections are not ours)
        """Send SIGTERM, as a process manager would."""
        self.drain_deadline = time.monotonic() + self._drain_timeout
        os.kill(os.getpid(), signal.SIGTERM)

    def call(self, action: Callable[[], None]) -> None:
        """Call something at once, since the serving thread may be busy with a long request."""
        action()

    def adopt(self, connection: socket.socket, peer: Any) -> None:  # noqa: ARG002
        """Close a connection that was handed over, since this server cannot serve it."""
        connection.close()


class RequestTracker:
    """WSGI middleware that knows whether the main thread is busy with a request, until its answer is closed.

    So a server that has only this thread can be interrupted by a signal between two requests, never inside one.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._running = False

    def is_busy(self) -> bool:
        """Whether the main thread is busy with a request."""
        return self._running

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if threading.current_thread() is not threading.main_thread():
            return self._application(environ, start_response)
        self._running = True
        try:
            return _Answer(self._application(environ, start_response), self._end)
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        self._running = False


class _Answer:
    def __init__(self, parts: Iterable[bytes], end: Callable[[], None]) -> None:
        self._parts = parts
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def close(self) -> None:
        """Close the answer, which a WSGI server does once it has sent it."""
        try:
            if hasattr(self._parts, "close"):
                self._parts.close()
        finally:
            self._end()


def _address_settings(settings: ServeSettings) -> dict[str, Setting]:
    return {name: item for name, item in settings.server.options.items() if name in ("host", "port")}


def load_server(settings: ServeSettings) -> Callable[[WSGIApplication], None]:
    """Load any other PasteDeploy server, which binds its own socket once called.

    Raises UserError if it does not load; the returned function raises it if the server fails.
    """
    try:
        context = loadcontext(
            SERVER,
            f"config:{settings.ini}",
            name=settings.server_name,
            global_conf=dict(settings.variables),
        )
        context.local_conf.update({name: item.value for name, item in _address_settings(settings).items()})
        server: Callable[[WSGIApplication], None] = context.create()
    except Exception as error:
        raise error_of_factory(error, settings.server.factory, "the server does not load") from error

    def serve(application: WSGIApplication) -> None:
        try:
            server(application)
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE and "port" in settings.server.options:
                raise bind.bind_error(addresses(_address_settings(settings))[0], error) from error
            at = settings.server.factory.at if settings.server.factory else None
            raise UserError(f"the server has failed: {type(error).__name__}: {error}", at=at, code=FAILURE) from error

    return serve
