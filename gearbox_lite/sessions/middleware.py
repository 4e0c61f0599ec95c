"""``egg:gearbox_lite#session``: Beaker's session middleware, hardened, for any WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from beaker.middleware import SessionMiddleware as BeakerSessionMiddleware
from beaker.session import SessionObject as BeakerSessionObject

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.locate import find_setting
from gearbox_lite.sessions import options as session_options
from gearbox_lite.sessions.codec import Codec
from gearbox_lite.sessions.cookie import CookieSession
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.outage import Outages
from gearbox_lite.sessions.stored import StoredSession
from gearbox_lite.sessions.stores import make_store

WSGIApplication = Callable[..., Iterable[bytes]]
StartResponse = Callable[..., Callable[[bytes], object]]

RETRY_AFTER = "2"
"""Seconds after which a client may ask again while the store is down."""
_BODY = b"The sessions of this site cannot be reached right now. Please try again in a moment.\n"
_UNAVAILABLE = (
    "503 Service Unavailable",
    [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(_BODY))),
        ("Retry-After", RETRY_AFTER),
        ("Cache-Control", "no-store"),
    ],
)


class SessionObject(BeakerSessionObject):  # type: ignore[misc]
    """Beaker's lazy session: made when the application first uses it, persisted when it answers."""

    def __init__(self, environ: dict[str, Any], **params: Any) -> None:
        super().__init__(environ, **params)
        self.__dict__["_failure"] = None

    def _session(self) -> Any:
        try:
            return super()._session()
        except StoreUnavailable as error:
            self.__dict__["_failure"] = error  # the answer is 503 also where the application goes on
            raise

    def save(self) -> None:
        """Save the session with this answer. Raises SessionSaveError here and now where it cannot be stored."""
        super().save()
        try:
            self._session().prepare()
        except StoreUnavailable as error:
            self.__dict__["_failure"] = error
            raise

    def persist(self) -> None:
        """Store what has to be stored; the middleware calls it with the answer."""
        self._session().persist(dirty=self.dirty() or bool(self.__dict__["_params"].get("auto")))

    def get_by_id(self, id: str) -> Any:  # noqa: A002 (Beaker's name)
        """Return the stored session of an id; None where there is none, and for cookie sessions."""
        params = self.__dict__["_params"]
        if params["session_class"] is not StoredSession:
            return None
        session = StoredSession({}, **{**params, "id": id, "use_cookies": False})
        return None if session.is_new else session


