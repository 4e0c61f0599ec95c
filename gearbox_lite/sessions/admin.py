"""What an operator does to sessions: decode one, purge a store. Rotating keys is in rotate.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from gearbox_lite.errors import FAILURE, UserError
from gearbox_lite.sessions.codec import Data, is_value, verify
from gearbox_lite.sessions.common import is_id
from gearbox_lite.sessions.cookie_header import cookie_values
from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.lifetime import Lifetime, is_time
from gearbox_lite.sessions.records import Records
from gearbox_lite.sessions.stores.base import Store


@dataclass(frozen=True)
class Decoded:
    """One session, readable, and the name of the key that had signed its cookie."""

    key: str
    id: str
    data: Data
    lifetime: Lifetime

    def as_dict(self) -> dict[str, Any]:
        """Return what there is to show; times in ISO 8601, UTC."""
        return {
            "id": self.id,
            "signed_with": self.key,
            "created": _time(self.data.get("_creation_time")),
            "last_accessed": _time(self.data.get("_accessed_time")),
            "expires": _time(self.lifetime.end(self.data)),
            "expires_at_the_latest": _time(self.lifetime.absolute_end(self.data)),
            "data": {key: value for key, value in self.data.items() if is_value(key)},
        }


def _time(seconds: Any) -> str | None:
    """Return a time as text; None if there is none, or what a session holds instead is not a time."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def decode(cookie: str, parameters: dict[str, Any]) -> Decoded:
    """Return the session of a cookie: its value alone, ``name=value``, or a whole Cookie header.

    ``parameters`` are middleware.session_parameters'. Raises UserError, exit code 1, that says why it is invalid, and
    StoreUnavailable.
    """
    name, text = parameters["key"], cookie.strip().removeprefix("Cookie:").strip()
    stored = "store" in parameters
    kind = "secret" if stored else "validate_key"
    keys = parameters["secrets"] if stored else parameters["codec"].validate_keys
    for value in [*cookie_values(text, name)] or [text.strip('"')]:
        for number, key in enumerate(keys):
            signed = verify(key, value)
            if signed is not None:
                label = f"session.{kind}" if number == 0 else f"session.{kind}_fallbacks, number {number}"
                return _decode(signed, number, label, parameters)
    raise UserError(f"the cookie is not signed with any key of the ini ({kind})", code=FAILURE)


def _decode(signed: str, number: int, label: str, parameters: dict[str, Any]) -> Decoded:
    """Return what a cookie of ours stands for. Raises UserError if it cannot be decoded, or is over."""
    store: Store | None = parameters.get("store")
    try:
        if store is None:
            data = parameters["codec"].decode(signed, number)
            found = Decoded(label, str(data.get("_id")), data, parameters["lifetime"])
        else:
            record = store.read(signed)
            if record is None:
                raise UserError(f"the cookie is ours, but {store} has no session {signed}", code=FAILURE)
            data, _ = parameters["records"].decode(signed, record)
            found = Decoded(label, signed, data, parameters["lifetime"])
    except ValueError as error:
        raise UserError(
            f"the signature is ours, but the data cannot be decoded: {error}",
            remedy="check session.data_serializer and session.encrypt_key",
            code=FAILURE,
        ) from error
    if found.lifetime.is_over(data, time.time()):
        raise UserError(f"the cookie is ours, but its session {_ending(found)}", code=FAILURE)
    return found


def _ending(over: Decoded) -> str:
    try:
        end = over.lifetime.end(over.data)
    except (KeyError, TypeError, OverflowError):
        end = None
    if is_time(end, time.time()):
        return f"expired at {_time(end)}"
    return "has an invalid time, so that it counts as expired"


@dataclass
class Purged:
    """How many records a purge has seen, found expired or unreadable, and removed."""

    seen: int = 0
    expired: int = 0
    unreadable: int = 0
    removed: int = 0


def purge(
    parameters: dict[str, Any],
    *,
    everything: bool,
    dry_run: bool,
    watch: Callable[[list[str]], Iterable[str]] = iter,
) -> Purged:
    """Remove the expired records of a store, or all. ``watch`` passes on the ids, and may show how far they are.

    It is safe beside a running server: an expired session is never loaded again. A record that cannot be read is
    counted and does not end the purge. Raises StoreUnavailable.
    """
    store: Store = parameters["store"]
    now, result = time.time(), Purged()
    for session in watch([name for name in store.ids() if is_id(name)]):  # others may keep something there too
        result.seen += 1
        expired = _is_expired(parameters, session, now, result)
        if expired or everything:
            result.removed += 1
            if not dry_run:
                store.delete(session)
    return result


def _is_expired(parameters: dict[str, Any], session: str, now: float, result: Purged) -> bool:
    store: Store = parameters["store"]
    records: Records = parameters["records"]
    lifetime: Lifetime = parameters["lifetime"]
    try:
        record = store.read(session)
        if record is None:
            return False
        expired = lifetime.is_over(records.decode(session, record)[0], now)
    except StoreUnavailable:
        store.ping()  # is it the store, or only this record?
        result.unreadable += 1
        return False
    except ValueError:
        result.unreadable += 1
        return False
    result.expired += expired
    return expired
