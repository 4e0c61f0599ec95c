"""Decoding the session of a cookie, for ``gearbox-lite session decode``."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from gearbox_lite.errors import FAILURE, UserError
from gearbox_lite.sessions.codec import Data, is_value, verify
from gearbox_lite.sessions.cookie_header import cookie_values
from gearbox_lite.sessions.factory import CookieSessions, StoredSessions
from gearbox_lite.sessions.lifetime import Lifetime, is_time


@dataclass(frozen=True)
class DecodedSession:
    """A session in readable form, and the name of the key that has signed its cookie."""

    key: str
    id: str
    data: Data
    lifetime: Lifetime

    def as_dict(self) -> dict[str, Any]:
        """Return what there is to show; times in ISO 8601, UTC."""
        return {
            "id": self.id,
            "signed_with": self.key,
            "created": _iso_time(self.data.get("_creation_time")),
            "last_accessed": _iso_time(self.data.get("_accessed_time")),
            "expires": _iso_time(self.lifetime.end(self.data)),
            "expires_at_the_latest": _iso_time(self.lifetime.absolute_end(self.data)),
            "data": {key: value for key, value in self.data.items() if is_value(key)},
        }


def _iso_time(seconds: Any) -> str | None:
    """Return a time as text; None if there is none, or what a session has instead is not a time."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def decode_cookie(cookie: str, sessions: CookieSessions | StoredSessions) -> DecodedSession:
    """Return the session of a cookie: its value alone, ``name=value``, or a whole Cookie header.

    Raises UserError, exit code 1, that says why the cookie is invalid, and StoreUnavailable.
    """
    name, text = sessions.options.key, cookie.strip().removeprefix("Cookie:").strip()
    kind = "secret" if isinstance(sessions, StoredSessions) else "validate_key"
    keys = sessions.secrets if isinstance(sessions, StoredSessions) else sessions.codec.validate_keys
    for value in [*cookie_values(text, name)] or [text.strip('"')]:
        for number, key in enumerate(keys):
            signed = verify(key, value)
            if signed is not None:
                label = f"session.{kind}" if number == 0 else f"session.{kind}_fallbacks, number {number}"
                return _decode_signed(signed, number, label, sessions)
    raise UserError(f"the cookie is not signed with any key of the ini ({kind})", code=FAILURE)


def _decode_signed(signed: str, number: int, label: str, sessions: CookieSessions | StoredSessions) -> DecodedSession:
    """Return the session in one of our cookies. Raises UserError if it cannot be decoded, or has expired."""
    lifetime = sessions.options.lifetime
    try:
        if isinstance(sessions, StoredSessions):
            record = sessions.store.read(signed)
            if record is None:
                raise UserError(f"the cookie is ours, but {sessions.store} has no session {signed}", code=FAILURE)
            data, _ = sessions.records.decode(signed, record)
            found = DecodedSession(label, signed, data, lifetime)
        else:
            data = sessions.codec.decode(signed, number)
            found = DecodedSession(label, str(data.get("_id")), data, lifetime)
    except ValueError as error:
        raise UserError(
            f"the signature is ours, but the data cannot be decoded: {error}",
            remedy="check session.data_serializer and session.encrypt_key",
            code=FAILURE,
        ) from error
    if lifetime.is_over(data, time.time()):
        raise UserError(f"the cookie is ours, but its session {_how_it_ended(found)}", code=FAILURE)
    return found


def _how_it_ended(session: DecodedSession) -> str:
    try:
        end = session.lifetime.end(session.data)
    except (KeyError, TypeError, OverflowError):
        end = None
    if is_time(end, time.time()):
        return f"expired at {_iso_time(end)}"
    return "has an invalid time, so that it counts as expired"
