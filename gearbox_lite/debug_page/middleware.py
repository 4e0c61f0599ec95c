"""``egg:gearbox_lite#debug``: a filter that shows the debug page for the exceptions of any WSGI application.

While ``debug`` is false it adds nothing: the application is returned as it is.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gearbox_lite.booleans import TRUE

if TYPE_CHECKING:
    from gearbox_lite.debug_page.console import Console

WSGIApplication = Callable[..., Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]

log = logging.getLogger("gearbox_lite.debug_page")


def debug_filter(global_conf: Mapping[str, str], **local_conf: str) -> Callable[[WSGIApplication], WSGIApplication]:
    """Return the filter for a PasteDeploy section (a ``paste.filter_factory``).

    Raises UserError, with the ini's file and line, for a setting that it does not have.
    """
    from gearbox_lite.debug_page.filter_settings import check_settings

    check_settings(global_conf, local_conf)
    settings = {**local_conf, **global_conf}
    if not _is_true(settings.get("debug", "")):
        return lambda application: application
    console = None
    if _is_true(settings.get("debug.console", "")):
        from gearbox_lite.debug_page.console import Console

        console = Console()
    return lambda application: DebugPages(application, settings.get("__file__", ""), console)


def _is_true(value: str) -> bool:
    return value.strip().lower() in TRUE


class DebugPages:
    """Answers with a debug page if the application raises an exception before it has sent anything."""

    def __init__(self, application: WSGIApplication, ini: str, console: Console | None) -> None:
        _let_exceptions_pass(application)
        self._application = application
        self._ini = ini
        self._console = console

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; ``SystemExit`` and others that are no ``Exception`` go on to the server."""
        if environ.get("paste.throw_errors"):  # a test client, such as WebTest, wants the exceptions themselves
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        answer = _Answer(environ, start_response, self._ini, self._console)
        if self._console is not None and environ.get("PATH_INFO") == self._console.path:
            return answer.run_code(self._console)
        try:
            body: Iterable[bytes] = self._application(environ, answer.start)
        except Exception as error:  # noqa: BLE001 (whatever the application raises)
            return answer.show(error)
        if isinstance(body, (list, tuple)) or type(body) is environ.get("wsgi.file_wrapper"):
            return answer.shows_routes() or body  # servers send these in a better way than piece by piece
        return _Body(body, answer)


def _let_exceptions_pass(application: WSGIApplication) -> None:
    """Have the frameworks inside of this filter pass exceptions on, instead of answering them.

    TurboGears' own debug page, backlash, would show them. Flask would answer 500, unless the project itself sets
    PROPAGATE_EXCEPTIONS (https://flask.palletsprojects.com/en/stable/config/).
    """
    backlash, flask = sys.modules.get("backlash.debugger"), sys.modules.get("flask")
    if backlash is None and flask is None:
        return
    from gearbox_lite.application.parts import parts_of

    part: Any
    for part in parts_of(application):
        if backlash is not None and issubclass(type(part), backlash.DebuggerCore):
            part.debug_application = part.app
            part.evalex = False
        elif flask is not None and issubclass(type(part), flask.Flask) and part.config["PROPAGATE_EXCEPTIONS"] is None:
            part.config["PROPAGATE_EXCEPTIONS"] = True


class _Answer:
    """The answer to one request: the application's, or a debug page."""

    def __init__(
        self, environ: dict[str, Any], start_response: StartResponse, ini: str, console: Console | None
    ) -> None:
        self._environ = environ
        self._start_response = start_response
        self._ini = ini
        self._console = console
        self._held: tuple[str, Headers] | None = None

    def start(self, status: str, headers: Headers, *exc_info: Any) -> Any:
        """Pass on ``start_response``, but hold a 404 until it is known whether the routes are shown instead."""
        self._held = None
        if status.startswith("404") and not exc_info and _is_page(headers) and _expects_page(self._environ):
            self._held = status, headers
            return lambda _data: None
        return self._start_response(status, headers, *exc_info)

    def show(self, error: Exception) -> list[bytes]:
        """Log an exception, and start the page that shows it."""
        from gearbox_lite.debug_page import answers, visitors

        line = self.log(error)
        if not visitors.may_see(self._environ):
            answer = visitors.refusal(self._environ)
        else:
            form = None if self._console is None else self._console.offer(error, self._environ)
            try:
                answer = answers.exception_answer(error, self._environ, self._settings(), form)
            except Exception:  # an exception of the application, or a value, may be unlike any other
                log.exception("the debug page cannot show this exception")
                answer = answers.answer_without_details(error, line)
        # With exc_info, a server that has sent headers raises the exception again (PEP 3333).
        self._start_response(answers.STATUS_500, answer.headers, sys.exc_info())
        return self._body_of(answer.body)

    def log(self, error: Exception) -> str:
        """Log an exception, and return the request's method and path."""
        from gearbox_lite.debug_page import request_details

        line = request_details.request_line(self._environ)
        log.error("%s", line, exc_info=error)
        return line

    def run_code(self, console: Console) -> list[bytes]:
        """Start the page with the output of code that the console's form has sent."""
        answer = console.respond(self._environ)
        self._start_response("200 OK", answer.headers)
        return self._body_of(answer.body)

    def shows_routes(self) -> list[bytes] | None:
        """Start the page that lists the routes instead of a 404 that is held; None, and start the 404, if not."""
        if self._held is None:
            return None
        from gearbox_lite.debug_page import routes_page, visitors

        status, headers = self._held
        self._held = None
        answer = routes_page.answer_for(self._environ, self._settings()) if visitors.may_see(self._environ) else None
        if answer is None:
            self._start_response(status, headers)
            return None
        cookies = [(name, value) for name, value in headers if name.lower() == "set-cookie"]
        self._start_response(status, [*answer.headers, *cookies])
        return self._body_of(answer.body)

    def _body_of(self, body: bytes) -> list[bytes]:
        return [b"" if self._environ.get("REQUEST_METHOD") == "HEAD" else body]

    def _settings(self) -> Any:
        from gearbox_lite.debug_page.answers import PageSettings
        from gearbox_lite.debug_page.filter_settings import editor_of

        return PageSettings(self._ini, editor_of(self._ini))


def _is_page(headers: Headers) -> bool:
    return any(name.lower() == "content-type" and value.startswith("text/html") for name, value in headers)


def _expects_page(environ: Mapping[str, Any]) -> bool:
    """Whether a TurboGears application is asked for a page, as a browser does when a person opens an address."""
    return (
        environ.get("REQUEST_METHOD") in ("GET", "HEAD")
        and "text/html" in environ.get("HTTP_ACCEPT", "")
        and "paste.registry" in environ
    )


class _Body:
    """An application's body, whose exceptions are shown too."""

    def __init__(self, body: Iterable[bytes], answer: _Answer) -> None:
        self._body = body
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        try:
            pieces = iter(self._body)
            first = next(pieces, b"")  # an application may call start_response as late as this (PEP 3333)
            routes = self._answer.shows_routes()
            if routes is not None:
                yield from routes
                return
            yield first
            yield from pieces
        except Exception as error:  # noqa: BLE001 (whatever the application raises)
            yield from self._answer.show(error)

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                close()
        except Exception as error:  # noqa: BLE001 (whatever the application raises)
            self._answer.log(error)  # the answer is complete, and the server would cut it off
