"""``egg:gearbox_lite#session``: Beaker's session middleware, hardened, for any WSGI application."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from beaker.middleware import SessionMiddleware as BeakerSessionMiddleware
from beaker.session import SessionObject as BeakerSessionObject

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.inherited import locate_setting
from gearbox_lite.sessions import unavailable
from gearbox_lite.sessions.codec import Codec
from gearbox_lite.sessions.common import default_reissue
from gearbox_lite.sessions.cookie import CookieSession
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.lifetime import Lifetime
from gearbox_lite.sessions.outage import Outages
from gearbox_lite.sessions.records import Records
from gearbox_lite.sessions.settings import options as session_options
from gearbox_lite.sessions.stored import StoredSession
from gearbox_lite.sessions.stores import make_store
from gearbox_lite.sessions.stores.folders import UnsafePathError, user_name

WSGIApplication = Callable[..., Iterable[bytes]]
StartResponse = Callable[..., Callable[[bytes], object]]


class SessionObject(BeakerSessionObject):  # type: ignore[misc]
    """Beaker's lazy session: made when the application first uses it, persisted when it answers."""

    def __init__(self, environ: dict[str, Any], **params: Any) -> None:
        super().__init__(environ, **params)
        self.__dict__["_failure"] = None

    def _session(self) -> Any:
        try:
            return super()._session()
        except StoreUnavailable as error:
            self.__dict__["_failure"] = error  # the answer is 503 even if the application goes on
            raise

    def __repr__(self) -> str:
        """Show the session; one that nothing has used yet is not read from its store for a debug page or a log line."""
        return super().__repr__() if self.accessed() else "<session, not loaded>"

    def save(self) -> None:
        """Save the session with this answer. Raises SessionSaveError here and now if it cannot be stored."""
        super().save()
        try:
            self._session().prepare()
        except StoreUnavailable as error:
            self.__dict__["_failure"] = error
            raise

    def persist(self) -> None:
        """Store what has to be stored; the middleware calls it with the answer."""
        automatic = bool(self.__dict__["_params"].get("auto")) and not self.dirty()
        if automatic:
            self._session().prepare()
        self._session().persist(dirty=automatic or self.dirty())

    def get_by_id(self, id: str) -> Any:  # noqa: A002 (Beaker's name)
        """Return the stored session of an id; None if there is none, and for cookie sessions."""
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
        """Raise ValueError or StoreUnavailable if the store cannot be set up."""
        super().__init__(application, None)
        self.options = session_parameters(options)
        self._outages = Outages(self.options.get("store"))

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; the session is at ``environ["beaker.session"]``."""
        session = SessionObject(environ, **self.options)
        if environ.get("paste.registry") and environ["paste.registry"].reglist:
            environ["paste.registry"].register(self.session, session)
        environ[self.environ_key] = session
        environ["beaker.get_session"] = self._get_session
        if "paste.testing_variables" in environ and "webtest_varname" in self.options:
            environ["paste.testing_variables"][self.options["webtest_varname"]] = session
        return _Exchange(session, environ, start_response, self._outages).run(self.wrap_app)

    def _get_session(self) -> Any:
        return self.options["session_class"]({}, **self.options)


class _Exchange:
    """One request and its answer, which becomes 503 as soon as the store has failed.

    The answer starts only with its first bytes, so that a failure or an error page until then can still replace it, and
    the session is persisted at that moment.
    """

    def __init__(
        self, session: SessionObject, environ: dict[str, Any], start_response: StartResponse, outages: Outages
    ) -> None:
        self._session = session
        self._environ = environ
        self._start_response = start_response
        self._outages = outages
        self._answer: tuple[str, list[tuple[str, str]], Any] | None = None
        self._started = False
        self._write: Callable[[bytes], object] | None = None
        self._failure: StoreUnavailable | None = None

    def run(self, application: WSGIApplication) -> Iterable[bytes]:
        try:
            body = application(self._environ, self._start)
        except StoreUnavailable as error:
            return self._replace(error)
        wrapper = self._environ.get("wsgi.file_wrapper")
        if isinstance(body, (list, tuple)) or (isinstance(wrapper, type) and isinstance(body, wrapper)):
            self._commit()
            if self._failure is None:
                return body  # as it is, since servers send lists and files in better ways than an iterator
            self.close(body)
            return self._apology()
        return _Body(self, body)

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        if self._failure is not None:  # the answer is 503, whatever else the application would say
            return self._write_now
        if self._started:  # too late to replace anything, which the server says best
            return self._start_response(status, headers, exc_info)
        if self._answer is not None and not exc_info:
            raise AssertionError("start_response was called twice without exc_info (PEP 3333)")
        self._answer = status, headers, exc_info
        return self._write_now

    def _write_now(self, data: bytes) -> object:
        self._commit()
        return None if self._failure or self._write is None else self._write(data)

    def _commit(self) -> None:
        """Persist the session and start the answer, if that has not been done."""
        if self._started or self._answer is None:
            return
        self._started = True
        status, headers, exc_info = self._answer
        self._failure = self._failure or self._session.__dict__["_failure"] or self._persist(status, headers)
        if self._failure is not None:
            self._outages.begin(self._failure)
            status, headers, exc_info = unavailable.STATUS, unavailable.answer(self._environ)[0], None
        self._write = (
            self._start_response(status, headers, exc_info) if exc_info else self._start_response(status, headers)
        )

    def _persist(self, status: str, headers: list[tuple[str, str]]) -> StoreUnavailable | None:
        if not self._session.accessed() or status.startswith("5"):
            return None
        try:
            self._session.persist()
        except StoreUnavailable as error:
            return error
        if self._session.__dict__["_sess"].reached:
            self._outages.end()
        answer = self._session.__dict__["_headers"]
        if answer["set_cookie"] and answer["cookie_out"]:
            headers.append(("Set-Cookie", answer["cookie_out"]))
        return None

    def _replace(self, error: StoreUnavailable) -> list[bytes]:
        """Answer 503. Raises RuntimeError, which ends the connection, if another answer is on its way."""
        if self._started:
            raise RuntimeError("the session store failed in the middle of an answer") from error
        self._failure = error
        self._answer = "", [], None
        self._commit()
        return self._apology()

    def _apology(self) -> list[bytes]:
        return [unavailable.answer(self._environ)[1]]

    def stream(self, body: Iterable[bytes]) -> Iterator[bytes]:
        """Pass on a body that is made while it is sent, and that may use the session while it is made."""
        try:
            for chunk in body:
                if not self._started:
                    if not chunk:
                        continue  # nothing is sent yet, so that a failure can still replace the answer
                    self._commit()
                if self._failure is not None:
                    break
                yield chunk
            self._commit()
        except StoreUnavailable as error:
            yield from self._replace(error)
            return
        if self._failure is not None:
            yield from self._apology()

    def close(self, body: Iterable[bytes]) -> None:
        """Close the application's body, whose clean-up may use the session too."""
        close = getattr(body, "close", None)
        if close is None:
            return
        try:
            close()
        except StoreUnavailable as error:
            if self._failure is None:
                raise RuntimeError("the session store failed at the end of an answer") from error


