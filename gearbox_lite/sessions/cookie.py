"""The cookie session: all data is in the visitor's cookie, signed and optionally encrypted."""

from __future__ import annotations

import logging
import time

from gearbox_lite.sessions.beaker_classes import BeakerCookieSession
from gearbox_lite.sessions.codec import Codec, describe_sizes, sign, verify
from gearbox_lite.sessions.cookie_header import MAX_CANDIDATES, cookie_values
from gearbox_lite.sessions.errors import SessionSaveError
from gearbox_lite.sessions.session_base import Request, SessionBase, new_id
from gearbox_lite.sessions.set_cookie import MAX_COOKIE_BYTES
from gearbox_lite.sessions.settings.options import SessionOptions

log = logging.getLogger("gearbox_lite.sessions")


class CookieSession(SessionBase, BeakerCookieSession):  # type: ignore[misc]
    """A session that lives in its cookie. Stock Beaker reads what it writes, and it reads what stock Beaker writes."""

    def __init__(self, request: Request, options: SessionOptions, codec: Codec) -> None:
        super().__init__(request, options, codec)
        self._built: tuple[bytes, str] | None = None
        """The dumped data, and the cookie's value that contains it."""
        self._loaded = "", 0
        """The text that was signed, and the number of its key."""
        if not self._load_from_cookies():
            self._start_new()

    @property
    def id(self) -> str:
        """The session's id, of 32 hex digits."""
        return self["_id"]  # type: ignore[no-any-return]

    def _start_new(self) -> None:
        super()._start_new()
        self["_id"] = new_id()

    def _load_from_cookies(self) -> bool:
        """Restore the session of the first cookie that is ours; False if none is."""
        reason, signed = None, 0
        for value in cookie_values(self.request.get("cookie"), self.key):
            for number, key in enumerate(self.codec.validate_keys):
                text = verify(key, value)
                if text is None:
                    reason = "not signed with our key"
                    continue
                reason = self._load_signed(text, number)
                if reason is None:
                    return True
                signed += 1
            if signed >= MAX_CANDIDATES:
                break
        if reason is not None:
            log.debug("starting a new session, the cookie %s was ignored: %s", self.key, reason)
        return False

    def _load_signed(self, text: str, number: int) -> str | None:
        """Restore what the key of that number has signed; return the reason if the session is corrupt or expired."""
        try:
            data = self.codec.decode(text, number)
        except ValueError as error:
            if not self.invalidate_corrupt:
                raise
            return str(error)
        if not self._restore(data):
            return "expired"
        if "_id" not in self:
            self["_id"] = new_id()
        self._access_time_due = self._access_time_due or number > 0  # so that the current key signs the next cookie
        self._loaded = text, number
        return None

    def _cookie_value(self) -> str:
        """Return the cookie's value, built again only if the data has changed since the last time."""
        dumped = self.codec.dump(self._values())
        if self._built is None or self._built[0] != dumped:
            value = sign(self.codec.validate_keys[0], self.codec.encode(dumped))
            size = len(self.key) + 1 + len(value)
            if size > MAX_COOKIE_BYTES:
                raise SessionSaveError(
                    f"the session's cookie would have {size} bytes, browsers keep {MAX_COOKIE_BYTES}; its values have "
                    f"{describe_sizes(self.codec, self)} bytes; store less, or choose another session.type"
                )
            self._built = dumped, value
        return self._built[1]

    def prepare(self) -> None:
        """Build the cookie. Raises SessionSaveError if the data does not fit or cannot be serialized."""
        self._check_scope(self.get("_domain"), self.get("_path", "/"))
        self["_accessed_time"] = time.time()
        self._cookie_value()

    def persist(self, *, dirty: bool) -> None:
        """Send the cookie if the session has changed, or reissue it if its access time is due."""
        if self._ended and not (self._has_values() and dirty):
            self._expire_cookie()
        elif dirty or self._must_save:
            if self._built is None:
                self["_accessed_time"] = time.time()
            self._set_cookie(self._cookie_value())
            self._mark_saved()
        elif self._access_time_due and self.save_atime and not self.is_new:
            self._reissue()

    def _reissue(self) -> None:
        """Send the cookie again with a new access time, and without changes that the request has not saved."""
        self.clear()
        self.update(self.codec.decode(*self._loaded))
        self._drop_invalid_scope()
        self["_accessed_time"] = time.time()
        self._set_cookie(self._cookie_value())

    def delete(self) -> None:
        """Drop all values and, unless new ones are saved, the cookie.

        A copy of the old cookie stays valid until ``timeout`` or ``absolute_timeout`` ends it, because the server keeps
        no record of it.
        """
        self._start_new()
        self._ended = True

    def invalidate(self) -> None:
        """Drop all values and start a new session."""
        self.delete()
        self.was_invalidated = True

    def regenerate_id(self) -> None:
        """Give the session a new id; its values stay."""
        self["_id"] = new_id()
        self._must_save = True

    def save(self, accessed_only: bool = False) -> None:  # noqa: FBT001, FBT002 (Beaker's signature)
        """Store the session at once; Beaker's interface for code that has this object itself."""
        self.persist(dirty=not accessed_only)

    def load(self) -> None:
        """Read the session again from the request's cookie."""
        self._drop_everything()
        if not self._load_from_cookies():
            self._start_new()
