"""One table of every session option: its type, its default, the stores it belongs to, and what it means.

The names are Beaker's (https://beaker.readthedocs.io/en/latest/configuration.html). Beaker itself lets unknown and
mistyped options pass, and fails on others at the first request; here they are refused when the ini is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote

from gearbox_lite.errors import nearest
from gearbox_lite.masking import MASK, is_secret, masked, without_password
from gearbox_lite.truth import FALSE, TRUE

PREFIX = "session."
ENGINE = "session.sa."
"""What follows is an engine option of SQLAlchemy's, https://docs.sqlalchemy.org/en/20/core/engines.html"""
LONGEST_PREFIX = 200
"""Most characters of a prefix: with an id it fits memcached's 250 bytes of a key, and a column of 255."""
STORES = ("cookie", "file", "dbm", "memory", "ext:database", "ext:memcached", "ext:redis")
_SERVER_SIDE = STORES[1:]


class OptionError(ValueError):
    """An option that cannot be used: its full name, what is wrong, and what to write."""

    def __init__(self, option: str, problem: str, remedy: str) -> None:
        super().__init__(f"{option}: {problem}; {remedy}")
        self.option, self.problem, self.remedy = option, problem, remedy

    def shown(self, given: Mapping[str, str]) -> str:
        """Return the option as it is written, without the keys and passwords in it."""
        if self.option not in given:
            return self.option
        return f"{self.option} = {shown_value(self.option, given[self.option].strip())}".rstrip()


def shown_value(option: str, value: str) -> str:
    """Return what a message may show of an option's value: nothing of a key, and nothing if the option is unknown."""
    if option.removeprefix(PREFIX) not in OPTIONS or is_secret(option):
        return MASK
    return masked(without_password(value))


class _UnfitError(ValueError):
    """What a value should be; raised by the converters below."""


def _text(value: str) -> str:
    if not value:
        raise _UnfitError("write a value, or remove the line")
    return value


def _boolean(value: str) -> bool:
    if value.lower() not in TRUE | FALSE:
        raise _UnfitError("write true or false")
    return value.lower() in TRUE


