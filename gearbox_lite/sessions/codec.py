"""Session data to text and back, in Beaker's format, with keys that can be rotated.

The format is beaker.session's: base64 of the serialized data, which is encrypted with AES if an encryption key is set.
The value of a cookie begins with its signature, 40 hex digits of HMAC-SHA1.
"""

from __future__ import annotations

import hmac
import json
import os
import pickle
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any

from beaker.crypto import generateCryptoKeys, get_crypto_module, get_nonce_size

from gearbox_lite.sessions.errors import SessionSaveError

COOKIE_SIGNATURE_DIGITS = 40
"""Hex digits of a cookie's signature, HMAC-SHA1."""

MAX_NESTING = 100
"""Most levels of lists and dicts in a value. JSON is loaded recursively, and how deep that can go depends on the call
stack: a value that one request can save might be too deep for another one to load."""

Data = dict[str, Any]


def sign(key: str, text: str) -> str:
    """Return ``text`` with its signature in front."""
    return hmac.digest(key.encode(), text.encode(), "sha1").hex() + text


def verify(key: str, signed: str) -> str | None:
    """Return what was signed, or None if this key has not signed it; takes the same time either way."""
    signature, text = signed[:COOKIE_SIGNATURE_DIGITS], signed[COOKIE_SIGNATURE_DIGITS:]
    expected = hmac.digest(key.encode(), text.encode(errors="surrogatepass"), "sha1").hex()
    return text if hmac.compare_digest(expected.encode(), signature.encode(errors="surrogatepass")) else None


class Serializer:
    """One of Beaker's two serializers, which reports the values that it cannot serialize."""

    def __init__(self, name: str) -> None:
        """``name`` is json or pickle."""
        self.name = name
        self.dump: Callable[[object], bytes] = _dump_json if name == "json" else _dump_pickle

    def pack(self, dumped: bytes) -> bytes:
        """Return the dumped data as Beaker keeps it: JSON is compressed."""
        if self.name != "json":
            return dumped
        # A window of 4 kB, the size of a cookie: to clear zlib's default of 32 kB takes longer than to compress.
        compressor = zlib.compressobj(6, zlib.DEFLATED, 12, 5)
        return compressor.compress(dumped) + compressor.flush()

    def load(self, packed: bytes) -> object:
        """Return the data. Raises any exception for data that is not ours."""
        return json.loads(zlib.decompress(packed).decode()) if self.name == "json" else pickle.loads(packed)  # noqa: S301

    def unstorable(self, data: Mapping[str, Any]) -> SessionSaveError | None:
        """Return the error that names the values that cannot be serialized; None if all can."""
        bad = [f"{key!r} ({type(value).__name__})" for key, value in data.items() if not self._can_dump(value)]
        if not bad:
            return None
        other = "store str, int, float, bool, None, lists and dicts of these"
        hint = f"{other}, or set session.data_serializer = pickle" if self.name == "json" else "store plain values"
        return SessionSaveError(f"{self.name} cannot store these values of the session: {', '.join(bad)}; {hint}")

    def _can_dump(self, value: object) -> bool:
        try:
            self.dump(value)
        except Exception:  # noqa: BLE001 (a value's own code may raise anything while it is dumped)
            return False
        return True


_encode_json = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps creates an encoder for each call


def _dump_json(data: object) -> bytes:
    return _encode_json(data).encode()


def _dump_pickle(data: object) -> bytes:
    return pickle.dumps(data, 2)  # Beaker's protocol


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_NESTING + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (list, tuple, dict))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


_NESTED = (dict, list, tuple)
_STRINGS = frozenset({str})
_PLAIN = frozenset({str, int, float, bool, type(None)})
_MAX_PLAIN_INT = 1 << 64
"""Python refuses to write ints of more than a few thousand digits."""
_BYTES_PER_CHARACTER, _BYTES_PER_ITEM = 12, 40
"""The most that a character takes (in JSON, two escapes), and an item beyond the characters of its strings."""


def _has_other_keys(value: object) -> bool:
    """Whether a dict inside a value has keys that JSON would turn into strings."""
    level, seen = [value], 0
    while level and seen <= MAX_NESTING:
        if any(not isinstance(key, str) for item in level if isinstance(item, dict) for key in item):
            return True
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)  # type: ignore[attr-defined]
            if isinstance(inner, _NESTED)
        ]
        seen += 1
    return False


