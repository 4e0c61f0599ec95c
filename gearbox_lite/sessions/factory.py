"""Creates the sessions of one filter from its options, codec, keys and store."""

from __future__ import annotations

from dataclasses import dataclass, field

from gearbox_lite.sessions.codec import Codec
from gearbox_lite.sessions.cookie import CookieSession
from gearbox_lite.sessions.records import Records
from gearbox_lite.sessions.session_base import Request
from gearbox_lite.sessions.settings.options import SessionOptions
from gearbox_lite.sessions.stored import StoredSession
from gearbox_lite.sessions.stores import make_store
from gearbox_lite.sessions.stores.base import Store


@dataclass(frozen=True)
class CookieSessions:
    """Creates sessions that are kept in their cookies."""

    options: SessionOptions
    codec: Codec

    def session(self, request: Request) -> CookieSession:
        """Return the session of a request, a new one if its cookies have none."""
        return CookieSession(request, self.options, self.codec)

    def session_by_id(self, _id: str) -> None:
        """Return None: no server has a list of cookie sessions."""


@dataclass(frozen=True)
class StoredSessions:
    """Creates sessions whose data is in a store."""

    options: SessionOptions
    codec: Codec
    store: Store
    records: Records
    secrets: tuple[str, ...] = field(repr=False)

    def session(self, request: Request) -> StoredSession:
        """Return the session of a request, a new one if its cookies have none. Raises StoreUnavailable."""
        use_cookies = self.options.use_cookies
        return StoredSession(request, self.options, self.store, self.records, self.secrets, use_cookies=use_cookies)

    def session_by_id(self, id: str) -> StoredSession | None:  # noqa: A002 (Beaker's name)
        """Return a stored session; None if there is none of that id. Raises StoreUnavailable."""
        session = StoredSession({}, self.options, self.store, self.records, self.secrets, id=id, use_cookies=False)
        return None if session.is_new else session


def make_sessions(options: SessionOptions) -> CookieSessions | StoredSessions:
    """Return the session factory of checked options. Raises ValueError or StoreUnavailable, as ``make_store``."""
    codec = Codec(
        serializer=options.data_serializer,
        validate_keys=options.keys("validate_key"),
        encrypt_keys=options.keys("encrypt_key"),
        nonce_bits=options.encrypt_nonce_bits,
        crypto_type=options.crypto_type,
    )
    if options.type == "cookie":
        return CookieSessions(options, codec)
    secrets = options.keys("secret")
    return StoredSessions(options, codec, make_store(options), Records(codec, secrets, options.namespace), secrets)
