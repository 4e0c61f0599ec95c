"""One table of every session option: its type, its default, the stores it belongs to, and what it means.

The names are Beaker's (https://beaker.readthedocs.io/en/latest/configuration.html). Beaker itself lets unknown and
mistyped options pass, and fails on others at the first request; here they are refused when the ini is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote

from gearbox_lite.errors import nearest
from gearbox_lite.masking import MASK, is_secret, masked, without_password
from gearbox_lite.sessions.settings import convert
from gearbox_lite.sessions.settings.convert import LONGEST_PREFIX

PREFIX = "session."
ENGINE = "session.sa."
"""What follows is an engine option of SQLAlchemy's, https://docs.sqlalchemy.org/en/20/core/engines.html"""
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


@dataclass(frozen=True)
class Option:
    """One option; ``default`` None leaves it out, so that Beaker's own default holds."""

    convert: Callable[[str], Any]
    meaning: str
    default: Any = None
    stores: tuple[str, ...] = STORES


OPTIONS: dict[str, Option] = {
    "type": Option(convert.choice(*STORES), "where sessions are kept"),
    "key": Option(convert.cookie_name, "name of the cookie", "beaker.session.id"),
    "timeout": Option(convert.seconds, "seconds without a request after which a session ends"),
    "absolute_timeout": Option(convert.seconds, "seconds after which a session ends, however much it is used"),
    "save_accessed_time": Option(convert.boolean, "whether reading a session counts as a request to it", True),
    "auto": Option(
        convert.boolean, "save at the end of each request that used the session, without session.save()", False
    ),
    "invalidate_corrupt": Option(convert.boolean, "an unreadable session is a new one, not an error", True),
    "data_serializer": Option(convert.choice("json", "pickle"), "how values are stored; pickle can run code", "json"),
    "cookie_expires": Option(convert.cookie_expires, "when the browser drops the cookie", True),
    "cookie_domain": Option(convert.cookie_domain, "domain of the cookie; the host alone without it"),
    "cookie_path": Option(convert.cookie_path, "path of the cookie", "/"),
    "secure": Option(convert.boolean, "send the cookie over HTTPS only", False),
    "httponly": Option(convert.boolean, "keep the cookie from JavaScript", True),
    "samesite": Option(
        convert.choice("Lax", "Strict", "None"), "which requests from other sites carry the cookie", "Lax"
    ),
    "validate_key": Option(convert.key, "key that signs cookie sessions, and part of every encryption"),
    "secret": Option(convert.key, "key that signs the ids of server-side sessions"),
    "encrypt_key": Option(convert.key, "key that encrypts the data"),
    "validate_key_fallbacks": Option(convert.key_list, "old keys that are still accepted, never used to sign"),
    "secret_fallbacks": Option(convert.key_list, "old keys that are still accepted, never used to sign"),
    "encrypt_key_fallbacks": Option(
        convert.key_list, "old keys that still decrypt, one for each of validate_key_fallbacks"
    ),
    "reissue_time": Option(
        convert.duration, "seconds during which a request that only reads does not write its access time"
    ),
    "encrypt_nonce_bits": Option(convert.nonce_bits, "bits of the random part of each encryption"),
    "crypto_type": Option(convert.choice("default", "cryptography", "pycryptodome"), "library that encrypts"),
    "use_cookies": Option(convert.boolean, "carry the session's id in a cookie", stores=_SERVER_SIDE),
    "webtest_varname": Option(convert.text, "name of the session on WebTest's responses"),
    "data_dir": Option(convert.text, "folder of the stored sessions and their locks", stores=("file", "dbm")),
    "lock_dir": Option(convert.text, "folder of the locks", stores=("file", "dbm")),
    "file_dir": Option(convert.text, "folder of the stored sessions", stores=("file",)),
    "dbm_dir": Option(convert.text, "folder of the stored sessions", stores=("dbm",)),
    "dbmmodule": Option(convert.choice("dbm.dumb", "dbm.gnu", "dbm.ndbm"), "library for dbm files", stores=("dbm",)),
    "prefix": Option(
        convert.prefix,
        "what the names of this project's records begin with, if a store is shared; the cookie's name by default",
        stores=("file", "dbm", "ext:database", "ext:memcached", "ext:redis"),
    ),
    "store_timeout": Option(
        convert.limit,
        "seconds after which an operation on the store is given up, and the request is answered 503",
        2.0,
        stores=("file", "dbm", "ext:database", "ext:memcached", "ext:redis"),
    ),
    "url": Option(convert.address, "address of the store", stores=("ext:database", "ext:memcached", "ext:redis")),
    "table_name": Option(convert.text, "table of the sessions", stores=("ext:database",)),
    "schema_name": Option(convert.text, "schema of that table", stores=("ext:database",)),
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
        except convert.UnfitError as reason:
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
    _check_cookie(options)
    if "encrypt_key" in options and "validate_key" not in options:
        raise OptionError(f"{PREFIX}validate_key", "encryption needs it", _EXAMPLES["validate_key"])


def _check_cookie(options: Mapping[str, Any]) -> None:
    """Raise OptionError for a cookie that browsers would drop.

    https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-cookie-name-prefixes
    """
    if options["samesite"] == "None" and not options["secure"]:
        raise OptionError(f"{PREFIX}samesite", "browsers take None over HTTPS only", "add session.secure = true")
    name = options["key"].lower()
    if name.startswith(("__secure-", "__host-")) and not options["secure"]:
        raise OptionError(f"{PREFIX}key", "browsers take such a cookie over HTTPS only", "add session.secure = true")
    if name.startswith("__host-") and "cookie_domain" in options:
        raise OptionError(f"{PREFIX}cookie_domain", "browsers take no __Host- cookie with a domain", "remove the line")
    if name.startswith("__host-") and options["cookie_path"] != "/":
        raise OptionError(f"{PREFIX}cookie_path", "browsers take a __Host- cookie for / only", "remove the line")


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
