"""The server-side session: a signed id in the cookie, the data in a store.

Two requests that run at once each change their own copy. When one is saved, only the keys that it has changed are put
into what the store then holds, under the store's lock.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from gearbox_lite.sessions.codec import Codec, Data, describe_sizes, sign, verify
from gearbox_lite.sessions.common import SessionBase, is_id, new_id
from gearbox_lite.sessions.cookie_header import MOST_CANDIDATES, cookie_values
from gearbox_lite.sessions.errors import SessionSaveError
from gearbox_lite.sessions.lifetime import is_time
from gearbox_lite.sessions.records import SIGNATURE, Records
from gearbox_lite.sessions.stores.base import Store

log = logging.getLogger("gearbox_lite.sessions")


class StoredSession(SessionBase):
    """A session whose data is in a Store."""

    def __init__(
        self,
        request: dict[str, Any],
        codec: Codec,
        store: Store,
        records: Records,
        secrets: tuple[str, ...] = (),
        id: str | None = None,  # noqa: A002 (Beaker's name)
        use_cookies: bool = True,  # noqa: FBT001, FBT002 (Beaker's signature)
        **options: Any,
    ) -> None:
        """``secrets`` are the keys of the id's signature, the current one first; ``id`` names a session by itself."""
        super().__init__(request, codec, **options)
        self.store = store
        self.records = records
        self.secrets = secrets
        self.use_cookies = use_cookies
        self.id = ""
        self._loaded: str | None = None
        self._outdated: list[str] = []
        self._moved_from: str | None = None
        self._resign = False
        if id is not None:
            candidates = [(0, id)]
        elif use_cookies:
            candidates = self._signed_ids()
        else:
            candidates = []
        if not any(self._load(number, candidate) for number, candidate in candidates):
            self._start()

    def _signed_ids(self) -> list[tuple[int, str]]:
        """Return the first ids in the request's cookies that we have signed, each with the number of the key."""
        found: dict[str, int] = {}
        for value in cookie_values(self.request.get("cookie"), self.key):
            for number, key in enumerate(self.secrets):
                text = verify(key, value)
                if text is not None:
                    found.setdefault(text, number)
            if len(found) >= MOST_CANDIDATES:
                break
        return [(number, text) for text, number in found.items()]

    def _start(self) -> None:
        super()._start()
        self.id = new_id()
        self._loaded = None
        self.accessed_dict = {}

    def _load(self, number: int, candidate: str) -> bool:
        """Load one session; False if the store has none of that id, or it is corrupt or expired."""
        if not is_id(candidate):
            return False
        text = self.store.read(candidate)
        self.reached = True
        if text is None:
            return False
        try:
            data, signed_with = self.records.decode(candidate, text)
        except ValueError as error:
            if not self.invalidate_corrupt:
                raise
            log.warning("a new session instead of the corrupt record %s... in %s: %s", candidate[:8], self.store, error)
            return False
        if not self._adopt(data):
            return False
        self.id = candidate
        self._loaded = text
        self._resign = number > 0 or signed_with > 0
        return True

    def load(self) -> None:
        """Read the session again from the store."""
        pending, resign = self.id, self._resign
        self._empty()
        if not self._load(0, self._moved_from or pending):
            self._start()
        elif self._moved_from is not None:
            self.id = pending
        self._resign = resign

    def prepare(self) -> None:
        """Serialize the data. Raises SessionSaveError if that fails, or the store takes nothing so big."""
        self._check_place(self.get("_domain"), self.get("_path", "/"))
        self._check_size(self.codec.encode(self.codec.dump(self._values())), SIGNATURE)

    def _check_size(self, text: str, more: int = 0) -> str:
        limit = self.store.biggest()
        if limit is not None and len(text) + more > limit:
            raise SessionSaveError(
                f"the session has {len(text) + more} bytes, and {self.store} takes {limit}; its values have "
                f"{describe_sizes(self.codec, self)} bytes; store less"
            )
        return text

    def persist(self, *, dirty: bool) -> None:
        """Write what has changed, remove records that are no longer this session's, and send the cookie."""
        if self._ended and not (self._has_values() and dirty):
            self._remove_outdated()
            if self.use_cookies:
                self._expire_cookie()
        elif dirty or self._must_write:
            self["_accessed_time"] = time.time()
            self._write()
            self._remove_outdated()
        elif (self._resign or (self._reissue and self.save_atime)) and not self.is_new:
            self._touch()

    def _write(self) -> None:
        loaded, origin = self._loaded, self._moved_from or self.id
        before: Data = {} if loaded is None else self.records.decode(origin, loaded)[0]
        values = self._values()
        dump = self.codec.serializer.dump
        changed = {key: value for key, value in values.items() if key not in before or dump(before[key]) != dump(value)}
        dropped = [key for key in before if key not in values]
        moved = None if self._moved_from is None else self.store.read(self._moved_from)
        merged = values

        def merge(text: str | None) -> str | None:
            current, owner = (moved, origin) if text is None else (text, self.id)
            if current is None:
                # If it was stored before, another request has deleted it since: it stays deleted.
                return self._check_size(self.records.encode(self.id, values)) if loaded is None else None
            nonlocal merged
            stored = None if current == loaded else self._decode_valid(owner, current)
            merged = {**(before if stored is None else stored), **changed}
            for key in dropped:
                merged.pop(key, None)
            return self._check_size(self.records.encode(self.id, merged))

        self._loaded = self.store.update(self.id, merge)
        new_cookie = loaded is None or self._must_write or self._resign or self._moves_along()
        if self.use_cookies and self._loaded is not None and new_cookie:
            self._send_id()
        self.reached = True
        self._moved_from, self._resign = None, False
        self._empty()
        self.update(merged)
        self._written()

    def _touch(self) -> None:
        """Move the access time of what the store now holds, and nothing else."""
        now = time.time()

        def touched(text: str | None) -> str | None:
            data = None if text is None else self._decode_valid(self.id, text)
            if data is None:
                return None
            accessed = data.get("_accessed_time")
            if is_time(accessed, now) and accessed >= now:
                return None
            return self.records.encode(self.id, {**data, "_accessed_time": now})

        there = self.store.update(self.id, touched) is not None
        self.reached = True
        if self.use_cookies and there and (self._resign or self._moves_along()):
            self._send_id()

    def _decode_valid(self, session: str, record: str) -> Data | None:
        """Return the data of a record; None if it is corrupt."""
        try:
            return self.records.decode(session, record)[0]
        except ValueError:
            return None

    def _moves_along(self) -> bool:
        """Whether the cookie's own expiry is a duration, which starts again with each access that is recorded."""
        return not isinstance(self.cookie_expires, bool)

    def _send_id(self) -> None:
        self._send_cookie(sign(self.secrets[0], self.id))

    def _remove_outdated(self) -> None:
        while self._outdated:
            self.store.delete(self._outdated[-1])
            self._outdated.pop()

    def delete(self) -> None:
        """Remove the record, drop all values and, unless new ones are saved, the cookie."""
        if self._loaded is not None:
            self._outdated.append(self._moved_from or self.id)
        self._moved_from = None
        self._start()
        self._ended = True
        if not self.use_cookies:
            self._remove_outdated()  # there is no answer to wait for

    def invalidate(self) -> None:
        """Remove the record, drop all values and start a new session."""
        self.delete()
        self.was_invalidated = True

    def regenerate_id(self) -> None:
        """Move the session to a new id; its values stay and the old id's record goes."""
        if self._loaded is not None and self._moved_from is None:
            self._moved_from = self.id
            self._outdated.append(self.id)
        self.id = new_id()
        self._must_write = True

    def save(self, accessed_only: bool = False) -> None:  # noqa: FBT001, FBT002 (Beaker's signature)
        """Store the session at once; Beaker's interface for code that holds this object itself."""
        if not accessed_only:
            self.prepare()
        self.persist(dirty=not accessed_only)
