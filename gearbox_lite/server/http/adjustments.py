"""waitress' settings in [server:*], checked against waitress' own table (waitress.adjustments.Adjustments)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping

from waitress.adjustments import KNOWN_PROXY_HEADERS, Adjustments, asbool

from gearbox_lite.booleans import as_bool
from gearbox_lite.errors import MIN_SIMILARITY, Setting, UserError, at_setting, nearest, wrong_value

ADDRESSES = frozenset({"host", "port", "listen", "ipv4", "ipv6", "unix_socket", "unix_socket_perms", "sockets"})
"""The settings that name addresses; waitress gets listening sockets instead."""

DEFAULTS = {"asyncore_use_poll": "true"}
"""Our defaults that differ from waitress': with select, the process fails at its 1,025th file descriptor."""
_AT_LEAST_ONE = frozenset({"threads", "backlog", "connection_limit", "recv_bytes", "send_bytes"})
_TIMES = frozenset({"channel_timeout", "cleanup_interval", "asyncore_loop_timeout"})
_SIZES = frozenset({"max_request_header_size", "max_request_body_size", "inbuf_overflow", "outbuf_overflow"})
_SIZES |= {"outbuf_high_watermark", "recv_bytes", "send_bytes"}
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
    if "trusted_proxy" in options and not options["trusted_proxy"].value:
        raise at_setting(options["trusted_proxy"], "this names no proxy", "write its IP address, or remove the line")
    if "trusted_proxy" in options:
        _check_trusted_proxy(options["trusted_proxy"], at_unix_socket="unix_socket" in options)
    _check_proxy_headers(options)
    _check_unix_socket(options)
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
        from gearbox_lite.ini.schema.foreign_names import remedy_in

        guess = nearest(setting.name, [*WAITRESS_SETTINGS, "use"], cutoff=MIN_SIMILARITY)
        hint = f"did you mean {guess}?" if guess else "remove it"
        raise at_setting(setting, "waitress has no such setting", remedy_in(setting.name, "server") or hint)
    convert = WAITRESS_SETTINGS[setting.name]
    if convert is asbool:
        as_bool(setting)
    elif convert is int and setting.name != "port":
        least = 1 if setting.name in _AT_LEAST_ONE else 0
        if not setting.value.isdecimal() or int(setting.value) < least:
            raise wrong_value(setting, "not a whole number in range", _number_meant(setting, least))
    elif setting.name == "unix_socket_perms" and not re.fullmatch("[0-7]{1,4}", setting.value.removeprefix("0o")):
        raise wrong_value(setting, "not an octal file mode", "write for example 600")
    elif setting.name == "url_scheme" and setting.value not in ("http", "https"):
        raise wrong_value(setting, "not a scheme", "write http or https")
    elif setting.name == "unix_socket":
        _check_path(setting)


def _check_path(setting: Setting) -> None:
    from gearbox_lite import value_syntax

    explained = value_syntax.literal(setting.value)
    if explained is not None:
        raise at_setting(setting, *explained)
    if setting.value.startswith("unix:"):
        raise at_setting(setting, "this is not a path", f"write {setting.value.removeprefix('unix:')}")
    if not setting.value:
        raise at_setting(setting, "this is not a path", "write the path of the socket, or remove the line")


def _check_unix_socket(options: Mapping[str, Setting]) -> None:
    """Refuse an address that a Unix socket replaces; one that --host or --port set has removed the socket."""
    for name in ("host", "port", "listen"):
        if "unix_socket" in options and name in options:
            raise at_setting(options[name], "no effect, since unix_socket is set", "remove one of the two")


def _check_proxy_headers(options: Mapping[str, Setting]) -> None:
    """Refuse headers that waitress does not know, and settings of a proxy without ``trusted_proxy``."""
    headers = options.get("trusted_proxy_headers")
    for name in ("trusted_proxy_headers", "trusted_proxy_count"):
        if name in options and "trusted_proxy" not in options:
            remedy = "add trusted_proxy with the proxy's address, or remove the line"
            raise at_setting(options[name], "no effect without trusted_proxy", remedy)
    for word in headers.value.split() if headers is not None else ():
        if headers is not None and word.lower() not in KNOWN_PROXY_HEADERS:
            known = [found for found in re.split(r"[,;\s]+", headers.value) if found.lower() in KNOWN_PROXY_HEADERS]
            guess = nearest(word.lower(), list(KNOWN_PROXY_HEADERS), cutoff=MIN_SIMILARITY)
            remedy = f"did you mean {guess}?" if guess else f"write some of {' '.join(sorted(KNOWN_PROXY_HEADERS))}"
            if re.search("[,;]", headers.value):
                remedy = f"write {' '.join(known)}, with spaces between them"
            raise wrong_value(headers, f"{word} is not a header of a proxy", remedy)


def _number_meant(setting: Setting, least: int) -> str:
    """Return what to write instead of a number with a unit, such as 10 MB."""
    from gearbox_lite import quantities

    is_time = setting.name in _TIMES
    meant = (quantities.seconds_meant if is_time else quantities.bytes_meant)(setting.value)
    if meant is None or meant < least:
        return f"write a number from {least} up"
    return (
        f"write {meant:.0f}, in {'seconds' if is_time else 'bytes'}"
        if setting.name in _SIZES or is_time
        else (f"write {meant:.0f}")
    )


def _check_trusted_proxy(setting: Setting, *, at_unix_socket: bool) -> None:
    """Refuse a value that can never equal a client's address, as waitress compares them (waitress.proxy_headers)."""
    import ipaddress

    from gearbox_lite.server.http.proxies import UNIX_PEER

    value = setting.value
    if value == "*":
        return
    if at_unix_socket:
        if value != UNIX_PEER:
            raise wrong_value(setting, "no client of a Unix socket has this address", f"write {UNIX_PEER}")
        return
    try:
        written = str(ipaddress.ip_address(value))
    except ValueError:
        written = ""
    if value not in (UNIX_PEER, written):
        remedy = f"write {written}" if written else _proxy_meant(value, UNIX_PEER)
        raise wrong_value(setting, "no client has this address", remedy)


def _proxy_meant(value: str, unix_peer: str) -> str:
    """Return what to write instead of a network, several addresses, an address with a port, or a name."""
    numbers = re.match(r"[0-9]+(?:\.[0-9]+){3}(?=[:,/\s])", value)
    if "/" in value and "://" not in value:
        return "a network cannot be trusted; write the proxy's one IP address"
    if numbers and re.fullmatch(r"[0-9.]+:[0-9]+", value):
        return f"write {numbers[0]}, without the port"
    if numbers:
        return "write the one IP address of the last proxy"
    return f"write the proxy's IP address, for example 127.0.0.1, or {unix_peer} for a Unix socket"
