"""Where a server listens, whom it lets in, and its sockets."""

from __future__ import annotations

import socket

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server import bind, unix_socket


def check_listening(settings: ServeSettings, *, allow_remote_debug: bool) -> dict[str, bind.Address]:
    """Return where to listen by name, nothing for a Unix socket and for servers that bind their own.

    Raises UserError for an address that is none, and for a debug page that other machines could reach.
    """
    if not settings.is_waitress:
        if "port" in settings.server.options:
            bind.port_number(settings.server.options["port"])
        if not allow_remote_debug:
            _check_other_is_local(settings)
        return {}
    if "unix_socket" in settings.server.options:
        return {}
    addresses = bind.addresses(settings.server.options)
    if not allow_remote_debug:
        _check_local(settings, addresses)
    return {str(address): address for address in addresses}


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

    def __init__(self, passed: list[socket.socket], *, allow_remote_debug: bool) -> None:
        """Sockets passed by systemd stand for whatever the settings say."""
        self._passed = {f"descriptor {bound.fileno()}": bound for bound in passed}
        self._allow_remote_debug = allow_remote_debug
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
            if not self._allow_remote_debug:
                for bound in self._passed.values():
                    if not _is_local(bound):
                        _refuse_remote_debug(settings, Setting("LISTEN_FDS", url(bound), Location("systemd")))
            return self._passed
        wanted = check_listening(settings, allow_remote_debug=self._allow_remote_debug)
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


def _is_local(bound: socket.socket) -> bool:
    if bound.family == getattr(socket, "AF_UNIX", None):
        return True
    return bind.is_loopback(bound.getsockname()[0])


def _check_local(settings: ServeSettings, addresses: list[bind.Address]) -> None:
    for address in addresses:
        if not address.is_local:
            _refuse_remote_debug(settings, address.host)


def _refuse_remote_debug(settings: ServeSettings, host: Setting) -> None:
    debug = settings.debug
    if debug is not None:
        raise UserError(
            f"{host} lets other machines connect while {debug} ({debug.at}) shows a debug page that runs their code",
            at=host.at,
            remedy="set debug = false, or pass --allow-remote-debug if everybody who can connect may do that",
        )


def _check_other_is_local(settings: ServeSettings) -> None:
    """Refuse a debug page on another server that listens, or may listen, for other machines.

    Servers differ in where they listen when nothing is said: egg:gearbox#wsgiref takes every network.
    """
    options = settings.server.options
    listen = options.get("bind")  # gunicorn's
    if "host" in options:
        wanted = bind.addresses({"host": options["host"]})
    elif listen is not None:
        if listen.value.startswith(("unix:", "fd://")):
            return
        wanted = bind.addresses({"listen": listen})
    elif settings.debug is not None:
        raise UserError(
            f"[{settings.server.name}] may listen for other machines while {settings.debug} shows a debug page",
            at=settings.debug.at,
            remedy=f"add host = 127.0.0.1 to [{settings.server.name}], or set debug = false",
        )
    else:
        return
    _check_local(settings, wanted)


def url(bound: socket.socket) -> str:
    """Return the address to open; a socket for every address answers at localhost as well."""
    if bound.family == getattr(socket, "AF_UNIX", None):
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::", "127.0.0.1", "::1"):  # noqa: S104 (a comparison, nothing is bound)
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