def _seconds(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise _UnfitError("write a whole number of seconds from 1 up, or remove the line")
    return int(value)


def _cookie_expires(value: str) -> bool | timedelta:
    # Beaker reads the text 1 as true and 0 as false, so a number is taken for a number first.
    if value.isdecimal():
        return timedelta(seconds=_seconds(value))
    try:
        return _boolean(value)
    except _UnfitError:
        raise _UnfitError(
            "write true (until the browser closes), false (for years) or a number of seconds from 1 up"
        ) from None


def _address(value: str) -> str:
    """Refuse a password that libraries would cut at one of its characters, whose messages then show the rest."""
    _, separator, rest = _text(value).partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    path = rest[len(authority) :].partition("?")[0]
    port = authority.rpartition(":")[2] if ":" in authority else "0"
    cut = "@" in path or ("@" in rest and "@" not in authority and not port.isdecimal())
    if separator and authority and (cut or (authority.count("@") > 1 and not value.startswith(("redis", "unix")))):
        raise _UnfitError("in a user's name and password write @ as %%40, / as %%2F, # as %%23 and ? as %%3F")
    return value


def _choice(*choices: str) -> Callable[[str], str]:
    def convert(value: str) -> str:
        for choice in choices:
            if value.lower() == choice.lower():
                return choice
        guess = nearest(value.lower(), list(choices)) or next((it for it in choices if value.lower() in it), None)
        raise _UnfitError(f"did you mean {guess}?" if guess else f"write one of {', '.join(choices)}")

    return convert


def _cookie_name(value: str) -> str:
    # A cookie's name is a token, https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise _UnfitError("a cookie's name has no spaces, commas, semicolons, brackets or equals signs")
    return value


def _path(value: str) -> str:
    if not value.startswith("/") or any(mark in value for mark in "; \t"):
        raise _UnfitError("write a path that starts with /")
    return value


def _domain(value: str) -> str:
    if not re.fullmatch(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", value):
        raise _UnfitError("write a host name, for example example.com")
    return value


def _prefix(value: str) -> str:
    # It names Redis' and memcached's keys, a folder, and rows: no glob characters, slashes, spaces or "..".
    if not re.fullmatch(r"[A-Za-z0-9_%][A-Za-z0-9_.:~%-]*", value) or len(value) > LONGEST_PREFIX:
        raise _UnfitError(
            f"write up to {LONGEST_PREFIX} letters, digits and the characters _ . : ~ % -, not first . : ~ or -"
        )
    return value


def _key(value: str) -> str:
    if not value or not value.isascii() or "," in value or len(value.split()) != 1:
        raise _UnfitError("write a long random text of ASCII characters without spaces or commas")
    return value


def _key_list(value: str) -> tuple[str, ...]:
    keys = tuple(_key(key) for key in value.replace(",", " ").split())
    if not keys:
        raise _UnfitError("write the old keys with spaces between them, or remove the line")
    return keys


def _duration(value: str) -> int:
    if not value.isdecimal():
        raise _UnfitError("write a whole number of seconds from 0 up, or remove the line")
    return int(value)


def _bits(value: str) -> int:
    if not value.isdecimal() or int(value) % 8 or not 48 <= int(value) <= 1024:
        raise _UnfitError("write a multiple of 8 from 48 to 1024")
    return int(value)


@dataclass(frozen=True)
class Option:
    """One option; ``default`` None leaves it out, so that Beaker's own default holds."""

    convert: Callable[[str], Any]
    meaning: str
    default: Any = None
    stores: tuple[str, ...] = STORES


OPTIONS: dict[str, Option] = {
    "type": Option(_choice(*STORES), "where sessions are kept"),
    "key": Option(_cookie_name, "name of the cookie", "beaker.session.id"),
    "timeout": Option(_seconds, "seconds without a request after which a session ends"),
    "absolute_timeout": Option(_seconds, "seconds after which a session ends, however much it is used"),
    "save_accessed_time": Option(_boolean, "whether reading a session counts as a request to it", True),
    "auto": Option(_boolean, "save at the end of each request that used the session, without session.save()", False),
    "invalidate_corrupt": Option(_boolean, "an unreadable session is a new one, not an error", True),
    "data_serializer": Option(_choice("json", "pickle"), "how values are stored; pickle can run code", "json"),
    "cookie_expires": Option(_cookie_expires, "when the browser drops the cookie", True),
    "cookie_domain": Option(_domain, "domain of the cookie; the host alone without it"),
    "cookie_path": Option(_path, "path of the cookie", "/"),
    "secure": Option(_boolean, "send the cookie over HTTPS only", False),
    "httponly": Option(_boolean, "keep the cookie from JavaScript", True),
    "samesite": Option(_choice("Lax", "Strict", "None"), "which requests from other sites carry the cookie", "Lax"),
    "validate_key": Option(_key, "key that signs cookie sessions, and part of every encryption"),
    "secret": Option(_key, "key that signs the ids of server-side sessions"),
    "encrypt_key": Option(_key, "key that encrypts the data"),
    "validate_key_fallbacks": Option(_key_list, "old keys that are still accepted, never used to sign"),
    "secret_fallbacks": Option(_key_list, "old keys that are still accepted, never used to sign"),
    "encrypt_key_fallbacks": Option(_key_list, "old keys that still decrypt, one for each of validate_key_fallbacks"),
    "reissue_time": Option(_duration, "seconds during which a request that only reads does not write its access time"),
    "encrypt_nonce_bits": Option(_bits, "bits of the random part of each encryption"),
    "crypto_type": Option(_choice("default", "cryptography", "pycryptodome"), "library that encrypts"),
    "use_cookies": Option(_boolean, "carry the session's id in a cookie", stores=_SERVER_SIDE),
    "webtest_varname": Option(_text, "name of the session on WebTest's responses"),
    "data_dir": Option(_text, "folder of the stored sessions and their locks", stores=("file", "dbm")),
    "lock_dir": Option(_text, "folder of the locks", stores=("file", "dbm")),
    "file_dir": Option(_text, "folder of the stored sessions", stores=("file",)),
    "dbm_dir": Option(_text, "folder of the stored sessions", stores=("dbm",)),
    "dbmmodule": Option(_choice("dbm.dumb", "dbm.gnu", "dbm.ndbm"), "library for dbm files", stores=("dbm",)),
    "prefix": Option(
        _prefix,
        "what the names of this project's records begin with, if a store is shared; the cookie's name by default",
        stores=("file", "dbm", "ext:database", "ext:memcached", "ext:redis"),
    ),
    "url": Option(_address, "address of the store", stores=("ext:database", "ext:memcached", "ext:redis")),
    "table_name": Option(_text, "table of the sessions", stores=("ext:database",)),
    "schema_name": Option(_text, "schema of that table", stores=("ext:database",)),
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

REQUIRED = {
    "cookie": ("validate_key",),
    "file": ("secret", "data_dir"),
    "dbm": ("secret", "data_dir"),
    "memory": ("secret",),
    "ext:database": ("secret", "url"),
    "ext:memcached": ("secret", "url"),
    "ext:redis": ("secret", "url"),
}
"""What each store cannot do without."""

_RANDOM = 'python -c "import secrets; print(secrets.token_hex(32))" prints one'
_EXAMPLES = {
    "validate_key": f"add a long random key: {_RANDOM}",
    "secret": f"add a long random key: {_RANDOM}",
    "data_dir": "add for example session.data_dir = %(here)s/data",
    "url": "add the address of the store, for example redis://localhost:6379/0, localhost:11211, sqlite:///sessions.db",
}


def check(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of the chosen store with the types that Beaker wants, defaults included.

    ``given`` maps full names, ``session.timeout``, to the ini's text. Raises OptionError for the first option that
    is unknown, has a value of the wrong type or range, is missing, or needs a library that is not installed.
    """
    options = {name: option.default for name, option in OPTIONS.items() if option.default is not None}
    engine = {}
    for full_name, text in given.items():
        if full_name.startswith(ENGINE) and full_name.removeprefix(PREFIX) not in REFUSED:
            engine[full_name.removeprefix(ENGINE)] = text.strip()
            continue
        name = _known(full_name)
        try:
            options[name] = OPTIONS[name].convert(text.strip())
        except _UnfitError as reason:
            raise OptionError(full_name, "this value cannot be used", str(reason)) from None
    options.setdefault("type", "file" if "data_dir" in options else "memory")
    _check_together(options)
    _check_libraries(options)
    options.setdefault("prefix", _default_prefix(options["key"]))
    if engine and options["type"] == "ext:database":
        options["sa"] = engine
    # What belongs to other stores may stay in the ini, so that changing the store is a change of few lines.
    return {name: value for name, value in options.items() if name == "sa" or options["type"] in OPTIONS[name].stores}


def _known(full_name: str) -> str:
    name = full_name.removeprefix(PREFIX)
    if full_name.startswith(PREFIX) and name in OPTIONS:
        return name
    if name in REFUSED:
        raise OptionError(full_name, REFUSED[name], "remove the line")
    last = nearest(name.rpartition("session.")[2], list(OPTIONS))
    guess = PREFIX + last if last else nearest(full_name, [PREFIX + known for known in OPTIONS])
    raise OptionError(full_name, "there is no such option", f"did you mean {guess}?" if guess else "remove the line")


def _default_prefix(cookie_name: str) -> str:
    """Return the cookie's name, percent-encoded where the rules for a prefix are stricter."""
    prefix = quote(cookie_name, safe="")
    if not re.match(r"[A-Za-z0-9_%]", prefix):
        prefix = f"%{ord(prefix[0]):02X}{prefix[1:]}"
    if len(prefix) > LONGEST_PREFIX:
        raise OptionError(f"{PREFIX}key", "this name is too long to name the records too", f"set {PREFIX}prefix")
    return prefix


def _check_together(options: Mapping[str, Any]) -> None:
    store = options["type"]
    alternatives = {"file": "file_dir", "dbm": "dbm_dir"}
    for name in REQUIRED[store]:
        if name == "data_dir" and alternatives[store] in options and "lock_dir" in options:
            continue
        if name not in options:
            raise OptionError(PREFIX + name, f"a session of type {store} needs it", _EXAMPLES[name])
    _check_fallbacks(options)
    if options.get("timeout") and not options["save_accessed_time"]:
        raise OptionError(
            f"{PREFIX}save_accessed_time", "a timeout needs it", "set it to true, or remove session.timeout"
        )
    if options.get("timeout") and options.get("reissue_time", 0) >= options["timeout"]:
        raise OptionError(f"{PREFIX}reissue_time", "sessions in use would end", "make it smaller than session.timeout")
    if options.get("absolute_timeout", options.get("timeout", 0)) < options.get("timeout", 0):
        raise OptionError(
            f"{PREFIX}absolute_timeout", "sessions in use would end first", "make it at least session.timeout"
        )
    if options["samesite"] == "None" and not options["secure"]:
        raise OptionError(f"{PREFIX}samesite", "browsers take None over HTTPS only", "add session.secure = true")
    if "encrypt_key" in options and "validate_key" not in options:
        raise OptionError(f"{PREFIX}validate_key", "encryption needs it", _EXAMPLES["validate_key"])


def _check_fallbacks(options: Mapping[str, Any]) -> None:
    for name in ("validate_key", "secret", "encrypt_key"):
        if f"{name}_fallbacks" in options and name not in options:
            raise OptionError(f"{PREFIX}{name}", f"{PREFIX}{name}_fallbacks has no use without it", _EXAMPLES["secret"])
    old_keys = len(options.get("validate_key_fallbacks", ()))
    if len(options.get("encrypt_key_fallbacks", ())) not in (0, old_keys):
        raise OptionError(
            f"{PREFIX}encrypt_key_fallbacks",
            f"there are {old_keys} in validate_key_fallbacks",
            "write as many, in the same order",
        )


def _check_libraries(options: Mapping[str, Any]) -> None:
    """Raise OptionError, naming the extra to install, for a store or cipher whose library is missing."""
    store, url = options["type"], options.get("url", "")
    needs = {
        "ext:database": ("sqlalchemy", "database"),
        "ext:memcached": ("pymemcache", "memcached"),
        "ext:redis": ("redis", "redis"),
    }
    wanted = [(f"{PREFIX}type", *needs[store])] if store in needs else []
    if store == "ext:database" and url.startswith(("postgresql://", "postgresql+psycopg://")):
        wanted.append((f"{PREFIX}url", "psycopg", "postgresql"))
    if "encrypt_key" in options and options.get("crypto_type") == "pycryptodome":
        if find_spec("Crypto") is None:
            raise OptionError(f"{PREFIX}crypto_type", "it needs the library pycryptodome", "pip install pycryptodome")
    elif "encrypt_key" in options:
        wanted.append((f"{PREFIX}encrypt_key", "cryptography", "encryption"))
    for option, module, extra in wanted:
        if find_spec(module) is None:
            raise OptionError(option, f"it needs the library {module}", f"pip install 'gearbox-lite[{extra}]'")
