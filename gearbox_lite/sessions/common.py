"""What cookie sessions and server-side sessions have in common: the cookie, the clock, and what counts as a change."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from email.utils import formatdate
from typing import Any

from beaker.session import Session as BeakerSession

from gearbox_lite.sessions.codec import Codec, is_value
from gearbox_lite.sessions.cookie_header import cookie_values, is_domain, is_path
from gearbox_lite.sessions.errors import SessionSaveError
from gearbox_lite.sessions.lifetime import Lifetime, is_time

LONGEST_REISSUE = 60
"""Most seconds for which a request that only reads leaves the access time alone, if the ini does not say."""

FOREVER = 0x7FFFFFFF
"""When a cookie that never expires does, in seconds since 1970; Beaker's date, in the year 2038."""


def new_id() -> str:
    """Return a random session id of 32 hex digits."""
    return uuid.uuid4().hex


_ID = re.compile(r"[0-9a-f]{32}")


def is_id(text: str) -> bool:
    """Whether a text has the form of our session ids."""
    return _ID.fullmatch(text) is not None


def default_reissue(options: Mapping[str, Any]) -> float:
    """Return the seconds of ``reissue_time`` if the ini does not say."""
    timeout, expires = options.get("timeout"), options.get("cookie_expires")
    durations = [LONGEST_REISSUE, *([timeout / 10] if timeout else [])]
    if isinstance(expires, timedelta):
        durations.append(expires.total_seconds() / 10)
    return float(min(durations))


