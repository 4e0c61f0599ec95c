"""How concurrent saves of one session are merged.

Two requests that run at the same time each load a copy of the session and change it. If each of them stored its whole
copy, the later save would undo the earlier one. If no other request has saved since, the copy is stored as it is.
Otherwise a save

1. compares the request's copy with the record that it was loaded from, which gives the keys that this request has
   changed or dropped (``find_changes``),
2. reads the record that the store holds now, and
3. writes that record with only these changes applied (``SessionChanges.apply_to``).

``Store.update`` guarantees that the record does not change between these steps: by a lock or by compare-and-set.

If both requests have changed the same key, the later save wins. A session that another request has deleted stays
deleted (stored.py). Cookie sessions cannot be merged: the browser keeps the cookie that arrives last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gearbox_lite.sessions.codec import Data


@dataclass(frozen=True)
class SessionChanges:
    """What one request has changed in its copy of a session."""

    changed: Data
    dropped: frozenset[str]

    def apply_to(self, stored: Data) -> Data:
        """Return the stored data with these changes; the rest of it stays as other requests have saved it."""
        return {key: value for key, value in {**stored, **self.changed}.items() if key not in self.dropped}


def find_changes(loaded: Data, current: Data, serialize: Callable[[object], bytes]) -> SessionChanges:
    """Return what has changed since a session was loaded.

    Values are compared as they are stored, so that 1 and True are different, and a list that was changed in place is
    found. ``loaded`` must be decoded from the record again, because such a list would have changed in both.
    """
    changed = {
        key: value for key, value in current.items() if key not in loaded or serialize(loaded[key]) != serialize(value)
    }
    return SessionChanges(changed, frozenset(loaded) - frozenset(current))