class _Body:
    """A streamed body; closing it closes the application's, even if the server has not asked for its first byte."""

    def __init__(self, exchange: _Exchange, body: Iterable[bytes]) -> None:
        self._exchange = exchange
        self._body = body
        self._chunks = exchange.stream(body)

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close both, once."""
        body, self._body = self._body, ()
        self._exchange.close(self._chunks)
        self._exchange.close(body)


def session_parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a session is made with: its class, codec and store, and the checked options."""
    codec = Codec(
        serializer=options["data_serializer"],
        validate_keys=_keys(options, "validate_key"),
        encrypt_keys=_keys(options, "encrypt_key"),
        nonce_bits=options.get("encrypt_nonce_bits", 128),
        crypto_type=options.get("crypto_type", "default"),
    )
    lifetime = Lifetime(options.get("timeout"), options.get("absolute_timeout"))
    options = {"reissue_time": default_reissue(options), **options, "lifetime": lifetime}
    if options["type"] == "cookie":
        return {**options, "session_class": CookieSession, "codec": codec}
    secrets = _keys(options, "secret")
    return {
        **options,
        "session_class": StoredSession,
        "codec": codec,
        "store": make_store(options),
        "records": Records(codec, secrets, options.get("prefix", options["key"])),
        "secrets": secrets,
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
        raise _located(error, given, global_conf) from error

    def session_filter(application: WSGIApplication) -> SessionMiddleware:
        try:
            return SessionMiddleware(application, options)
        except (ValueError, StoreUnavailable) as error:
            option = "session.data_dir" if options["type"] in ("file", "dbm") else "session.url"
            text, remedy = str(error), "correct the address or the options of the store"
            if isinstance(error.__cause__, PermissionError):
                folder = Path(error.__cause__.filename).parent
                remedy = f"let {user_name(os.geteuid())} write {folder}, or name a folder that it can write"
            if isinstance(error, UnsafePathError):
                text, remedy = error.problem, error.remedy
            problem = session_options.OptionError(option, text, remedy)
            raise _located(problem, given, global_conf) from error

    return session_filter


def _located(error: session_options.OptionError, given: Mapping[str, str], global_conf: Mapping[str, str]) -> UserError:
    """Return the error with the line of the ini that PasteDeploy is loading."""
    ini = global_conf.get("__file__")
    at = locate_setting(Path(ini), error.option, global_conf) if ini else Location("[filter:session]")
    return UserError(f"{error.shown(given)}: {error.problem}", at=at, remedy=error.remedy)
