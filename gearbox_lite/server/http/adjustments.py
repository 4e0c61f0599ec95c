"""waitress' settings in [server:*], checked against waitress' own table (waitress.adjustments.Adjustments)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

from waitress.adjustments import Adjustments, asbool

from gearbox_lite.booleans import as_bool
from gearbox_lite.errors import Setting, UserError, at_setting, nearest

ADDRESSES = frozenset({"host", "port", "listen", "ipv4", "ipv6", "unix_socket", "unix_socket_perms", "sockets"})
"""The settings that name addresses; waitress gets listening sockets instead."""

DEFAULTS = {"asyncore_use_poll": "true"}
"""Our defaults that differ from waitress': with select, the process fails at its 1,025th file descriptor."""
_AT_LEAST_ONE = frozenset({"threads", "backlog", "connection_limit", "recv_bytes", "send_bytes"})
WAITRESS_SETTINGS = dict(Adjustments._params)  # noqa: SLF001 (waitress publishes its table nowhere else)


class BoundAdjustments(Adjustments):  # type: ignore[misc]
    """waitress' settings for sockets that are bound elsewhere: its own default address is not looked up."""

    listen = ()


def check_options(options: Mapping[str, Setting]) -> dict[str, str]:
    """Check the [server:*] section, and return the settings to give waitress beside its sockets.

    Raises UserError for an unknown name, a value of the wrong type or out of range, and settings that conflict.
    """
    for setting in options.values():
        _check_one(setting)
    if "trusted_proxy" in options:
        _check_trusted_proxy(options["trusted_proxy"], at_unix_socket="unix_socket" in options)
    settings = DEFAULTS | {name: item.value for name, item in options.items() if name not in ADDRESSES}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            BoundAdjustments(**settings)
    except ValueError as error:
        named = [item for name, item in options.items() if name in str(error)] or list(options.values())
        blamed = max(named, key=lambda item: len(item.name))
        raise UserError(str(error), at=blamed.at, remedy="see waitress' settings") from error
    return settings


def _check_one(setting: Setting) -> None:
    if setting.name not in WAITRESS_SETTINGS or setting.name == "sockets":
        guess = nearest(setting.name, [*WAITRESS_SETTINGS, "use"])
        raise at_setting(setting, "waitress has no such setting", f"did you mean {guess}?" if guess else "remove it")
    convert = WAITRESS_SETTINGS[setting.name]
    if convert is asbool:
        as_bool(setting)
    elif convert is int and setting.name != "port":
        least = 1 if setting.name in _AT_LEAST_ONE else 0
        if not setting.value.isdecimal() or int(setting.value) < least:
            raise at_setting(setting, "not a whole number in range", f"write a number from {least} up")
    elif setting.name == "unix_socket_perms" and not re.fullmatch("[0-7]{1,4}", setting.value.removeprefix("0o")):
        raise at_setting(setting, "not an octal file mode", "write for example 600")
    elif setting.name == "unix_socket" and not setting.value:
        raise at_setting(setting, "this is not a path", "write the path of the socket, or remove the line")


def _check_trusted_proxy(setting: Setting, *, at_unix_socket: bool) -> None:
    """Refuse a value that can never equal a client's address, as waitress compares them (waitress.proxy_headers)."""
    import ipaddress

    from gearbox_lite.server.http.proxies import UNIX_PEER

    value = setting.value
    if value == "*":
        return
    if at_unix_socket:
        if value != UNIX_PEER:
            raise at_setting(setting, "no client of a Unix socket has this address", f"write {UNIX_PEER}")
        return
    try:
        written = str(ipaddress.ip_address(value))
    except ValueError:
        written = ""
    if value not in (UNIX_PEER, written):
        remedy = f"write {written}" if written else f"write one IP address, or {UNIX_PEER} for a Unix socket"
        raise at_setting(setting, "no client has this address", remedy)