class SessionMiddleware(BeakerSessionMiddleware):  # type: ignore[misc]
    """Beaker's SessionMiddleware on options that ``options.check`` has returned.

    An answer with a 5xx status, or an exception, drops the session's changes. A store that cannot be reached gives 503
    and leaves the cookie alone.
    """

    def __init__(self, application: WSGIApplication, options: Mapping[str, Any]) -> None:
        """Raise ValueError or StoreUnavailable where the store cannot be set up."""
        super().__init__(application, None)
        self.options = session_parameters(options)
        self._outages = Outages()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; the session is at ``environ["beaker.session"]``."""
        session = SessionObject(environ, **self.options)
        if environ.get("paste.registry") and environ["paste.registry"].reglist:
            environ["paste.registry"].register(self.session, session)
        environ[self.environ_key] = session
        environ["beaker.get_session"] = self._get_session
        if "paste.testing_variables" in environ and "webtest_varname" in self.options:
            environ["paste.testing_variables"][self.options["webtest_varname"]] = session
        return _Exchange(session, start_response, self._outages).run(self.wrap_app, environ)

    def _get_session(self) -> Any:
        return self.options["session_class"]({}, **self.options)


class _Exchange:
    """One request and its answer, which becomes 503 as soon as the store has failed."""

    def __init__(self, session: SessionObject, start_response: StartResponse, outages: Outages) -> None:
        self._session = session
        self._start_response = start_response
        self._outages = outages
        self._started = False
        self._failed = False

    def run(self, application: WSGIApplication, environ: dict[str, Any]) -> Iterable[bytes]:
        try:
            body = application(environ, self._start)
        except StoreUnavailable as error:
            return self._unavailable(error)
        if not self._started:
            return self._later(body)
        if self._failed:
            _close(body)
            return [_BODY]
        return body

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        if not self._failed:
            failure = self._session.__dict__["_failure"] or self._persist(status, headers)
            if failure is not None:
                self._fail(failure)
        self._started = True
        if self._failed:
            status, headers = _UNAVAILABLE[0], list(_UNAVAILABLE[1])
        write = self._start_response(status, headers, exc_info)
        return (lambda _: None) if self._failed else write

    def _persist(self, status: str, headers: list[tuple[str, str]]) -> StoreUnavailable | None:
        if not self._session.accessed() or status.startswith("5"):
            return None
        try:
            self._session.persist()
        except StoreUnavailable as error:
            return error
        self._outages.end()
        answer = self._session.__dict__["_headers"]
        if answer["set_cookie"] and answer["cookie_out"]:
            headers.append(("Set-Cookie", answer["cookie_out"]))
        return None

    def _fail(self, error: StoreUnavailable) -> None:
        self._failed = True
        self._outages.begin(error)

    def _unavailable(self, error: StoreUnavailable) -> list[bytes]:
        if not self._failed:
            self._fail(error)
        if not self._started:
            self._started = True
            self._start_response(_UNAVAILABLE[0], list(_UNAVAILABLE[1]))
        return [_BODY]

    def _later(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """Pass on the body of an application that starts its answer only when its body is asked for."""
        try:
            for chunk in body:
                if self._failed:
                    break
                yield chunk
            if self._failed:
                yield _BODY
        except StoreUnavailable as error:
            yield from self._unavailable(error)
        finally:
            _close(body)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def session_parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a session is made with: its class, codec and store, and the checked options."""
    codec = Codec(
        serializer=options["data_serializer"],
        validate_keys=_keys(options, "validate_key"),
        encrypt_keys=_keys(options, "encrypt_key"),
        nonce_bits=options.get("encrypt_nonce_bits", 128),
        crypto_type=options.get("crypto_type", "default"),
    )
    if options["type"] == "cookie":
        return {**options, "session_class": CookieSession, "codec": codec}
    return {
        **options,
        "session_class": StoredSession,
        "codec": codec,
        "store": make_store(options),
        "secrets": _keys(options, "secret"),
    }


def _keys(options: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return (options[name], *options.get(f"{name}_fallbacks", ())) if name in options else ()


def filter_factory(global_conf: Mapping[str, str], **local_conf: str) -> Callable[[WSGIApplication], SessionMiddleware]:
    """Return the filter for a PasteDeploy section (a ``paste.filter_factory``).

    Raises UserError, with the ini's file and line, for an option that cannot be used.
    """
    given = {name: value for name, value in global_conf.items() if name.startswith(session_options.PREFIX)}
    given |= local_conf
    try:
        options = session_options.check(given)
    except session_options.OptionError as error:
        raise _at_line(error, given, global_conf.get("__file__")) from error

    def session_filter(application: WSGIApplication) -> SessionMiddleware:
        try:
            return SessionMiddleware(application, options)
        except (ValueError, StoreUnavailable) as error:
            option = "session.data_dir" if options["type"] in ("file", "dbm") else "session.url"
            problem = session_options.OptionError(option, str(error), "correct the address or the options of the store")
            raise _at_line(problem, given, global_conf.get("__file__")) from error

    return session_filter


def _at_line(error: session_options.OptionError, given: Mapping[str, str], ini: str | None) -> UserError:
    value = f" = {given[error.option]}" if error.option in given else ""
    at = find_setting(Path(ini), error.option) if ini else Location("[filter:session]")
    return UserError(f"{error.option}{value}: {error.problem}", at=at, remedy=error.remedy)
