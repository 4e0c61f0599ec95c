"""The server-side session: a signed id in the cookie, the data in a store.

Each request works on its own copy of the session. merge.py explains how concurrent saves of it are merged.
"""

from __future__ import annotations

import logging
import time

from gearbox_lite.sessions.codec import Data, describe_sizes, plain_size, sign, verify
from gearbox_lite.sessions.cookie_header import MAX_CANDIDATES, cookie_values
from gearbox_lite.sessions.errors import SessionSaveError
from gearbox_lite.sessions.lifetime import is_time
from gearbox_lite.sessions.merge import find_changes
from gearbox_lite.sessions.records import RECORD_SIGNATURE_DIGITS, Records
from gearbox_lite.sessions.session_base import Request, SessionBase, is_id, new_id
from gearbox_lite.sessions.settings.options import SessionOptions
from gearbox_lite.sessions.stores.base import Store

log = logging.getLogger("gearbox_lite.sessions")


class StoredSession(SessionBase):
    """A session whose data is in a Store."""

    def __init__(
        self,
        request: Request,
        options: SessionOptions,
        store: Store,
        records: Records,
        secrets: tuple[str, ...],
        *,
        id: str | None = None,  # noqa: A002 (Beaker's name)
        use_cookies: bool = True,
    ) -> None:
        """``secrets`` are the keys that sign the id, the current one first; ``id`` loads a session without a cookie."""
        super().__init__(request, options, records.codec)
        self.store = store
        self.records = records
        self.secrets = secrets
        self.use_cookies = use_cookies
        self.id = ""
        self._loaded: str | None = None
        """The record as it was when it was loaded or saved last; None for a session that the store does not have."""
        self._ids_to_delete: list[str] = []
        self._old_id: str | None = None
        """The id that the record in the store still has after ``regenerate_id``, until the next save."""
        self._needs_current_key = False
        """Whether the cookie or the record is signed with a fallback key, so that both are written again."""
        if id is not None:
            candidates = [(0, id)]
        elif use_cookies:
            candidates = self._signed_ids()
        else:
            candidates = []
        if not any(self._load_record(number, candidate) for number, candidate in candidates):
            self._start_new()

    def _signed_ids(self) -> list[tuple[int, str]]:
        """Return the first ids in the request's cookies that we have signed, each with the number of the key."""
        found: dict[str, int] = {}
        for value in cookie_values(self.request.get("cookie"), self.key):
            for number, key in enumerate(self.secrets):
                text = verify(key, value)
                if text is not None:
                    found.setdefault(text, number)
            if len(found) >= MAX_CANDIDATES:
                break
        return [(number, text) for text, number in found.items()]

    def _start_new(self) -> None:
        super()._start_new()
        self.id = new_id()
        self._loaded = None
        self.accessed_dict = {}

    def _load_record(self, number: int, candidate: str) -> bool:
        """Load one session; False if the store has no record of that id, or the record is corrupt or expired."""
        if not is_id(candidate):
            return False
        text = self.store.read(candidate)
        self.store_reached = True
        if text is None:
            return False
        try:
            data, signed_with = self.records.decode(candidate, text)
        except ValueError as error:
            if not self.invalidate_corrupt:
                raise
            log.warning("starting a new session, record %s... in %s is corrupt: %s", candidate[:8], self.store, error)
            return False
        if not self._restore(data):
            return False
        self.id = candidate
        self._loaded = text
        self._needs_current_key = number > 0 or signed_with > 0
        return True

    def load(self) -> None:
        """Read the session again from the store."""
        new, needs_current_key = self.id, self._needs_current_key
        self._drop_everything()
        if not self._load_record(0, self._old_id or new):
            self._start_new()
        elif self._old_id is not None:
            self.id = new
        self._needs_current_key = needs_current_key

    def prepare(self) -> None:
        """Check the data. Raises SessionSaveError if it cannot be serialized, or the record is too big for the store.

        Data that can neither fail nor be too big is not serialized now, since it will be when the session is stored.
        """
        self._check_scope(self.get("_domain"), self.get("_path", "/"))
        values, limit = self._values(), self.store.max_record_bytes()
        size = plain_size(values)
        if size is not None and not _may_exceed(limit, size):
            return
        dumped = self.codec.dump(values)
        if _may_exceed(limit, len(dumped)):
            self._check_size(self.codec.encode(dumped), RECORD_SIGNATURE_DIGITS)

    def _check_size(self, text: str, more: int = 0) -> str:
        limit = self.store.max_record_bytes()
        if limit is not None and len(text) + more > limit:
            raise SessionSaveError(
                f"the session has {len(text) + more} bytes, and {self.store} takes {limit}; its values have "
                f"{describe_sizes(self.codec, self)} bytes; store less"
            )
        return text

    def persist(self, *, dirty: bool) -> None:
        """Save what has changed, delete records that are no longer this session's, and send the cookie.

        The new record is saved before the old one is deleted: a process that is killed in between leaves a record too
        many, which expires, and never loses the session.
        """
        if self._ended and not (self._has_values() and dirty):
            self._delete_old_records()
            if self.use_cookies:
                self._expire_cookie()
        elif dirty or self._must_save:
            self["_accessed_time"] = time.time()
            self._save_merged()
            self._delete_old_records()
        elif (self._needs_current_key or (self._access_time_due and self.save_atime)) and not self.is_new:
            self._save_access_time()

    def _save_merged(self) -> None:
        """Merge this request's changes into the record that the store has now (merge.py), and send the cookie."""
        loaded, loaded_id = self._loaded, self._old_id or self.id
        values = self._values()
        # After regenerate_id the store's record still has the old id. It is read here, because a store locks one
        # record at a time. No other request knows the new id yet, so only saves under the old id can come in between.
        moved = None if self._old_id is None else self.store.read(self._old_id)
        merged = values

        def merge(text: str | None) -> str | None:
            # The store calls this under its lock, or again if another process has changed the record first.
            current, current_id = (moved, loaded_id) if text is None else (text, self.id)
            if current is None:
                # A session that was stored before has been deleted by another request: it stays deleted.
                return self._check_size(self.records.encode(self.id, values)) if loaded is None else None
            nonlocal merged
            merged = values  # no other request has changed the record, and so there is nothing to merge
            if current != loaded:
                before: Data = {} if loaded is None else self.records.decode(loaded_id, loaded)[0]
                stored = self._decode_or_none(current_id, current)
                changes = find_changes(before, values, self.codec.serializer.dump)
                merged = changes.apply_to(before if stored is None else stored)
            return self._check_size(self.records.encode(self.id, merged))

        self._loaded = self.store.update(self.id, merge, None if self._old_id else loaded)
        sends_cookie = loaded is None or self._must_save or self._needs_current_key or self._has_sliding_expiry()
        if self.use_cookies and self._loaded is not None and sends_cookie:
            self._set_id_cookie()
        self.store_reached = True
        self._old_id, self._needs_current_key = None, False
        self._drop_everything()
        self.update(merged)
        self._mark_saved()

    def _save_access_time(self) -> None:
        """Update the access time of the record that the store has now, and nothing else.

        Other requests may have saved values since this one loaded the session, so its own copy is not written.
        """
        now = time.time()

        def touch(text: str | None) -> str | None:
            data = None if text is None else self._decode_or_none(self.id, text)
            if data is None:
                return None
            accessed = data.get("_accessed_time")
            if is_time(accessed, now) and accessed >= now:
                return None
            return self.records.encode(self.id, {**data, "_accessed_time": now})

        exists = self.store.update(self.id, touch, self._loaded) is not None
        self.store_reached = True
        if self.use_cookies and exists and (self._needs_current_key or self._has_sliding_expiry()):
            self._set_id_cookie()

    def _decode_or_none(self, session: str, record: str) -> Data | None:
        """Return the data of a record; None if it is corrupt."""
        try:
            return self.records.decode(session, record)[0]
        except ValueError:
            return None

    def _has_sliding_expiry(self) -> bool:
        """Whether the cookie's own expiry is a duration, which starts again whenever the access time is saved."""
        return not isinstance(self.cookie_expires, bool)

    def _set_id_cookie(self) -> None:
        self._set_cookie(sign(self.secrets[0], self.id))

    def _delete_old_records(self) -> None:
        while self._ids_to_delete:
            self.store.delete(self._ids_to_delete[-1])
            self._ids_to_delete.pop()  # only now: if the store fails, a later call tries again

    def delete(self) -> None:
        """Delete the record, drop all values and, unless new ones are saved, the cookie."""
        if self._loaded is not None:
            self._ids_to_delete.append(self._old_id or self.id)
        self._old_id = None
        self._start_new()
        self._ended = True
        if not self.use_cookies:
            self._delete_old_records()  # without a cookie there is no response to wait for

    def invalidate(self) -> None:
        """Delete the record, drop all values and start a new session."""
        self.delete()
        self.was_invalidated = True

    def regenerate_id(self) -> None:
        """Move the session to a new id; its values stay, and the old id's record is deleted with the next save."""
        if self._loaded is not None and self._old_id is None:
            self._old_id = self.id
            self._ids_to_delete.append(self.id)
        self.id = new_id()
        self._must_save = True

    def save(self, accessed_only: bool = False) -> None:  # noqa: FBT001, FBT002 (Beaker's signature)
        """Store the session at once; Beaker's interface for code that has this object itself."""
        if not accessed_only:
            self.prepare()
        self.persist(dirty=not accessed_only)


def _may_exceed(limit: int | None, dumped: int) -> bool:
    """Whether a record of that many bytes, before they are encoded, may be longer than a store's limit.

    Encoding takes time, and neither base64 nor encryption doubles the size.
    """
    return limit is not None and 2 * dumped + 1024 > limit
