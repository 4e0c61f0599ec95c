"""The session that the application sees: Beaker's lazy session object, loaded when it is first used."""

from __future__ import annotations

from typing import Any

from gearbox_lite.sessions.beaker_classes import BeakerSessionObject
from gearbox_lite.sessions.cookie import CookieSession
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.factory import CookieSessions, StoredSessions
from gearbox_lite.sessions.stored import StoredSession


class SessionObject(BeakerSessionObject):  # type: ignore[misc]
    """Beaker's lazy session: loaded when the application first uses it, persisted when the response starts.

    Setting an attribute sets it on the session itself, so this object's own state is in its ``__dict__``.
    """

    def __init__(self, environ: dict[str, Any], sessions: CookieSessions | StoredSessions) -> None:
        super().__init__(environ)
        self.__dict__["_sessions"] = sessions
        self.__dict__["_failure"] = None

    def _session(self) -> CookieSession | StoredSession:
        session: CookieSession | StoredSession | None = self.__dict__["_sess"]
        if session is None:
            request = {"cookie": self.__dict__["_environ"].get("HTTP_COOKIE")}
            self.__dict__["_headers"] = request
            try:
                session = self.__dict__["_sess"] = self.__dict__["_sessions"].session(request)
            except StoreUnavailable as error:
                self.__dict__["_failure"] = error  # the response is 503, even if the application ignores the error
                raise
        return session

    def __repr__(self) -> str:
        """Show the session, but do not read it from its store only for a debug page or a log line."""
        return super().__repr__() if self.accessed() else "<session, not loaded>"

    def save(self) -> None:
        """Save the session when the response starts. Raises SessionSaveError now if it cannot be stored."""
        super().save()
        try:
            self._session().prepare()
        except StoreUnavailable as error:
            self.__dict__["_failure"] = error
            raise

    def persist(self) -> None:
        """Store what has to be stored; called when the response starts."""
        automatic = self.__dict__["_sessions"].options.auto and not self.dirty()
        if automatic:
            self._session().prepare()
        self._session().persist(dirty=automatic or self.dirty())

    def report_unsaved(self) -> None:
        """Do nothing: ``tracking`` reports changes that are not saved, while debugging."""

    def get_by_id(self, id: str) -> StoredSession | None:  # noqa: A002 (Beaker's name)
        """Return the stored session of an id; None if there is none, and for cookie sessions."""
        session: StoredSession | None = self.__dict__["_sessions"].session_by_id(id)
        return session


def store_failure(session: SessionObject) -> StoreUnavailable | None:
    """Return why the store could not be used in this request; None if it could, or was not needed."""
    failure: StoreUnavailable | None = session.__dict__["_failure"]
    return failure


def store_was_reached(session: SessionObject) -> bool:
    """Whether the store has answered in this request."""
    loaded: CookieSession | StoredSession | None = session.__dict__["_sess"]
    return loaded is not None and loaded.store_reached


def set_cookie_of(session: SessionObject) -> str | None:
    """Return the value of the Set-Cookie header that a persisted session sends, None for none."""
    request = session.__dict__["_headers"]
    header: str | None = request["cookie_out"] if request["set_cookie"] else None
    return header
