"""One table of every session option: its type, its default, the stores it belongs to, and what it means.

The names are Beaker's (https://beaker.readthedocs.io/en/latest/configuration.html). The fields of SessionOptions are
the table's rows, so the options and their types cannot differ from it. parse.py fills it from an ini's text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal, TypeVar, overload

from gearbox_lite.sessions.lifetime import Lifetime
from gearbox_lite.sessions.settings import convert

PREFIX = "session."
STORES = ("cookie", "file", "dbm", "memory", "ext:database", "ext:memcached", "ext:redis")
_SERVER_SIDE = STORES[1:]
_SHARED = ("file", "dbm", "ext:database", "ext:memcached", "ext:redis")
_FILES = ("file", "dbm")

MAX_DEFAULT_REISSUE_TIME = 60.0
"""Seconds; the default of ``reissue_time`` is not larger."""

KeyName = Literal["validate_key", "secret", "encrypt_key"]
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Option:
    """One row of the table: how its text is converted, and what it means."""

    convert: Callable[[str], Any]
    meaning: str
    default: Any
    """None if the option is not set by default; some defaults depend on other options, see SessionOptions."""
    stores: tuple[str, ...]


@overload
def option(convert: Callable[[str], T], meaning: str, default: U, *, stores: tuple[str, ...] = STORES) -> T | U: ...
@overload
def option(convert: Callable[[str], T], meaning: str, *, stores: tuple[str, ...] = STORES) -> T | None: ...
def option(
    convert: Callable[[str], Any], meaning: str, default: Any = None, *, stores: tuple[str, ...] = STORES
) -> Any:
    """Return a field of SessionOptions; mypy compares its type with what ``convert`` returns."""
    return field(default=default, metadata={"option": Option(convert, meaning, default, stores)})


@dataclass(frozen=True, kw_only=True, repr=False)
class SessionOptions:
    """The checked options of one session filter, as parse.parse_options returns them.

    An option that is not set has its default. So has one that belongs to another store: it may stay in the ini, which
    makes a change of the store a change of few lines.
    """

    type: str = option(convert.choice(*STORES), "where sessions are kept", "memory")
    key: str = option(convert.cookie_name, "name of the cookie", "beaker.session.id")
    timeout: int | None = option(convert.seconds, "seconds without a request after which a session ends")
    absolute_timeout: int | None = option(
        convert.seconds, "seconds after which a session ends, however much it is used"
    )
    save_accessed_time: bool = option(convert.boolean, "whether reading a session counts as a request to it", True)
    auto: bool = option(
        convert.boolean, "save at the end of each request that used the session, without session.save()", False
    )
    invalidate_corrupt: bool = option(
        convert.boolean, "replace an unreadable session with a new one instead of raising an error", True
    )
    data_serializer: str = option(
        convert.choice("json", "pickle"), "how values are stored; pickle can run code", "json"
    )
    cookie_expires: bool | timedelta = option(  # noqa: RUF009 (a timedelta cannot change)
        convert.cookie_expires, "when the browser drops the cookie", True
    )
    cookie_domain: str | None = option(convert.cookie_domain, "domain of the cookie; the host alone without it")
    cookie_path: str = option(convert.cookie_path, "path of the cookie", "/")
    secure: bool = option(convert.boolean, "send the cookie over HTTPS only", False)
    httponly: bool = option(convert.boolean, "keep the cookie from JavaScript", True)
    samesite: str = option(
        convert.choice("Lax", "Strict", "None"), "which requests from other sites carry the cookie", "Lax"
    )
    validate_key: str | None = option(convert.key, "key that signs cookie sessions, and part of every encryption")
    secret: str | None = option(convert.key, "key that signs the ids and records of server-side sessions")
    encrypt_key: str | None = option(convert.key, "key that encrypts the data")
    validate_key_fallbacks: tuple[str, ...] | None = option(
        convert.key_list, "old keys that are still accepted, never used to sign"
    )
    secret_fallbacks: tuple[str, ...] | None = option(
        convert.key_list, "old keys that are still accepted, never used to sign"
    )
    encrypt_key_fallbacks: tuple[str, ...] | None = option(
        convert.key_list, "old keys that still decrypt, one for each of validate_key_fallbacks"
    )
    reissue_time: int | None = option(
        convert.duration,
        "seconds during which a request that only reads does not write its access time; "
        "by default the smallest of 60, a tenth of timeout and a tenth of cookie_expires",
    )
    encrypt_nonce_bits: int = option(convert.nonce_bits, "bits of the random part of each encryption", 128)
    crypto_type: str = option(
        convert.choice("default", "cryptography", "pycryptodome"), "library that encrypts", "default"
    )
    use_cookies: bool = option(convert.boolean, "carry the session's id in a cookie", True, stores=_SERVER_SIDE)
    webtest_varname: str | None = option(convert.text, "name of the session on WebTest's responses")
    data_dir: str | None = option(convert.text, "folder of the stored sessions and their locks", stores=_FILES)
    lock_dir: str | None = option(convert.text, "folder of the locks", stores=_FILES)
    file_dir: str | None = option(convert.text, "folder of the stored sessions", stores=("file",))
    dbm_dir: str | None = option(convert.text, "folder of the stored sessions", stores=("dbm",))
    dbmmodule: str | None = option(
        convert.choice("dbm.dumb", "dbm.gnu", "dbm.ndbm"),
        "library for dbm files; by default dbm.gnu if Python has it, else dbm.dumb",
        stores=("dbm",),
    )
    prefix: str | None = option(
        convert.prefix,
        "prefix of the names of this project's records, for a store that is shared; the cookie's name by default",
        stores=_SHARED,
    )
    store_timeout: float = option(
        convert.limit,
        "seconds after which an operation on the store is given up, and the request is answered 503",
        2.0,
        stores=_SHARED,
    )
    url: str | None = option(
        convert.address, "address of the store", stores=("ext:database", "ext:memcached", "ext:redis")
    )
    table_name: str = option(convert.text, "table of the sessions", "beaker_cache", stores=("ext:database",))
    schema_name: str | None = option(convert.text, "schema of that table", stores=("ext:database",))

    engine_options: Mapping[str, str] = field(default_factory=dict)
    """Every ``session.sa.NAME``, which SQLAlchemy converts; not a row of the table, since the names are its own."""

    def __repr__(self) -> str:
        """Show no keys and passwords: a traceback or a debug page may show any object."""
        return f"<SessionOptions type={self.type} key={self.key}>"

    def keys(self, name: KeyName) -> tuple[str, ...]:
        """Return the current key of a kind and then its fallbacks; nothing if it is not set."""
        current: str | None = getattr(self, name)
        fallbacks: tuple[str, ...] | None = getattr(self, f"{name}_fallbacks")
        return () if current is None else (current, *(fallbacks or ()))

    @cached_property
    def lifetime(self) -> Lifetime:
        """When sessions end."""
        return Lifetime(self.timeout, self.absolute_timeout)

    @cached_property
    def effective_reissue_time(self) -> float:
        """``reissue_time`` or its default, which depends on the times after which sessions and cookies end."""
        if self.reissue_time is not None:
            return float(self.reissue_time)
        limits = [MAX_DEFAULT_REISSUE_TIME]
        if self.timeout is not None:
            limits.append(self.timeout / 10)
        if isinstance(self.cookie_expires, timedelta):
            limits.append(self.cookie_expires.total_seconds() / 10)
        return min(limits)

    @property
    def namespace(self) -> str:
        """What names this project's records in a store; also for stores that are not shared and have no prefix."""
        return self.prefix or self.key


OPTIONS: dict[str, Option] = {
    item.name: item.metadata["option"] for item in fields(SessionOptions) if "option" in item.metadata
}

REFUSED = {
    "id": "it would give every visitor the same session",
    "log_file": "Beaker does not read it",
    "digest_filenames": "Beaker sets it itself",
    "session_class": "it takes a class, which an ini cannot hold",
    "namespace_class": "it takes a class, which an ini cannot hold",
    "sa_opts": "it takes a dictionary, which an ini cannot hold; write session.sa.NAME for each engine option",
    "sa.url": "the address is session.url",
    "memcache_module": "gearbox-lite reaches memcached through pymemcache",
}
"""Names that Beaker knows and an ini cannot use, each with the reason."""