class Codec:
    """Encodes with the current keys, decodes with these and the fallbacks."""

    def __init__(
        self,
        *,
        serializer: str = "json",
        validate_keys: tuple[str, ...] = (),
        encrypt_keys: tuple[str, ...] = (),
        nonce_bits: int = 128,
        crypto_type: str = "default",
    ) -> None:
        """Take the current key of each kind first; an encryption key belongs to the signing key of its number."""
        self.serializer = Serializer(serializer)
        self.validate_keys = validate_keys
        self.encrypt_keys = encrypt_keys
        self._nonce, self._nonce_text = get_nonce_size(nonce_bits)
        self._crypto = get_crypto_module(crypto_type) if encrypt_keys else None

    def dump(self, data: Data) -> bytes:
        """Return the data serialized, not yet packed. Raises SessionSaveError, which names the values at fault."""
        is_plain = _STRINGS.issuperset(map(type, data)) and _PLAIN.issuperset(map(type, data.values()))
        if self.serializer.name == "json" and not is_plain:
            other = [key for key in data if not isinstance(key, str)]
            if other:
                raise SessionSaveError(f"json cannot store these keys of the session: {other}; use strings as keys")
            nested = [key for key, value in data.items() if isinstance(value, _NESTED) and _has_other_keys(value)]
            if nested:
                raise SessionSaveError(
                    f"json cannot store all keys of these values of the session: {nested}; use strings as keys"
                )
        try:
            dumped = self.serializer.dump(data)
        except Exception as error:
            raise self.serializer.unstorable(data) or SessionSaveError(str(error)) from error
        brackets = not is_plain and len(dumped) > 2 * MAX_NESTING and dumped.count(b"[") + dumped.count(b"{")
        if brackets > MAX_NESTING and self.serializer.name == "json":
            deep = [key for key, value in data.items() if _is_too_deep(value)]
            if deep:
                raise SessionSaveError(
                    f"these values of the session are nested over {MAX_NESTING} levels deep: {deep}; store flatter ones"
                )
        return dumped

    def encode(self, dumped: bytes) -> str:
        """Return dumped data as text, encrypted with the current key if there is one."""
        packed = self.serializer.pack(dumped)
        if self._crypto is None:
            return b64encode(packed).decode()
        nonce = b64encode(os.urandom(self._nonce)).decode()[: self._nonce_text]
        return nonce + b64encode(self._crypto.aesEncrypt(packed, self._cipher_key(0, nonce))).decode()

    def decode(self, text: str, key: int | None = None) -> Data:
        """Return the data of ``text``, decrypted with one key or with any. Raises ValueError for other text."""
        pairs = max(1, len(self.encrypt_keys), len(self.validate_keys) if self.encrypt_keys else 1)
        for number in range(pairs) if key is None else (key,):
            try:
                data = self.serializer.load(self._open(text, number))
            except MemoryError:  # says nothing about the data
                raise
            except Exception as error:  # noqa: BLE001 (garbage may raise anything in zlib, AES or pickle)
                failure = error
            else:
                if isinstance(data, dict):
                    return data
                failure = ValueError("not a session")
        raise ValueError(f"{type(failure).__name__}: {failure}")

    def _open(self, text: str, number: int) -> bytes:
        if self._crypto is None:
            return b64decode(text, validate=True)
        nonce, sealed = text[: self._nonce_text], text[self._nonce_text :]
        opened: bytes = self._crypto.aesDecrypt(b64decode(sealed, validate=True), self._cipher_key(number, nonce))
        return opened

    def _cipher_key(self, number: int, nonce: str) -> bytes:
        assert self._crypto is not None  # noqa: S101 (both callers have checked it)
        encrypt_key = self.encrypt_keys[min(number, len(self.encrypt_keys) - 1)]
        length = self._crypto.getKeyLength()
        key: bytes = generateCryptoKeys(encrypt_key, self.validate_keys[number] + nonce, 1, length)
        return key


def plain_size(data: Data) -> int | None:
    """Return the most bytes that dumping data can take if that cannot fail, since all values are plain; else None."""
    characters = 0
    for key, value in data.items():
        kind = type(value)
        if type(key) is not str or kind not in _PLAIN or (kind is int and not -_MAX_PLAIN_INT < value < _MAX_PLAIN_INT):
            return None
        characters += len(key) + len(value) if kind is str else len(key)
    return _BYTES_PER_CHARACTER * characters + _BYTES_PER_ITEM * (len(data) + 1)


INTERNAL = frozenset({"_id", "_creation_time", "_accessed_time", "_domain", "_path"})
"""The keys that Beaker itself puts into a session, beaker/session.py."""


def is_value(key: object) -> bool:
    """Whether a key of the session belongs to the application."""
    return key not in INTERNAL


def describe_sizes(codec: Codec, data: Mapping[str, Any]) -> str:
    """Return the sizes of the session's values in bytes, largest first, for messages."""
    sizes = {key: len(codec.serializer.dump(value)) for key, value in data.items() if is_value(key)}
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    return ", ".join(f"{key!r} {size}" for key, size in largest)
