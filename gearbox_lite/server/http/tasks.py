"""waitress' tasks: one answer each, with its headers and the first part of its body written together.

Whatever the application raises, the thread continues, and the client gets an answer unless part of one has been sent.
"""

from __future__ import annotations

import sys
import traceback
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import ClientDisconnected
from waitress.task import ErrorTask, Task, WSGITask
from waitress.utilities import InternalServerError, build_http_date

from gearbox_lite.application.tracebacks import users_frames
from gearbox_lite.json_clients import PROBLEM_TYPE, problem_details, wants_json
from gearbox_lite.output import printable

_NAMES_WITHOUT_PREFIX = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE"})
_UNEXPECTED = "The server encountered an unexpected internal server error"


class NotBytesError(TypeError):
    """A part of a body that is not bytes, https://peps.python.org/pep-3333/#unicode-issues."""

    def __init__(self, part: object) -> None:
        kind = type(part).__name__
        remedy = "encode it, for example text.encode()" if isinstance(part, str) else "WSGI takes only bytes"
        super().__init__(f"the application returned a body of {kind}, not bytes; {remedy}")


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return str(build_http_date(second))


@lru_cache(maxsize=1000)
def _capitalized(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


class _Task(Task):  # type: ignore[misc]
    wrote_header: bool
    chunked_response: bool
    close_on_finish: bool
    response_headers: list[tuple[str, str]]

    def build_response_header(self) -> bytes:
        """Return the status line and headers that waitress' own method returns, in less time."""
        has_body = self.has_body
        headers = [(_capitalized(name), value) for name, value in self.response_headers]
        if not has_body:
            headers = [header for header in headers if header[0] != "Content-Length"]
        names = {name for name, _ in headers}
        self.response_headers = headers
        has_length = "Content-Length" in names
        if not has_length and self.content_length is not None and has_body:
            headers.append(("Content-Length", str(self.content_length)))
            has_length = True
        self._decide_on_keep_alive(has_length=has_length, has_body=has_body)
        ident = self.channel.server.adj.ident
        if "Server" in names:
            headers.append(("Via", ident or "waitress"))
        elif ident:
            headers.append(("Server", ident))
        if "Date" not in names:
            headers.append(("Date", _date(int(self.start_time))))
        headers.sort(key=itemgetter(0))
        lines = [f"HTTP/{self.version} {self.status}", *[f"{name}: {value}" for name, value in headers], "\r\n"]
        return "\r\n".join(lines).encode("latin-1")

    def _decide_on_keep_alive(self, *, has_length: bool, has_body: bool) -> None:
        connection = self.request.headers.get("CONNECTION", "").lower()
        if self.version == "1.0":
            if connection == "keep-alive" and has_length:
                self.response_headers.append(("Connection", "Keep-Alive"))
            else:
                self.set_close_on_finish()
            return
        if not has_length and has_body:
            self.response_headers.append(("Transfer-Encoding", "chunked"))
            self.chunked_response = True
        if connection == "close" or not has_length:
            self.set_close_on_finish()

    def service(self) -> None:
        """Answer the request.

        waitress drops an OSError here unless log_socket_errors is true. But this thread uses no socket, so that such an
        error is the application's.
        """
        self.channel.waiting_since = None  # its headers are complete
        self.start()
        self.execute()
        self.finish()

    def write(self, data: bytes) -> None:
        """Write a part of the body, the first one together with the headers. Raises NotBytesError for anything else.

        The answer to HEAD has no body (RFC 9110, section 9.3.2): on a keep-alive connection the client would take it
        for the beginning of the next answer.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise NotBytesError(data)
        is_head = self.request.command == "HEAD"
        if is_head:
            data = b""
        if self.wrote_header:
            if is_head and self.channel.has_client_left():  # nothing more is sent, so no error would show it
                raise ClientDisconnected
            super().write(data)
            return
        self.channel.cork()
        try:
            super().write(data)
        except BaseException:
            self.channel.drop_corked()
            self.wrote_header = False
            raise
        if is_head:
            self.chunked_response = False
        self.channel.uncork()


class RefusalTask(_Task, ErrorTask):  # type: ignore[misc]
    """waitress' own answer to a request that it cannot or will not read."""

    def service(self) -> None:
        """Answer the request, the last one on its connection."""
        self.channel.is_refused = True
        super().service()

    def execute(self) -> None:
        """Write the answer: JSON for clients that ask for it, if their headers could be read."""
        error = self.request.error
        self.status, headers, body = _error_answer(error, self.request, self.channel.server.adj.ident)
        self.response_headers.extend(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


def _error_answer(error: Any, request: Any, ident: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return the status, headers and body of one of waitress' errors (waitress.utilities.Error)."""
    if wants_json(getattr(request, "headers", {}).get("ACCEPT", "")):
        body = problem_details(error.code, str(error.body), error.reason).encode()
        return f"{error.code} {error.reason}", [("Content-Type", PROBLEM_TYPE)], body
    answer: tuple[str, list[tuple[str, str]], bytes] = error.to_response(ident)
    return answer


class ApplicationTask(_Task, WSGITask):  # type: ignore[misc]
    """An application's answer."""

    environ: dict[str, Any] | None

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment that waitress' own method returns, in less time."""
        if self.environ is not None:
            return self.environ
        request, channel = self.request, self.channel
        server = channel.server
        adj = server.adj
        if adj.url_prefix:
            return super().get_environment()  # type: ignore[no-any-return]
        path = request.path
        if path.startswith("//"):
            path = "/" + path.lstrip("/")
        host, port = channel.addr[:2]
        environ = {
            "REMOTE_ADDR": host,
            "REMOTE_HOST": host,
            "REMOTE_PORT": str(port),
            "REQUEST_METHOD": request.command.upper(),
            "SERVER_PORT": str(server.effective_port),
            "SERVER_NAME": server.server_name,
            "SERVER_SOFTWARE": adj.ident,
            "SERVER_PROTOCOL": f"HTTP/{self.version}",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "REQUEST_URI": request.request_uri,
            "QUERY_STRING": request.query,
            "wsgi.url_scheme": request.url_scheme,
            "wsgi.version": (1, 0),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input": request.get_body_stream(),
            "wsgi.file_wrapper": ReadOnlyFileBasedBuffer,
            "wsgi.input_terminated": True,
        }
        for name, value in request.headers.items():
            environ.setdefault(name if name in _NAMES_WITHOUT_PREFIX else f"HTTP_{name}", value)
        environ["waitress.client_disconnected"] = channel.check_client_disconnected
        self.environ = environ
        return environ

    def service(self) -> None:
        """Answer the request; if the application fails, log that and answer 500 unless the answer has begun.

        SystemExit and KeyboardInterrupt are failures too: no request may end the server.
        """
        try:
            super().service()
        except ClientDisconnected:
            raise
        except BaseException as error:  # noqa: BLE001 (anything else would leave the connection without an answer)
            self._log(error)
            if self.wrote_header:
                self.close_on_finish = True  # the client can tell that the rest is missing
            else:
                self._answer_500()

    def _log(self, error: BaseException) -> None:
        target = f"{self.request.command} {printable(self.request.path)}"
        if isinstance(error, NotBytesError):
            self.logger.error("%s: %s", target, error)
        elif isinstance(error, Exception):
            self.logger.error("Exception while serving %s", printable(self.request.path), exc_info=error)
        else:
            frames = users_frames(error) or traceback.extract_tb(error.__traceback__)
            place = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}"
            message = "%s: the application raised %r in %s; the server keeps running: return a response instead"
            self.logger.error(message, target, error, place)

    def failure_answer(self) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return the status, headers and body of the answer to a request that has failed."""
        adj = self.channel.adj
        report = traceback.format_exc() if adj.expose_tracebacks else _UNEXPECTED
        return _error_answer(InternalServerError(report), self.request, adj.ident)

    def _answer_500(self) -> None:
        self.status, self.response_headers, body = self.failure_answer()
        self.complete, self.chunked_response = True, False
        self.content_length, self.content_bytes_written = len(body), 0
        self.set_close_on_finish()
        self.write(body)
