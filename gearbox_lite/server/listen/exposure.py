"""Who else can connect to a server: other machines, or other users of this one, and the setting that lets them."""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass, replace

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.listen import bind
from gearbox_lite.server.listen.address import WILDCARDS, addresses, is_loopback


@dataclass(frozen=True)
class Exposure:
    """The setting that lets others connect, and how to keep them out."""

    problem: str
    at: Location
    remedy: str
    by_proxy: Setting | None = None
    """The setting that trusts a proxy, if it is a proxy that lets others connect."""


def find_exposure(settings: ServeSettings, sockets: list[socket.socket]) -> Exposure | None:
    """Return what lets others connect to the sockets, None if only this user can.

    Without sockets (before they are bound, or for a server that binds its own) the settings decide. A loopback address
    does not count as exposed, although every user of this machine can connect to it.
    """
    if not sockets:
        exposure = _of_settings(settings)
    else:
        exposure = next(filter(None, (_of_socket(settings, bound) for bound in sockets)), None)
    proxy = settings.server.options.get("trusted_proxy") if settings.is_waitress else None
    if exposure is None and proxy is not None:
        # The proxy is on this machine, so the address does not tell that its clients are not.
        return Exposure(f"{proxy} lets the proxy's clients connect", proxy.at, "remove that line", proxy)
    return exposure


def refuse_exposed_debug(settings: ServeSettings, debug: Setting, sockets: list[socket.socket]) -> None:
    """Raise UserError if others could reach a debug page, which may run their code, unless they are allowed to."""
    exposure = find_exposure(settings, sockets)
    if exposure is not None and not settings.allow_remote_debug:
        if exposure.by_proxy is not None:
            proxy = exposure.by_proxy
            raise UserError(
                f"{debug}: the debug page, which runs code, could be reached through the proxy of {proxy} ({proxy.at})",
                at=debug.at,
                remedy="write debug = false, or pass --allow-remote-debug if everyone who can connect may run code",
                finding="debug-exposed",
            )
        raise UserError(
            f"{exposure.problem} while {debug} ({debug.at}) shows a debug page, which reveals code and data",
            at=exposure.at,
            remedy=f"{exposure.remedy}, or set debug = false, or pass --allow-remote-debug if everyone who can connect "
            "may see them",
            finding="debug-exposed",
        )


def host_names(settings: ServeSettings) -> list[str]:
    """Return the names and addresses on which the settings say to listen, without wildcard addresses."""
    options = settings.server.options
    names = [setting.value for name, setting in options.items() if name == "host"]
    for name in ("listen", "bind"):
        names += [item.rpartition(":")[0] or item for item in _values(options.get(name)) if "/" not in item]
    names = [name.strip("[]").partition("%")[0] for name in names]
    return [name for name in names if name not in ("", "*", *WILDCARDS)]


def _values(setting: Setting | None) -> list[str]:
    return setting.value.replace(",", " ").split() if setting is not None else []


def _of_socket(settings: ServeSettings, bound: socket.socket) -> Exposure | None:
    if bound.family == getattr(socket, "AF_UNIX", None):
        return _of_unix_socket(settings, bound.getsockname())
    host = str(bound.getsockname()[0])
    if is_loopback(host):
        return None
    for address in addresses(settings.server.options) if "unix_socket" not in settings.server.options else []:
        if address.sockaddr[0].partition("%")[0] == host.partition("%")[0]:
            return _by_host(address.host)
    remedy = "write ListenStream=127.0.0.1:8080 in the .socket unit"
    return Exposure(f"LISTEN_FDS = {bind.url(bound)} lets other machines connect", Location("systemd"), remedy)


def _of_unix_socket(settings: ServeSettings, path: str | bytes) -> Exposure | None:
    options = settings.server.options
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except (OSError, ValueError):  # an abstract name, which has no permissions, or a path that has been removed
        mode = 0o666 if isinstance(path, bytes) else 0o600
    if not mode & 0o077:
        return None
    perms = options.get("unix_socket_perms")
    if "unix_socket" in options and perms is not None:
        return _by_perms(perms)
    problem = f"LISTEN_FDS = {os.fsdecode(path)} (mode {mode:o}) lets other users connect"
    return Exposure(problem, Location("systemd"), "write SocketMode=0600 in the .socket unit")


def _of_settings(settings: ServeSettings) -> Exposure | None:
    """Return what will let others connect once the server listens where the settings say.

    If the settings name no address, servers differ: egg:gearbox#wsgiref listens on every network.
    """
    options = settings.server.options
    if settings.is_waitress:
        perms = options.get("unix_socket_perms")
        if "unix_socket" in options:
            is_exposed = perms is not None and int(perms.value, 8) & 0o077
            return _by_perms(perms) if perms is not None and is_exposed else None
        wanted = addresses(options)
    elif "host" in options:
        wanted = addresses({"host": options["host"]})
    elif "bind" in options:
        if options["bind"].value.startswith(("unix:", "fd://")):
            return None
        items = [f"*{item}" if item.startswith(":") else item for item in _values(options["bind"])]
        wanted = addresses({"listen": replace(options["bind"], value=" ".join(items))})
    else:
        at = settings.server.factory.at if settings.server.factory else Location(settings.ini)
        section = f"[{settings.server.name}]"
        return Exposure(f"{section} may listen for other machines", at, f"add host = 127.0.0.1 to {section}")
    return next((_by_host(address.host) for address in wanted if not address.is_local), None)


def _by_perms(perms: Setting) -> Exposure:
    return Exposure(f"{perms} lets other users connect", perms.at, "remove that line or write 600")


def _by_host(host: Setting) -> Exposure:
    return Exposure(f"{host} lets other machines connect", host.at, "write 127.0.0.1 there or pass --host 127.0.0.1")
