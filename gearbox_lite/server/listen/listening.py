"""Where a server listens, whom it lets in, and its sockets."""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.listen import bind, unix_socket

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 (only compared)


@dataclass(frozen=True)
class Opening:
    """What lets others than this user connect, where that is set, and what keeps them out."""

    problem: str
    at: Location
    remedy: str


def check_listening(settings: ServeSettings) -> dict[str, bind.Address]:
    """Return where to listen by name, nothing for a Unix socket and for servers that bind their own.

    Raises UserError for an invalid address, and for a debug page that others could reach.
    """
    wanted: dict[str, bind.Address] = {}
    if not settings.is_waitress and "port" in settings.server.options:
        bind.port_number(settings.server.options["port"])
    if settings.is_waitress and "unix_socket" not in settings.server.options:
        wanted = {str(address): address for address in bind.addresses(settings.server.options)}
    if settings.debug is not None:
        _check_opening(settings, settings.debug, _wanted_opening(settings))
    return wanted


def check_debug(settings: ServeSettings, debug: Setting, sockets: list[socket.socket]) -> None:
    """Raise UserError for a debug page that others could reach; without ``sockets``, the settings say where it is."""
    _check_opening(settings, debug, open_to(settings, sockets))


def open_to(settings: ServeSettings, sockets: list[socket.socket]) -> Opening | None:
    """Return what lets others connect to sockets, None if only this user can.

    Without sockets, for a server that binds its own, the settings say where it listens. Every user of this machine
    can connect to a loopback address; that is not counted.
    """
    if not sockets:
        return _wanted_opening(settings)
    return next(filter(None, (_opening(settings, bound) for bound in sockets)), None)


def host_names(settings: ServeSettings) -> list[str]:
    """Return the names and addresses that the settings say to listen on, every address excepted."""
    options = settings.server.options
    names = [setting.value for name, setting in options.items() if name == "host"]
    for name in ("listen", "bind"):
        names += [item.rpartition(":")[0] or item for item in _values(options.get(name)) if "/" not in item]
    names = [name.strip("[]").partition("%")[0] for name in names]
    return [name for name in names if name not in ("", "*", *_EVERY_ADDRESS)]


def _values(setting: Setting | None) -> list[str]:
    return setting.value.replace(",", " ").split() if setting is not None else []


def _check_opening(settings: ServeSettings, debug: Setting, opening: Opening | None) -> None:
    if opening is not None and not settings.allow_remote_debug:
        raise UserError(
            f"{opening.problem} while {debug} ({debug.at}) shows a debug page that runs their code",
            at=opening.at,
            remedy=f"{opening.remedy}, or set debug = false, or pass --allow-remote-debug if everyone who can connect "
            "may run code",
        )


def _opening(settings: ServeSettings, bound: socket.socket) -> Opening | None:
    if bound.family == getattr(socket, "AF_UNIX", None):
        return _unix_opening(settings, bound.getsockname())
    host = str(bound.getsockname()[0])
    if bind.is_loopback(host):
        return None
    for address in bind.addresses(settings.server.options) if "unix_socket" not in settings.server.options else []:
        if address.where[0].partition("%")[0] == host.partition("%")[0]:
            return _address_opening(address.host)
    remedy = "write ListenStream=127.0.0.1:8080 in the .socket unit"
    return Opening(f"LISTEN_FDS = {url(bound)} lets other machines connect", Location("systemd"), remedy)


def _unix_opening(settings: ServeSettings, path: str | bytes) -> Opening | None:
    options = settings.server.options
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except (OSError, ValueError):  # an abstract name, which has no permissions, or a path that has been removed
        mode = 0o666 if isinstance(path, bytes) else 0o600
    if not mode & 0o077:
        return None
    perms = options.get("unix_socket_perms")
    if "unix_socket" in options and perms is not None:
        return _perms_opening(perms)
    problem = f"LISTEN_FDS = {os.fsdecode(path)} (mode {mode:o}) lets other users connect"
    return Opening(problem, Location("systemd"), "write SocketMode=0600 in the .socket unit")


def _perms_opening(perms: Setting) -> Opening:
    return Opening(f"{perms} lets other users connect", perms.at, "remove that line or write 600")


def _address_opening(host: Setting) -> Opening:
    return Opening(f"{host} lets other machines connect", host.at, "write 127.0.0.1 there or pass --host 127.0.0.1")


