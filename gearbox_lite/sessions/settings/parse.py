"""Session options from the text of an ini to SessionOptions.

Beaker itself lets unknown and mistyped options pass, and fails on others at the first request. Here they are refused
when the ini is loaded, with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import quote

from gearbox_lite import value_syntax
from gearbox_lite.errors import MIN_SIMILARITY, nearest
from gearbox_lite.masking import MASK, is_secret, masked, without_password
from gearbox_lite.sessions.settings.convert import MAX_PREFIX_LENGTH, InvalidValueError
from gearbox_lite.sessions.settings.options import OPTIONS, PREFIX, REFUSED, SessionOptions

ENGINE_PREFIX = "session.sa."
"""What follows is an engine option of SQLAlchemy's, https://docs.sqlalchemy.org/en/20/core/engines.html"""

_REQUIRED = {
    "cookie": ("validate_key",),
    "file": ("secret", "data_dir"),
    "dbm": ("secret", "data_dir"),
    "memory": ("secret",),
    "ext:database": ("secret", "url"),
    "ext:memcached": ("secret", "url"),
    "ext:redis": ("secret", "url"),
}
"""The options that each store needs."""

_RANDOM = 'python -c "import secrets; print(secrets.token_hex(32))" prints one'
_EXAMPLES = {
    "validate_key": f"add a long random key: {_RANDOM}",
    "secret": f"add a long random key: {_RANDOM}",
    "data_dir": "add for example session.data_dir = %(here)s/data",
}
_URLS = {
    "ext:database": "sqlite:///%(here)s/sessions.db",
    "ext:memcached": "localhost:11211",
    "ext:redis": "redis://localhost:6379/0",
}


class OptionError(ValueError):
    """An option that cannot be used: its full name, what is wrong, and what to write."""

    def __init__(self, option: str, problem: str, remedy: str) -> None:
        super().__init__(f"{option}: {problem}; {remedy}")
        self.option, self.problem, self.remedy = option, problem, remedy

    def shown(self, given: Mapping[str, str]) -> str:
        """Return the option as it is written, without the keys and passwords in it."""
        if self.option not in given:
            return self.option
        return f"{self.option} = {shown_option(self.option, given[self.option].strip())}".rstrip()


def shown_option(name: str, value: str) -> str:
    """Return what a message may show of an option's value: nothing of a key, and nothing if the option is unknown."""
    if name.removeprefix(PREFIX) not in OPTIONS or is_secret(name):
        return MASK
    return masked(without_password(value))


def parse_options(given: Mapping[str, str]) -> SessionOptions:
    """Return the typed options of the chosen store, defaults included.

    ``given`` maps full names, ``session.timeout``, to the ini's text. Raises OptionError for the first option that
    is unknown, has a value of the wrong type or range, is missing, or needs a library that is not installed.
    """
    values: dict[str, Any] = {}
    engine: dict[str, str] = {}
    for full_name, text in given.items():
        if full_name.startswith(ENGINE_PREFIX) and full_name.removeprefix(PREFIX) not in REFUSED:
            engine[full_name.removeprefix(ENGINE_PREFIX)] = text.strip()
            continue
        name = _known_name(full_name)
        try:
            values[name] = OPTIONS[name].convert(text.strip())
        except InvalidValueError as reason:
            raise OptionError(full_name, *_explained(text.strip(), reason)) from None
    values.setdefault("type", "file" if "data_dir" in values else "memory")
    options = SessionOptions(**values)
    _check_required(options)
    _check_address(options)
    _check_fallbacks(options)
    _check_times(options)
    _check_cookie(options)
    if options.encrypt_key is not None and options.validate_key is None:
        raise OptionError(f"{PREFIX}validate_key", "encryption needs it", _EXAMPLES["validate_key"])
    _check_libraries(options)
    values.setdefault("prefix", _default_prefix(options.key))
    used = {name: value for name, value in values.items() if options.type in OPTIONS[name].stores}
    return SessionOptions(**used, engine_options=engine if options.type == "ext:database" else {})


def _explained(text: str, reason: InvalidValueError) -> tuple[str, str]:
    """Return why a value cannot be used, and the remedy; its syntax may be the reason (value_syntax.py)."""
    explained = value_syntax.explain_value(text)
    if explained is not None:
        return explained
    hint = " (a comment needs a line of its own)" if value_syntax.has_comment(text) and not reason.is_explained else ""
    return reason.problem, f"{reason}{hint}"


def _known_name(full_name: str) -> str:
    name = full_name.removeprefix(PREFIX)
    if full_name.startswith(PREFIX) and name in OPTIONS:
        return name
    if name in REFUSED:
        raise OptionError(full_name, REFUSED[name], "remove the line")
    from gearbox_lite.ini.schema.foreign_names import remedy_in

    remedy = remedy_in(full_name, "session")
    if remedy is None:
        known = {last: PREFIX + last for last in OPTIONS} | {PREFIX + last: PREFIX + last for last in OPTIONS}
        guess = nearest(name.rpartition("session.")[2].lower(), list(known), cutoff=MIN_SIMILARITY)
        remedy = f"did you mean {known[guess]}?" if guess else "remove the line"
    raise OptionError(full_name, "there is no such option", remedy)


