"""What an operator does to sessions: decode one, purge a store. Rotating keys is in rotate.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from gearbox_lite.errors import FAILURE, UserError
from gearbox_lite.sessions.codec import Codec, Data, is_value, verify
from gearbox_lite.sessions.common import cookie_values, is_id
from gearbox_lite.sessions.stores.base import Store


@dataclass(frozen=True)
class Decoded:
    """One session, readable, and the name of the key that had signed its cookie."""

    key: str
    id: str
    data: Data
    timeout: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return what there is to show; times in ISO 8601, UTC."""
        accessed = self.data.get("_accessed_time")
        return {
            "id": self.id,
            "signed_with": self.key,
            "created": _time(self.data.get("_creation_time")),
            "last_accessed": _time(accessed),
            "expires": _time(accessed + self.timeout) if accessed and self.timeout else None,
            "data": {key: value for key, value in self.data.items() if is_value(key)},
        }


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")


def decode(cookie: str, parameters: dict[str, Any]) -> Decoded:
    """Return the session of a cookie: its value alone, ``name=value``, or a whole Cookie header.

    ``parameters`` are middleware.session_parameters'. Raises UserError, exit code 1, that says why it is none, and
    StoreUnavailable.
    """
    name, text = parameters["key"], cookie.strip().removeprefix("Cookie:").strip()
    value = next(cookie_values(text, name), text.strip('"'))
    stored = "store" in parameters
    kind = "secret" if stored else "validate_key"
    keys = parameters["secrets"] if stored else parameters["codec"].validate_keys
    for number, key in enumerate(keys):
        signed = verify(key, value)
        if signed is not None:
            label = f"session.{kind}" if number == 0 else f"session.{kind}_fallbacks, number {number}"
            if stored:
                return _decode_stored(signed, label, parameters)
            data = _decode(parameters["codec"], signed, number)
            return _current(Decoded(label, str(data.get("_id")), data, parameters.get("timeout")))
    raise UserError(f"the cookie is not signed with any key of the ini ({kind})", code=FAILURE)


def _decode_stored(session: str, label: str, parameters: dict[str, Any]) -> Decoded:
    store: Store = parameters["store"]
    record = store.read(session)
    if record is None:
        raise UserError(f"the cookie is ours, but {store} has no session {session}", code=FAILURE)
    return _current(Decoded(label, session, _decode(parameters["codec"], record, None), parameters.get("timeout")))


def _current(decoded: Decoded) -> Decoded:
    """Return the session. Raises UserError where it has expired."""
    accessed = decoded.data.get("_accessed_time")
    if accessed and decoded.timeout and time.time() - accessed > decoded.timeout:
        raise UserError(f"the cookie is ours, but its session expired at {decoded.as_dict()['expires']}", code=FAILURE)
    return decoded


def _decode(codec: Codec, text: str, key: int | None) -> Data:
    try:
        return codec.decode(text, key)
    except ValueError as error:
        raise UserError(
            f"the signature is ours, but the data cannot be decoded: {error}",
            remedy="check session.data_serializer and session.encrypt_key",
            code=FAILURE,
        ) from error


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

    It is safe beside a running server: an expired session is never taken up again. Raises StoreUnavailable.
    """
    store: Store = parameters["store"]
    codec: Codec = parameters["codec"]
    timeout, now, result = parameters.get("timeout"), time.time(), Purged()
    for session in watch([name for name in store.ids() if is_id(name)]):  # others may keep something there too
        result.seen += 1
        expired = _is_expired(store, codec, session, timeout, now, result)
        if expired or everything:
            result.removed += 1
            if not dry_run:
                store.delete(session)
    return result


def _is_expired(store: Store, codec: Codec, session: str, timeout: int | None, now: float, result: Purged) -> bool:
    record = store.read(session)
    if record is None:
        return False
    try:
        accessed = codec.decode(record).get("_accessed_time", now)
    except ValueError:
        result.unreadable += 1
        return False
    expired = timeout is not None and now - accessed > timeout
    result.expired += expired
    return expired
