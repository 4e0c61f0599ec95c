"""Keep secrets out of messages: keys, passwords in addresses, and everything that looks like a secret.

All messages pass through here, so that even a mistyped name or a misplaced line does not reveal a key.
"""

from __future__ import annotations

import re

MASK = "..."

# Not compiled here, since a run without an error uses none of them.
_NAME = (
    r"(?i)(^|[._-])(secrets?|pass|passphrase|passw(or)?d|pwd|token|cookie|auth(orization)?|credentials?)(_fallbacks)?$"
    r"|(^|[_-]|api|access|private|csrf\.)key(_fallbacks)?$"
)
_LIKE = ("secret", "password", "passphrase", "credentials", "validatekey", "encryptkey")
_SESSION = r"(?i)(beaker\.)?session\."
_REFERENCE = r"%\([^()]+\)s|"
_HARMLESS = r"(?i)[0-9]{1,9}|true|false|yes|no|on|off"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]{0,30}://"  # a limit, since a long text without one would take long
_URL = _SCHEME + r"[^\s'\"]+"
_PARAMETER = r"(?P<mark>[?&;])(?P<name>[^=&;#\s]+)=(?P<value>[^&;\s'\"]*)"
_LONG = (r"[A-Za-z0-9_+=-]{24,}", r"[A-Za-z0-9+/=]{24,}")
_HEX = r"(?=.*[0-9])[0-9a-fA-F-]{32,}"
_CHANGE = r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[a-z])"


def is_secret(name: str) -> bool:
    """Whether a setting, variable or parameter of this name holds a secret."""
    return not name.lower().endswith("session.key") and bool(re.search(_NAME, name))  # which names the cookie


def _may_be_secret(name: str) -> bool:
    """Whether a name is that of a secret, possibly mistyped."""
    if is_secret(name):
        return True
    import difflib

    last = re.sub(r"[^a-z]", "", name.lower().removesuffix("_fallbacks").rpartition(".")[2])
    return bool(difflib.get_close_matches(last, _LIKE, n=1, cutoff=0.75))


def shown_value(name: str, value: str) -> str:
    """Return a setting's value as it may be shown.

    Values of session options are masked unless no key can look like them; ``sessions.settings.options`` shows more of
    them, since it knows each option. A reference such as %(ENV_KEY)s is not secret.
    """
    hidden = _may_be_secret(name) or (re.match(_SESSION, name) and not re.fullmatch(_HARMLESS, value))
    if hidden and not re.fullmatch(_REFERENCE, value):
        return MASK
    return masked(without_password(value))


def without_password(address: str) -> str:
    """Return an address as it may be shown, even if its password has characters that are invalid in an address.

    The part before the last @ is taken for a user name and a password, since a password may itself contain @, / or #.
    """
    scheme = re.match(_SCHEME, address)
    rest = address[scheme.end() :] if scheme else address
    user, at, host = rest.rpartition("@")
    if at and (scheme or ":" in user) and not rest.startswith("/"):  # the path of an SQLite file may contain an @
        name, colon, _ = user.partition(":")
        user = f"{name}{colon}***" if colon else user
    return (scheme[0] if scheme else "") + _without_parameters(f"{user}{at}{host}")


def _without_parameters(text: str) -> str:
    if "=" not in text:
        return text
    from urllib.parse import unquote_plus

    def shown(match: re.Match[str]) -> str:
        name = match["name"]
        return f"{match['mark']}{name}={'***' if _may_be_secret(unquote_plus(name)) else match['value']}"

    return re.sub(_PARAMETER, shown, text)


def masked(text: str) -> str:
    """Return a message without the passwords in its addresses and without random text: keys, ids and cookies."""
    text = without_passwords(text)
    for pattern in _LONG:
        text = re.sub(pattern, lambda match: MASK if _looks_random(match[0]) else match[0], text)
    return text


def without_passwords(text: str) -> str:
    """Return a text without the passwords in its addresses."""
    return re.sub(_URL, lambda match: without_password(match[0]), text) if "://" in text else text


def _looks_random(text: str) -> bool:
    """Whether letters and digits alternate as in hex, base64 and UUIDs, unlike in names and dates."""
    if re.fullmatch(_HEX, text):
        return True
    changes = len(re.findall(_CHANGE, text))
    return changes >= len(text) / 3 or (changes >= len(text) / 5 and sum(map(str.isdigit, text)) >= 3)
