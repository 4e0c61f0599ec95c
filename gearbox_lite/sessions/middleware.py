"""``egg:gearbox_lite#session``: Beaker's session middleware, hardened, for any WSGI application."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gearbox_lite.errors import Location, UserError, short_path
from gearbox_lite.ini.parsing.inherited import locate_setting
from gearbox_lite.sessions.beaker_classes import BeakerSessionMiddleware
from gearbox_lite.sessions.cookie import CookieSession
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.factory import StoredSessions, make_sessions
from gearbox_lite.sessions.set_cookie import host_of, is_in_domain
from gearbox_lite.sessions.settings.options import PREFIX, SessionOptions
from gearbox_lite.sessions.settings.parse import OptionError, parse_options
from gearbox_lite.sessions.stored import StoredSession
from gearbox_lite.sessions.stores.folders import UnsafePathError, user_name
from gearbox_lite.sessions.tracking import session_object_class
from gearbox_lite.sessions.wsgi.outage import Outages
from gearbox_lite.sessions.wsgi.response import SessionResponse, StartResponse, WSGIApplication

log = logging.getLogger("gearbox_lite.sessions")


class SessionMiddleware(BeakerSessionMiddleware):  # type: ignore[misc]
    """Beaker's SessionMiddleware on options that ``parse_options`` has returned.

    A response with a 5xx status, or an exception, drops the session's changes. If the store cannot be reached, the
    response is 503 and the cookie stays as it is.
    """

    def __init__(
        self,
        application: WSGIApplication,
        options: SessionOptions,
        locate: Callable[[str], Location] | None = None,
    ) -> None:
        """Raise ValueError or StoreUnavailable if the store cannot be set up.

        ``locate`` returns the line of the ini that sets an option, for messages.
        """
        super().__init__(application, None)
        self.options = options
        self._locate = locate
        self._has_warned: set[str] = set()
        self.sessions = make_sessions(options)
        self._session_object = session_object_class()
        self._outages = Outages(self.sessions.store if isinstance(self.sessions, StoredSessions) else None)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request; the session is at ``environ["beaker.session"]``."""
        session = self._session_object(environ, self.sessions)
        if environ.get("paste.registry") and environ["paste.registry"].reglist:
            environ["paste.registry"].register(self.session, session)
        environ[self.environ_key] = session
        environ["beaker.get_session"] = self._get_session
        if "paste.testing_variables" in environ and self.options.webtest_varname is not None:
            environ["paste.testing_variables"][self.options.webtest_varname] = session
        return SessionResponse(session, environ, start_response, self._outages, self._check_cookie).run(self.wrap_app)

    def _check_cookie(self, environ: dict[str, Any], set_cookie: str) -> None:
        """Log, once, that browsers drop a cookie of this session."""
        if environ.get("wsgi.url_scheme") == "http" and "; Secure" in set_cookie:
            self._warn(
                "session.secure",
                "session.secure = true, but a request came over plain HTTP, so browsers drop the session's cookie; "
                "serve over HTTPS (a proxy reports it in X-Forwarded-Proto: trusted_proxy), or set session.secure = "
                "false for plain HTTP",
            )
        domain = self.options.cookie_domain
        if domain is not None and not is_in_domain(host := host_of(environ), domain):
            self._warn(
                "session.cookie_domain",
                f"session.cookie_domain = {domain}, but a request came for the host {host}, so browsers drop the "
                "session's cookie; write a domain of that host, or remove the line",
            )

    def _warn(self, option: str, message: str) -> None:
        if option not in self._has_warned:
            self._has_warned.add(option)
            at = f"{self._locate(option)}: " if self._locate else ""
            log.warning("%s%s", at, message)

    def _get_session(self) -> CookieSession | StoredSession:
        return self.sessions.session({})


def filter_factory(global_conf: Mapping[str, str], **local_conf: str) -> Callable[[WSGIApplication], SessionMiddleware]:
    """Return the filter for a PasteDeploy section (a ``paste.filter_factory``).

    Raises UserError, with the ini's file and line, for an option that cannot be used.
    """
    ini = global_conf.get("__file__")
    given = {name: value for name, value in global_conf.items() if name.startswith(PREFIX)}
    given |= local_conf
    try:
        options = parse_options(given)
    except OptionError as error:
        raise _with_location(error, given, global_conf) from error

    def session_filter(application: WSGIApplication) -> SessionMiddleware:
        try:
            locate = partial(locate_setting, Path(ini), variables=global_conf) if ini else None
            return SessionMiddleware(application, options, locate)
        except (ValueError, StoreUnavailable) as error:
            raise _with_location(_store_error(error, options), given, global_conf) from error

    return session_filter


def _store_error(error: BaseException, options: SessionOptions) -> OptionError:
    """Return why the store cannot be set up as an error of the option that names it."""
    name = "session.data_dir" if options.type in ("file", "dbm") else "session.url"
    if isinstance(error, UnsafePathError):
        return OptionError(name, error.problem, error.remedy)
    remedy = "correct the address or the options of the store"
    if isinstance(error.__cause__, PermissionError):
        folder = Path(error.__cause__.filename).parent
        remedy = f"let {user_name(os.geteuid())} write {folder}, or name a folder that it can write"
    elif isinstance(error.__cause__, OSError) and error.__cause__.filename:
        problem = f"{short_path(error.__cause__.filename)} cannot be created: {error.__cause__.strerror}"
        return OptionError(name, problem, "name another folder")
    return OptionError(name, str(error), remedy)


def _with_location(error: OptionError, given: Mapping[str, str], global_conf: Mapping[str, str]) -> UserError:
    """Return the error with the line of the ini that PasteDeploy is loading."""
    ini = global_conf.get("__file__")
    at = locate_setting(Path(ini), error.option, global_conf) if ini else Location("[filter:session]")
    return UserError(f"{error.shown(given)}: {error.problem}", at=at, remedy=error.remedy)
