"""Removing expired sessions from a store, or all of them, for ``gearbox-lite session purge``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gearbox_lite.sessions.errors import StoreUnavailable
from gearbox_lite.sessions.factory import StoredSessions
from gearbox_lite.sessions.session_base import is_id


@dataclass
class PurgeResult:
    """How many records a purge has seen, found expired or unreadable, and removed."""

    seen: int = 0
    expired: int = 0
    unreadable: int = 0
    removed: int = 0


def purge_store(
    sessions: StoredSessions,
    *,
    everything: bool,
    dry_run: bool,
    watch: Callable[[list[str]], Iterable[str]] = iter,
) -> PurgeResult:
    """Remove the expired records of a store, or all of them. ``watch`` passes on the ids, and may show the progress.

    It is safe beside a running server: between the look at a record and its removal no request can bring it back,
    because an expired session is never loaded. A record that cannot be read is counted, and the purge continues.
    Raises StoreUnavailable.
    """
    store = sessions.store
    now, result = time.time(), PurgeResult()
    for session in watch([name for name in store.ids() if is_id(name)]):  # other programs may keep something there too
        result.seen += 1
        expired = _is_expired(sessions, session, now, result)
        if expired or everything:
            result.removed += 1
            if not dry_run:
                store.delete(session)
    return result


def _is_expired(sessions: StoredSessions, session: str, now: float, result: PurgeResult) -> bool:
    try:
        record = sessions.store.read(session)
        if record is None:
            return False
        expired = sessions.options.lifetime.is_over(sessions.records.decode(session, record)[0], now)
    except StoreUnavailable:
        sessions.store.ping()  # raises if the store is down, and not only this record unreadable
        result.unreadable += 1
        return False
    except ValueError:
        result.unreadable += 1
        return False
    result.expired += expired
    return expired
