"""The response to one request: its session is saved when its first bytes are sent, and Set-Cookie is added.

The order matters:

1. ``start_response`` of the application is held back. Until the first bytes, an error page may replace the response.
2. With the first bytes the session is persisted, unless the response has a 5xx status. Only then is it known whether
   the store works, and which cookie to send.
3. The server's ``start_response`` is called: with the application's headers and Set-Cookie, or with 503 if the store
   failed. From here on nothing can be replaced, and a failure of the store ends the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.wsgi import unavailable
from gearbox_lite.sessions.wsgi.outage import Outages
from gearbox_lite.sessions.wsgi.session_object import SessionObject, set_cookie_of, store_failure, store_was_reached

WSGIApplication = Callable[..., Iterable[bytes]]
StartResponse = Callable[..., Callable[[bytes], object]]
Headers = list[tuple[str, str]]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class SessionResponse:
    """The response to one request, which becomes 503 as soon as the store has failed."""

    def __init__(
        self,
        session: SessionObject,
        environ: dict[str, Any],
        start_response: StartResponse,
        outages: Outages,
        check_cookie: Callable[[dict[str, Any], str], None],
    ) -> None:
        self._session = session
        self._environ = environ
        self._start_response = start_response
        self._outages = outages
        self._check_cookie = check_cookie
        self._head: tuple[str, Headers, ExcInfo | None] | None = None
        """What the application called ``start_response`` with last."""
        self._started = False
        self._write: Callable[[bytes], object] | None = None
        self._failure: StoreUnavailable | None = None

    def run(self, application: WSGIApplication) -> Iterable[bytes]:
        """Call the application and return the response's body."""
        try:
            body = application(self._environ, self._hold_back)
        except StoreUnavailable as error:
            return self._replace(error)
        wrapper = self._environ.get("wsgi.file_wrapper")
        if isinstance(body, (list, tuple)) or (isinstance(wrapper, type) and isinstance(body, wrapper)):
            self._start()
            if self._failure is None:
                return body  # unchanged, since servers send lists and files in better ways than an iterator
            self.close(body)
            return self._unavailable_body()
        return _StreamedBody(self, body)

    def _hold_back(self, status: str, headers: Headers, exc_info: ExcInfo | None = None) -> Callable[[bytes], object]:
        """Stand in for the server's ``start_response`` until the first bytes."""
        if self._failure is not None:  # the response is 503, whatever else the application would answer
            return self._write_now
        if self._started:  # too late to replace anything, which the server reports best
            return self._start_response(status, headers, exc_info)
        if self._head is not None and not exc_info:
            raise AssertionError("start_response was called twice without exc_info (PEP 3333)")
        self._head = status, headers, exc_info
        return self._write_now

    def _write_now(self, data: bytes) -> object:
        self._start()
        return None if self._failure or self._write is None else self._write(data)

    def _start(self) -> None:
        """Persist the session and start the response, once."""
        if self._started or self._head is None:
            return
        self._started = True
        status, headers, exc_info = self._head
        self._failure = self._failure or store_failure(self._session) or self._persist(status, headers)
        if self._failure is not None:
            self._outages.begin(self._failure)
            status, headers, exc_info = unavailable.STATUS, unavailable.headers_and_body(self._environ)[0], None
        self._write = (
            self._start_response(status, headers, exc_info) if exc_info else self._start_response(status, headers)
        )

    def _persist(self, status: str, headers: Headers) -> StoreUnavailable | None:
        """Persist the session and add Set-Cookie to the headers; return the store's failure."""
        if not self._session.accessed() or status.startswith("5"):
            return None
        try:
            self._session.report_unsaved()
            self._session.persist()
        except StoreUnavailable as error:
            return error
        if store_was_reached(self._session):
            self._outages.end()
        set_cookie = set_cookie_of(self._session)
        if set_cookie:
            headers.append(("Set-Cookie", set_cookie))
            self._check_cookie(self._environ, set_cookie)
        return None

    def _replace(self, error: StoreUnavailable) -> list[bytes]:
        """Respond 503. Raises RuntimeError, which ends the connection, if another response has started."""
        if self._started:
            raise RuntimeError("the session store failed in the middle of a response") from error
        self._failure = error
        self._head = "", [], None
        self._start()
        return self._unavailable_body()

    def _unavailable_body(self) -> list[bytes]:
        return [unavailable.headers_and_body(self._environ)[1]]

    def stream(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a body that is generated while it is sent, and that may still use the session."""
        try:
            for chunk in body:
                if not self._started:
                    if not chunk:
                        continue  # nothing is sent yet, so that a failure can still replace the response
                    self._start()
                if self._failure is not None:
                    break
                yield chunk
            self._start()
        except StoreUnavailable as error:
            yield from self._replace(error)
            return
        if self._failure is not None:
            yield from self._unavailable_body()

    def close(self, body: Iterable[bytes]) -> None:
        """Close the application's body, whose cleanup may use the session too."""
        close = getattr(body, "close", None)
        if close is None:
            return
        try:
            close()
        except StoreUnavailable as error:
            if self._failure is None:
                raise RuntimeError("the session store failed at the end of a response") from error


class _StreamedBody:
    """A streamed body; closing it closes the application's, even if the server has not asked for its first byte."""

    def __init__(self, response: SessionResponse, body: Iterable[bytes]) -> None:
        self._response = response
        self._body = body
        self._chunks = response.stream(body)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close both, once."""
        body, self._body = self._body, ()
        self._response.close(self._chunks)
        self._response.close(body)