def _wanted_opening(settings: ServeSettings) -> Opening | None:
    """Return what will let others connect where the settings say to listen.

    Servers differ in where they listen if nothing says so: egg:gearbox#wsgiref takes every network.
    """
    options = settings.server.options
    if settings.is_waitress:
        perms = options.get("unix_socket_perms")
        if "unix_socket" in options:
            is_open = perms is not None and int(perms.value, 8) & 0o077
            return _perms_opening(perms) if perms is not None and is_open else None
        wanted = bind.addresses(options)
    elif "host" in options:
        wanted = bind.addresses({"host": options["host"]})
    elif "bind" in options:
        if options["bind"].value.startswith(("unix:", "fd://")):
            return None
        wanted = bind.addresses({"listen": options["bind"]})
    else:
        at = settings.server.factory.at if settings.server.factory else Location(settings.ini)
        section = f"[{settings.server.name}]"
        return Opening(f"{section} may listen for other machines", at, f"add host = 127.0.0.1 to {section}")
    return next((_address_opening(address.host) for address in wanted if not address.is_local), None)


def check_workers(settings: ServeSettings) -> None:
    """Raise UserError where several workers are to share the sockets of a server that binds its own."""
    if settings.serve.workers > 1 and not settings.is_waitress:
        raise UserError(
            f"{settings.server.factory} has workers of its own, if any",
            at=settings.server.factory.at if settings.server.factory else None,
            remedy="set them in its own section, and workers = 1 in [serve]",
        )


class Listening:
    """The listening sockets of one server, kept as long as its settings want them."""

    def __init__(self, passed: list[socket.socket]) -> None:
        """Sockets passed by systemd stand for whatever the settings say."""
        self._passed = {f"descriptor {bound.fileno()}": bound for bound in passed}
        self._sockets: dict[str, socket.socket] = {}
        self._places: dict[str, unix_socket.Place] = {}

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that are open now."""
        return list(self._sockets.values())

    def urls(self, settings: ServeSettings) -> list[str]:
        """Return the addresses to open in a browser, those in the settings where the server binds its own socket."""
        if settings.is_waitress:
            return list(dict.fromkeys(url(bound) for bound in self.sockets))
        host, port = (settings.server.options.get(name) for name in ("host", "port"))
        return [f"http://{host.value if host else '127.0.0.1'}:{port.value}" if port else f"{settings.server.factory}"]

    def open(self, settings: ServeSettings) -> bool:
        """Open the sockets that are new, then close those that are gone; return whether there were any.

        Raises UserError and changes nothing where one cannot be opened.
        """
        opened = self._open(settings)
        gone = self._sockets.keys() - opened.keys()
        has_changed = opened.keys() != self._sockets.keys()
        for name in gone:
            self._sockets[name].close()  # processes that still drain have their own copies
            self._remove(name)
        self._sockets = opened
        return has_changed

    def close(self) -> None:
        """Close all sockets, and remove the path of a Unix one."""
        for name, bound in self._sockets.items():
            bound.close()
            self._remove(name)

    def _remove(self, name: str) -> None:
        if name in self._places:
            self._places.pop(name).remove()

    def _open(self, settings: ServeSettings) -> dict[str, socket.socket]:
        if self._passed:
            if settings.debug is not None:
                check_debug(settings, settings.debug, list(self._passed.values()))
            return self._passed
        wanted = check_listening(settings)
        path, perms = (settings.server.options.get(name) for name in ("unix_socket", "unix_socket_perms"))
        if path is not None and settings.is_waitress:
            return self._open_unix(path, int(perms.value, 8) if perms else 0o600)
        kept = {name: bound for name, bound in self._sockets.items() if name in wanted}
        new = {name: address for name, address in wanted.items() if name not in kept}
        opened = {**kept, **bind.bind(new, self.sockets, some_may_be_missing=bool(kept))}
        return {name: opened[name] for name in wanted if name in opened}

    def _open_unix(self, path: Setting, mode: int) -> dict[str, socket.socket]:
        for name, place in self._places.items():
            if place.is_at(path):
                place.set_mode(path, mode)
                return {name: self._sockets[name]}
        bound = unix_socket.bind(path, mode)
        place = unix_socket.Place(path)
        self._places[str(place)] = place  # another name than before where somebody has removed the path
        return {str(place): bound}


def url(bound: socket.socket) -> str:
    """Return the address to open; a socket for every address answers at localhost as well."""
    if bound.family == getattr(socket, "AF_UNIX", None):
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::", "127.0.0.1", "::1"):  # noqa: S104 (a comparison, nothing is bound)
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