class SessionBase(BeakerSession):  # type: ignore[misc]
    """Beaker's interface to a session, around our own loading and saving.

    The middleware calls ``prepare`` when the application calls ``save()``, and ``persist`` when it answers.
    """

    def __init__(self, request: dict[str, Any], codec: Codec, **options: Any) -> None:
        """Take Beaker's request: ``cookie`` is the Cookie header, ``cookie_out`` and ``set_cookie`` the answer."""
        self._config = {"_domain": options.get("cookie_domain"), "_path": options.get("cookie_path", "/")}
        super().clear()
        self.request = request
        self.codec = codec
        self.key: str = options["key"]
        self.type: str = options["type"]
        self.lifetime: Lifetime = options["lifetime"]
        self.timeout: int | None = self.lifetime.timeout
        self.save_atime: bool = options.get("save_accessed_time", True)
        self.cookie_expires: bool | timedelta = options.get("cookie_expires", True)
        self.secure: bool = options.get("secure", False)
        self.httponly: bool = options.get("httponly", True)
        self.samesite: str = options.get("samesite", "Lax")
        self.invalidate_corrupt: bool = options.get("invalidate_corrupt", True)
        self.reissue_time: float = options["reissue_time"]
        self.accessed_dict: dict[str, Any] = {}
        self.last_accessed: float | None = None
        self.was_invalidated = False
        self.is_new = True
        self._must_write = False
        self._reissue = False
        self._ended = False
        self.reached = False
        request.update(cookie_out=None, set_cookie=False)

    def clear(self) -> None:
        """Drop all values; the session keeps its id and its age, so that clearing it does not prolong its life."""
        kept = {key: self[key] for key in ("_id", "_creation_time", "_accessed_time") if key in self}
        super().clear()
        self.update(kept)

    def _empty(self) -> None:
        """Drop everything, as Beaker's clear does."""
        super().clear()

    def _start(self) -> None:
        """Become a new session without values; its cookie is where the old one was."""
        place = {key: self[key] for key in self._config if key in self}
        self._empty()
        self.update(place)
        self["_creation_time"] = self["_accessed_time"] = time.time()
        self.is_new = True
        self.last_accessed = None

    def _adopt(self, data: dict[str, Any]) -> bool:
        """Take over loaded data; False if the session is over."""
        now = time.time()
        if self.lifetime.is_over(data, now):
            return False
        accessed: Any = data.get("_accessed_time")
        if self.timeout is None and not is_time(accessed, now):  # it does not matter then
            accessed = now
        self.is_new = False
        self.last_accessed = accessed
        self._reissue = self._reissue or now - accessed >= self.reissue_time
        self.update(data)
        if "_path" in data or "_domain" in data:
            self._drop_invalid_place()
        self.accessed_dict = dict(self)
        return True

    def _values(self) -> dict[str, Any]:
        """Return what is to be stored: all but the cookie's configured domain and path, which the ini knows."""
        config = self._config
        return {key: value for key, value in self.items() if key not in config or value != config[key]}

    def _written(self) -> None:
        """Note that all changes are stored: what is done from here on is another change."""
        self._must_write = self._ended = self._reissue = False
        self.is_new = False

    def _has_values(self) -> bool:
        return any(is_value(key) for key in self)

    @property
    def created(self) -> float:
        """When the session was made, in seconds since 1970."""
        return self.get("_creation_time", 0.0)  # type: ignore[no-any-return]

    @property
    def domain(self) -> str | None:
        """Domain of the cookie."""
        return self.get("_domain")  # type: ignore[no-any-return]

    @domain.setter
    def domain(self, domain: str | None) -> None:
        self._check_place(domain, self.path)
        self["_domain"] = domain
        self._must_write = True

    @property
    def path(self) -> str:
        """Path of the cookie."""
        return self.get("_path", "/")  # type: ignore[no-any-return]

    @path.setter
    def path(self, path: str) -> None:
        self._check_place(self.domain, path)
        self["_path"] = path
        self._must_write = True

    def _drop_invalid_place(self) -> None:
        try:
            self._check_place(self.domain, self.path)
        except SessionSaveError:
            self.update(self._config)

    def _check_place(self, domain: object, path: object) -> None:
        """Raise SessionSaveError for a domain or path of the application's that would inject other attributes."""
        config = self._config
        if domain == config["_domain"] and path == config["_path"]:
            return
        if domain and not is_domain(domain):
            raise SessionSaveError(f"the cookie's domain {domain!r} is not a host name")
        if not is_path(path):
            raise SessionSaveError(f"the cookie's path {path!r} is not a path that starts with /")

    def revert(self) -> None:
        """Go back to the values that the request began with."""
        self.clear()
        self.update(self.accessed_dict)

    def lock(self) -> None:
        """Do nothing: what two requests change at once is merged when it is saved."""

    def unlock(self) -> None:
        """Do nothing, as ``lock``."""

    def _send_cookie(self, value: str, expires: float | None = None) -> None:
        """Set the answer's cookie. ``expires`` is in seconds since 1970, by default what ``cookie_expires`` says."""
        if expires is None:
            if isinstance(self.cookie_expires, timedelta):
                expires = time.time() + self.cookie_expires.total_seconds()
            elif self.cookie_expires is False:
                expires = FOREVER
        self._check_place(self.get("_domain"), self.get("_path", "/"))
        parts = [f"{self.key}={value}"]
        if self.domain:
            parts.append(f"Domain={self.domain}")
        if expires is not None:
            parts.append(f"expires={formatdate(expires, usegmt=True)}")
        if self.httponly:
            parts.append("HttpOnly")
        parts.append(f"Path={self.path}")
        parts.append(f"SameSite={self.samesite}")
        if self.secure:
            parts.append("Secure")
        self.request.update(cookie_out="; ".join(parts), set_cookie=True)

    def _expire_cookie(self) -> None:
        """Make the browser drop the cookie, if it has sent one."""
        if cookie_values(self.request.get("cookie"), self.key):
            self._send_cookie("", expires=0)

    def prepare(self) -> None:
        """Check that the values can be stored. Raises SessionSaveError."""
        raise NotImplementedError

    def persist(self, *, dirty: bool) -> None:
        """Store the session: all of it if it is dirty, else its access time if that is due."""
        raise NotImplementedError
