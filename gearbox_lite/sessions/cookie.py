"""The hashed-cookie session: all data in the visitor's cookie, signed, perhaps encrypted."""

from __future__ import annotations

import logging
import time
from typing import Any

from beaker.session import CookieSession as BeakerCookieSession

from gearbox_lite.sessions.codec import Codec, describe_sizes, sign, verify
from gearbox_lite.sessions.common import SessionBase, new_id
from gearbox_lite.sessions.cookie_header import BIGGEST_COOKIE, MOST_CANDIDATES, cookie_values
from gearbox_lite.sessions.errors import SessionSaveError

log = logging.getLogger("gearbox_lite.sessions")


class CookieSession(SessionBase, BeakerCookieSession):  # type: ignore[misc]
    """A session that lives in its cookie; stock Beaker reads what it writes, and the reverse."""

    def __init__(self, request: dict[str, Any], codec: Codec, **options: Any) -> None:
        super().__init__(request, codec, **options)
        self._built: tuple[bytes, str] | None = None
        self._loaded = "", 0
        if not self._load():
            self._start()

    @property
    def id(self) -> str:
        """The session's id, of 32 hex digits."""
        return self["_id"]  # type: ignore[no-any-return]

    def _start(self) -> None:
        super()._start()
        self["_id"] = new_id()

    def _load(self) -> bool:
        """Take the first cookie that is ours; False if none is."""
        reason, signed = None, 0
        for value in cookie_values(self.request.get("cookie"), self.key):
            for number, key in enumerate(self.codec.validate_keys):
                text = verify(key, value)
                if text is None:
                    reason = "not signed with our key"
                    continue
                reason = self._take(text, number)
                if reason is None:
                    return True
                signed += 1
            if signed >= MOST_CANDIDATES:
                break
        if reason is not None:
            log.debug("a new session instead of the cookie %s: %s", self.key, reason)
        return False

    def _take(self, text: str, number: int) -> str | None:
        """Take over what the key of that number has signed; return the reason if it is not a session of today."""
        try:
            data = self.codec.decode(text, number)
        except ValueError as error:
            if not self.invalidate_corrupt:
                raise
            return str(error)
        if not self._adopt(data):
            return "expired"
        if "_id" not in self:
            self["_id"] = new_id()
        self._reissue = self._reissue or number > 0
        self._loaded = text, number
        return None

    def _build(self) -> str:
        """Return the cookie's value, built again only if the data has changed since the last time."""
        dumped = self.codec.dump(self._values())
        if self._built is None or self._built[0] != dumped:
            value = sign(self.codec.validate_keys[0], self.codec.encode(dumped))
            size = len(self.key) + 1 + len(value)
            if size > BIGGEST_COOKIE:
                raise SessionSaveError(
                    f"the session's cookie would have {size} bytes, browsers keep {BIGGEST_COOKIE}; its values have "
                    f"{describe_sizes(self.codec, self)} bytes; store less, or choose another session.type"
                )
            self._built = dumped, value
        return self._built[1]

    def prepare(self) -> None:
        """Build the cookie. Raises SessionSaveError if the data does not fit or cannot be serialized."""
        self._check_place(self.get("_domain"), self.get("_path", "/"))
        self["_accessed_time"] = time.time()
        self._build()

    def persist(self, *, dirty: bool) -> None:
        """Send the cookie if the session has changed or its access time is due."""
        if self._ended and not (self._has_values() and dirty):
            self._expire_cookie()
        elif dirty or self._must_write:
            if self._built is None:
                self["_accessed_time"] = time.time()
            self._send_cookie(self._build())
            self._written()
        elif self._reissue and self.save_atime and not self.is_new:
            self.clear()
            self.update(self.codec.decode(*self._loaded))  # without what the request has changed and not saved
            self._drop_invalid_place()
            self["_accessed_time"] = time.time()
            self._send_cookie(self._build())

    def delete(self) -> None:
        """Drop all values and, unless new ones are saved, the cookie.

        A copy of the old cookie stays valid until ``timeout`` or ``absolute_timeout`` ends it, because the server keeps
        nothing about it.
        """
        self._start()
        self._ended = True

    def invalidate(self) -> None:
        """Drop all values and start a new session."""
        self.delete()
        self.was_invalidated = True

    def regenerate_id(self) -> None:
        """Give the session a new id; its values stay."""
        self["_id"] = new_id()
        self._must_write = True

    def save(self, accessed_only: bool = False) -> None:  # noqa: FBT001, FBT002 (Beaker's signature)
        """Store the session at once; Beaker's interface for code that holds this object itself."""
        self.persist(dirty=not accessed_only)

    def load(self) -> None:
        """Read the session again from the request's cookie."""
        self._empty()
        if not self._load():
            self._start()
