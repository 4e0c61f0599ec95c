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
    """One row of the table: how its text is converted, and what the reference says of it."""

    convert: Callable[[str], object]
    meaning: str
    default: object
    """None if the option is not set by default; some defaults depend on other options, see SessionOptions."""
    stores: tuple[str, ...]
    example: str


@overload
def option(
    convert: Callable[[str], T], meaning: str, default: U, *, example: str, stores: tuple[str, ...] = STORES
) -> T | U: ...
@overload
def option(
    convert: Callable[[str], T], meaning: str, *, example: str, stores: tuple[str, ...] = STORES
) -> T | None: ...
def option(
    convert: Callable[[str], object],
    meaning: str,
    default: object = None,
    *,
    example: str,
    stores: tuple[str, ...] = STORES,
) -> Any:
    """Return a field of SessionOptions; mypy compares its type with what ``convert`` returns."""
    return field(default=default, metadata={"option": Option(convert, meaning, default, stores, example)})


@dataclass(frozen=True, kw_only=True, repr=False)
class SessionOptions:
    """The checked options of one session filter, as parse.parse_options returns them.

    An option that is not set has its default. So has one that belongs to another store: it may stay in the ini, which
    makes it easy to change the store.
    """

    type: str = option(
        convert.choice(*STORES),
        "Where sessions are kept: `cookie` keeps them in the visitor's browser, the others on the server. "
        "If `session.data_dir` is set, the default is `file`.",
        "memory",
        example="file",
    )
    key: str = option(convert.cookie_name, "The name of the cookie.", "beaker.session.id", example="hello")
    timeout: int | None = option(
        convert.seconds, "A session ends after this many seconds without a request.", example="3600"
    )
    absolute_timeout: int | None = option(
        convert.seconds, "A session ends this many seconds after it began, even if it is in use.", example="604800"
    )
    save_accessed_time: bool = option(
        convert.boolean, "Whether a request that only reads the session restarts its timeout.", True, example="true"
    )
    auto: bool = option(
        convert.boolean,
        "Save the session at the end of each request that used it, without a call of `session.save()`.",
        False,
        example="true",
    )
    invalidate_corrupt: bool = option(
        convert.boolean,
        "Replace an unreadable session with a new one instead of raising an error.",
        True,
        example="false",
    )
    data_serializer: str = option(
        convert.choice("json", "pickle"),
        "How values are stored. With `pickle`, anyone who knows the key can run code.",
        "json",
        example="json",
    )
    cookie_expires: bool | timedelta = option(  # noqa: RUF009 (a timedelta cannot change)
        convert.cookie_expires,
        "When the browser drops the cookie: `true` when it is closed, `false` after years, a number after that many "
        "seconds.",
        True,
        example="604800",
    )
    cookie_domain: str | None = option(
        convert.cookie_domain,
        "The domain whose hosts get the cookie. If it is not set, only the host that sent the cookie does.",
        example="example.com",
    )
    cookie_path: str = option(convert.cookie_path, "The path below which the cookie is sent.", "/", example="/shop")
    secure: bool = option(convert.boolean, "Send the cookie over HTTPS only.", False, example="true")
    httponly: bool = option(convert.boolean, "Hide the cookie from JavaScript.", True, example="true")
    samesite: str = option(
        convert.choice("Lax", "Strict", "None"),
        "Which requests from other sites include the cookie: those of links (`Lax`), none (`Strict`) or all (`None`, "
        "which needs `session.secure`).",
        "Lax",
        example="Strict",
    )
    validate_key: str | None = option(
        convert.key,
        "The key that signs cookie sessions, and that every encryption needs as well.",
        example="%(ENV_HELLO_SESSION_KEY)s",
    )
    secret: str | None = option(
        convert.key,
        "The key that signs the ids and records of server-side sessions.",
        example="%(ENV_HELLO_SESSION_SECRET)s",
    )
    encrypt_key: str | None = option(
        convert.key, "The key that encrypts the data.", example="%(ENV_HELLO_SESSION_ENCRYPT_KEY)s"
    )
    validate_key_fallbacks: tuple[str, ...] | None = option(
        convert.key_list,
        "Fallback keys: earlier values of `session.validate_key` that are still accepted but sign nothing, with spaces "
        "between them.",
        example="%(ENV_HELLO_OLD_SESSION_KEY)s",
    )
    secret_fallbacks: tuple[str, ...] | None = option(
        convert.key_list,
        "Fallback keys: earlier values of `session.secret` that are still accepted but sign nothing.",
        example="%(ENV_HELLO_OLD_SESSION_SECRET)s",
    )
    encrypt_key_fallbacks: tuple[str, ...] | None = option(
        convert.key_list,
        "Fallback keys: earlier values of `session.encrypt_key` that still decrypt, one for each of "
        "`session.validate_key_fallbacks`.",
        example="%(ENV_HELLO_OLD_SESSION_ENCRYPT_KEY)s",
    )
    reissue_time: int | None = option(
        convert.duration,
        "A request that only reads the session writes its access time at most once in this many seconds. The default "
        "is 60, or a tenth of `session.timeout` or `session.cookie_expires` if that is less.",
        example="30",
    )
    encrypt_nonce_bits: int = option(
        convert.nonce_bits, "How many bits of each encryption are random.", 128, example="128"
    )
    crypto_type: str = option(
        convert.choice("default", "cryptography", "pycryptodome"),
        "The library that encrypts. The default is cryptography.",
        "default",
        example="cryptography",
    )
    use_cookies: bool = option(
        convert.boolean, "Send the session's id in a cookie.", True, stores=_SERVER_SIDE, example="true"
    )
    webtest_varname: str | None = option(
        convert.text, "The attribute of WebTest's responses that has the session, for tests.", example="session"
    )
    data_dir: str | None = option(
        convert.text,
        "The folder of the stored sessions and their locks.",
        stores=_FILES,
        example="%(here)s/data/sessions",
    )
    lock_dir: str | None = option(
        convert.text,
        "The folder of the locks, instead of one in `session.data_dir`.",
        stores=_FILES,
        example="%(here)s/data/locks",
    )
    file_dir: str | None = option(
        convert.text,
        "The folder of the stored sessions, instead of one in `session.data_dir`.",
        stores=("file",),
        example="%(here)s/data/files",
    )
    dbm_dir: str | None = option(
        convert.text,
        "The folder of the stored sessions, instead of one in `session.data_dir`.",
        stores=("dbm",),
        example="%(here)s/data/dbm",
    )
    dbmmodule: str | None = option(
        convert.choice("dbm.dumb", "dbm.gnu", "dbm.ndbm"),
        "The library for dbm files. The default is dbm.gnu if Python has it, else dbm.dumb.",
        stores=("dbm",),
        example="dbm.gnu",
    )
    prefix: str | None = option(
        convert.prefix,
        "What the names of this project's records begin with, so that projects can share a store. The default is the "
        "cookie's name.",
        stores=_SHARED,
        example="hello",
    )
    store_timeout: float = option(
        convert.limit,
        "How many seconds one operation on the store may take. After that the request is answered 503.",
        2.0,
        stores=_SHARED,
        example="5",
    )
    url: str | None = option(
        convert.address,
        "The address of the store.",
        stores=("ext:database", "ext:memcached", "ext:redis"),
        example="redis://localhost:6379/0",
    )
    table_name: str = option(
        convert.text, "The table of the sessions.", "beaker_cache", stores=("ext:database",), example="sessions"
    )
    schema_name: str | None = option(convert.text, "The schema of that table.", stores=("ext:database",), example="web")

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
    "session_class": "it takes a class, which an ini cannot express",
    "namespace_class": "it takes a class, which an ini cannot express",
    "sa_opts": "it takes a dictionary, which an ini cannot express; write session.sa.NAME for each engine option",
    "sa.url": "the address is session.url",
    "memcache_module": "memcached is reached through pymemcache",
}
"""Names that Beaker knows and an ini cannot use, each with the reason."""