def _default_prefix(cookie_name: str) -> str:
    """Return the cookie's name, with characters that a prefix cannot have percent-encoded."""
    prefix = quote(cookie_name, safe="")
    if not re.match(r"[A-Za-z0-9_%]", prefix):
        prefix = f"%{ord(prefix[0]):02X}{prefix[1:]}"
    if len(prefix) > MAX_PREFIX_LENGTH:
        raise OptionError(
            f"{PREFIX}key", "this name is too long to be the prefix of the records too", f"set {PREFIX}prefix"
        )
    return prefix


def _check_required(options: SessionOptions) -> None:
    for name in _REQUIRED[options.type]:
        folder = {"file": options.file_dir, "dbm": options.dbm_dir}.get(options.type)
        if name == "data_dir" and folder is not None and options.lock_dir is not None:
            continue  # these two folders replace it
        if getattr(options, name) is None:
            example = _EXAMPLES[name] if name != "url" else f"add for example session.url = {_URLS[options.type]}"
            raise OptionError(PREFIX + name, f"a session of type {options.type} needs it", example)


def _check_address(options: SessionOptions) -> None:
    if options.url is None or not options.type.startswith("ext:"):
        return
    from gearbox_lite.sessions.settings.addresses import check_address

    try:
        check_address(options.type, options.url)
    except InvalidValueError as reason:
        raise OptionError(f"{PREFIX}url", reason.problem, str(reason)) from None


def _check_fallbacks(options: SessionOptions) -> None:
    for name in ("validate_key", "secret", "encrypt_key"):
        if getattr(options, f"{name}_fallbacks") is not None and getattr(options, name) is None:
            raise OptionError(f"{PREFIX}{name}", f"{PREFIX}{name}_fallbacks has no use without it", _EXAMPLES["secret"])
    old_keys = len(options.validate_key_fallbacks or ())
    if len(options.encrypt_key_fallbacks or ()) not in (0, old_keys):
        raise OptionError(
            f"{PREFIX}encrypt_key_fallbacks",
            f"there are {old_keys} in validate_key_fallbacks",
            "write as many, in the same order",
        )


def _check_times(options: SessionOptions) -> None:
    if options.timeout is None:
        return
    if not options.save_accessed_time:
        raise OptionError(
            f"{PREFIX}save_accessed_time", "a timeout needs it", "set it to true, or remove session.timeout"
        )
    if (options.reissue_time or 0) >= options.timeout:
        raise OptionError(f"{PREFIX}reissue_time", "sessions in use would end", "make it smaller than session.timeout")
    if options.absolute_timeout is not None and options.absolute_timeout < options.timeout:
        raise OptionError(
            f"{PREFIX}absolute_timeout", "sessions in use would end first", "make it at least session.timeout"
        )


def _check_cookie(options: SessionOptions) -> None:
    """Raise OptionError for a cookie that browsers would drop.

    https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-cookie-name-prefixes
    """
    if options.samesite == "None" and not options.secure:
        raise OptionError(f"{PREFIX}samesite", "browsers accept None over HTTPS only", "add session.secure = true")
    name = options.key.lower()
    if name.startswith(("__secure-", "__host-")) and not options.secure:
        raise OptionError(f"{PREFIX}key", "browsers accept such a cookie over HTTPS only", "add session.secure = true")
    if name.startswith("__host-") and options.cookie_domain is not None:
        raise OptionError(
            f"{PREFIX}cookie_domain", "browsers accept no __Host- cookie with a domain", "remove the line"
        )
    if name.startswith("__host-") and options.cookie_path != "/":
        raise OptionError(f"{PREFIX}cookie_path", "browsers accept a __Host- cookie for / only", "remove the line")


def _check_libraries(options: SessionOptions) -> None:
    """Raise OptionError, naming the extra to install, for a store or cipher whose library is missing."""
    needs = {
        "ext:database": ("sqlalchemy", "database"),
        "ext:memcached": ("pymemcache", "memcached"),
        "ext:redis": ("redis", "redis"),
    }
    wanted = [(f"{PREFIX}type", *needs[options.type])] if options.type in needs else []
    if options.type == "ext:database" and (options.url or "").startswith(("postgresql://", "postgresql+psycopg://")):
        wanted.append((f"{PREFIX}url", "psycopg", "postgresql"))
    if options.encrypt_key is not None and options.crypto_type == "pycryptodome":
        if find_spec("Crypto") is None:
            raise OptionError(f"{PREFIX}crypto_type", "it needs the library pycryptodome", "pip install pycryptodome")
    elif options.encrypt_key is not None:
        wanted.append((f"{PREFIX}encrypt_key", "cryptography", "encryption"))
    for option, module, extra in wanted:
        if find_spec(module) is None:
            raise OptionError(option, f"it needs the library {module}", f"pip install 'gearbox-lite[{extra}]'")
