"""The record of a session in a store: its data, and a signature that is valid for this session's id only.

Therefore anyone with write access to the store can neither forge a record nor move one to another session, and nothing
is decrypted or unpickled that we have not written. A record is 64 hex digits of HMAC-SHA256 and then the codec's text.
"""

from __future__ import annotations

import hmac

from gearbox_lite.sessions.codec import Codec, Data

RECORD_SIGNATURE_DIGITS = 64
"""Hex digits of a record's signature, HMAC-SHA256."""
_PURPOSE = b"gearbox-lite session record"
"""Derives a key from ``session.secret`` that differs from the one that signs cookies."""


class Records:
    """Signs records with the current secret, and also accepts those signed with a fallback secret."""

    def __init__(self, codec: Codec, secrets: tuple[str, ...], namespace: str) -> None:
        """Take the current secret first; ``namespace`` is the prefix that this project's records have in the store."""
        self.codec = codec
        self._keys = tuple(hmac.digest(secret.encode(), _PURPOSE, "sha256") for secret in secrets)
        self._namespace = namespace

    def encode(self, session: str, data: Data) -> str:
        """Return the record of a session. Raises SessionSaveError, which names what cannot be stored."""
        payload = self.codec.encode(self.codec.dump(data))
        return self._signature(self._keys[0], session, payload) + payload

    def decode(self, session: str, record: str) -> tuple[Data, int]:
        """Return a session's data, and the number of the secret that its record is signed with, 0 for the current one.

        Raises ValueError for a record that we have not written for this session.
        """
        signature, payload = record[:RECORD_SIGNATURE_DIGITS], record[RECORD_SIGNATURE_DIGITS:]
        if signature.isascii():  # compare_digest refuses other strings
            for number, key in enumerate(self._keys):
                if hmac.compare_digest(self._signature(key, session, payload), signature):
                    return self.codec.decode(payload), number
        raise ValueError("it is not signed for this session with session.secret")

    def _signature(self, key: bytes, session: str, payload: str) -> str:
        # Neither a prefix nor an id contains a zero byte.
        signed = f"{self._namespace}\0{session}\0{payload}".encode(errors="surrogatepass")
        return hmac.digest(key, signed, "sha256").hex()
