"""The part that cookie sessions and server-side sessions share: the cookie, the clock, and what counts as a change."""

from __future__ import annotations

import re
import time
import uuid
from datetime import timedelta
from typing import Any

from gearbox_lite.sessions.beaker_classes import BeakerSession
from gearbox_lite.sessions.codec import Codec, Data, is_value
from gearbox_lite.sessions.cookie_header import cookie_values
from gearbox_lite.sessions.errors import SessionSaveError
from gearbox_lite.sessions.lifetime import is_time
from gearbox_lite.sessions.set_cookie import NEVER_EXPIRES, build_set_cookie, is_cookie_domain, is_cookie_path
from gearbox_lite.sessions.settings.options import SessionOptions

Request = dict[str, Any]
"""Beaker's request: ``cookie`` is the Cookie header; ``cookie_out`` and ``set_cookie`` are for the response."""


def new_id() -> str:
    """Return a random session id of 32 hex digits."""
    return uuid.uuid4().hex


_ID = re.compile(r"[0-9a-f]{32}")


def is_id(text: str) -> bool:
    """Whether a string has the form of our session ids."""
    return _ID.fullmatch(text) is not None


class SessionBase(BeakerSession):  # type: ignore[misc]
    """Beaker's interface to a session, around our own loading and saving.

    When the application calls ``save()``, ``prepare`` reports values that cannot be stored. The session is stored by
    ``persist`` when the response starts.
    """

    def __init__(self, request: Request, options: SessionOptions, codec: Codec) -> None:
        """Take the request that the session belongs to. Nothing is loaded yet."""
        # The cookie's configured scope. Beaker's clear(), which must come next, puts it into the session.
        self._config = {"_domain": options.cookie_domain, "_path": options.cookie_path}
        super().clear()
        self.request = request
        self.codec = codec
        self.key = options.key
        self.type = options.type
        self.lifetime = options.lifetime
        self.timeout = options.timeout
        self.save_atime = options.save_accessed_time
        self.cookie_expires = options.cookie_expires
        self.secure = options.secure
        self.httponly = options.httponly
        self.samesite = options.samesite
        self.invalidate_corrupt = options.invalidate_corrupt
        self.reissue_time = options.effective_reissue_time
        self.accessed_dict: Data = {}
        self.last_accessed: float | None = None
        self.was_invalidated = False
        self.is_new = True
        self.store_reached = False
        """Whether the store has answered, which ends an outage."""
        self._must_save = False
        """Whether the session is saved even without ``save()``, because its id or the cookie's scope has changed."""
        self._access_time_due = False
        self._ended = False
        """Whether ``delete`` or ``invalidate`` was called, so that the cookie expires unless new values are saved."""
        request.update(cookie_out=None, set_cookie=False)

    def clear(self) -> None:
        """Drop all values; the session keeps its id and its age, so that clearing it does not prolong its life."""
        kept = {key: self[key] for key in ("_id", "_creation_time", "_accessed_time") if key in self}
        super().clear()
        self.update(kept)

    def _drop_everything(self) -> None:
        """Drop the values, the id and the age, as Beaker's ``clear`` does."""
        super().clear()

    def _start_new(self) -> None:
        """Become a new session without values. Its cookie has the old one's scope, and so replaces it."""
        scope = {key: self[key] for key in self._config if key in self}
        self._drop_everything()
        self.update(scope)
        self["_creation_time"] = self["_accessed_time"] = time.time()
        self.is_new = True
        self.last_accessed = None

    def _restore(self, data: Data) -> bool:
        """Become the session whose data was loaded; False if it has expired."""
        now = time.time()
        if self.lifetime.is_over(data, now):
            return False
        accessed: Any = data.get("_accessed_time")
        if self.timeout is None and not is_time(accessed, now):  # no timeout depends on it
            accessed = now
        self.is_new = False
        self.last_accessed = accessed
        self._access_time_due = self._access_time_due or now - accessed >= self.reissue_time
        self.update(data)
        if "_path" in data or "_domain" in data:
            self._drop_invalid_scope()
        self.accessed_dict = dict(self)
        return True

    def _values(self) -> Data:
        """Return what is to be stored: everything but a cookie's domain and path that are the ini's."""
        configured = self._config
        return {key: value for key, value in self.items() if key not in configured or value != configured[key]}

    def _mark_saved(self) -> None:
        """Note that all changes are stored, so that only later ones are saved again."""
        self._must_save = self._ended = self._access_time_due = False
        self.is_new = False

    def is_stored_anyway(self) -> bool:
        """Whether the session is stored, or deleted, even if ``save()`` is not called."""
        return self._must_save or self._ended

    def _has_values(self) -> bool:
        return any(is_value(key) for key in self)

    @property
    def created(self) -> float:
        """When the session was created, in seconds since 1970."""
        return self.get("_creation_time", 0.0)  # type: ignore[no-any-return]

    @property
    def domain(self) -> str | None:
        """Domain of the cookie."""
        return self.get("_domain")  # type: ignore[no-any-return]

    @domain.setter
    def domain(self, domain: str | None) -> None:
        self._check_scope(domain, self.path)
        self["_domain"] = domain
        self._must_save = True

    @property
    def path(self) -> str:
        """Path of the cookie."""
        return self.get("_path", "/")  # type: ignore[no-any-return]

    @path.setter
    def path(self, path: str) -> None:
        self._check_scope(self.domain, path)
        self["_path"] = path
        self._must_save = True

    def _drop_invalid_scope(self) -> None:
        try:
            self._check_scope(self.domain, self.path)
        except SessionSaveError:
            self.update(self._config)

    def _check_scope(self, domain: object, path: object) -> None:
        """Raise SessionSaveError for a domain or path of the application's that would inject other attributes."""
        configured = self._config
        if domain == configured["_domain"] and path == configured["_path"]:
            return
        if domain and not is_cookie_domain(domain):
            raise SessionSaveError(f"the cookie's domain {domain!r} is not a host name")
        if not is_cookie_path(path):
            raise SessionSaveError(f"the cookie's path {path!r} is not a path that starts with /")

    def revert(self) -> None:
        """Go back to the values that the request began with."""
        self.clear()
        self.update(self.accessed_dict)

    def lock(self) -> None:
        """Do nothing: the changes of concurrent requests are merged when they are saved (merge.py)."""

    def unlock(self) -> None:
        """Do nothing, as ``lock``."""

    def _set_cookie(self, value: str, expires: float | None = None) -> None:
        """Set the response's cookie. ``expires`` is in seconds since 1970; ``cookie_expires`` is the default."""
        if expires is None:
            if isinstance(self.cookie_expires, timedelta):
                expires = time.time() + self.cookie_expires.total_seconds()
            elif self.cookie_expires is False:
                expires = NEVER_EXPIRES
        self._check_scope(self.get("_domain"), self.get("_path", "/"))
        header = build_set_cookie(
            self.key,
            value,
            domain=self.domain,
            path=self.path,
            expires=expires,
            httponly=self.httponly,
            samesite=self.samesite,
            secure=self.secure,
        )
        self.request.update(cookie_out=header, set_cookie=True)

    def _expire_cookie(self) -> None:
        """Make the browser drop the cookie, if it has sent one."""
        if cookie_values(self.request.get("cookie"), self.key):
            self._set_cookie("", expires=0)

    def prepare(self) -> None:
        """Check that the values can be stored. Raises SessionSaveError."""
        raise NotImplementedError

    def persist(self, *, dirty: bool) -> None:
        """Store the session: all of it if it is dirty, else only its access time, if that is due."""
        raise NotImplementedError
