"""A server's listeners: the addresses that its settings name, and the open sockets, kept across reloads.

A reload never closes the socket of an address that is still wanted, so that no connection is refused. Addresses are
bound in bind.py, paths of Unix sockets in unix_socket.py.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from gearbox_lite.errors import Setting, UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server.listen import bind
from gearbox_lite.server.listen.address import Address, addresses, port_number
from gearbox_lite.server.listen.exposure import refuse_exposed_debug

if TYPE_CHECKING:
    from gearbox_lite.server.listen import unix_socket


def check_listening(settings: ServeSettings) -> dict[str, Address]:
    """Return the addresses to bind by name; none for a Unix socket, and for a server that binds its own.

    Raises UserError for an invalid address, and for a debug page that others could reach.
    """
    wanted: dict[str, Address] = {}
    if not settings.is_waitress and "port" in settings.server.options:
        port_number(settings.server.options["port"])
    if settings.is_waitress and "unix_socket" not in settings.server.options:
        wanted = {str(address): address for address in addresses(settings.server.options)}
    if settings.debug is not None:
        refuse_exposed_debug(settings, settings.debug, [])
    return wanted


def check_workers(settings: ServeSettings) -> None:
    """Raise UserError if several workers are to share the sockets of a server that binds its own."""
    if settings.serve.workers > 1 and not settings.is_waitress:
        raise UserError(
            f"{settings.server.factory}: workers in [serve] are only for waitress",
            at=settings.server.factory.at if settings.server.factory else None,
            remedy="set workers = 1 there, and this server's own workers, if it has any, in its section",
        )


class Listening:
    """The listening sockets of one server, each kept open as long as the settings name its address."""

    def __init__(self, passed: list[socket.socket]) -> None:
        """Sockets passed by systemd replace whatever addresses the settings name."""
        self._passed = {f"descriptor {bound.fileno()}": bound for bound in passed}
        self._sockets: dict[str, socket.socket] = {}
        self._files: dict[str, unix_socket.SocketFile] = {}

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that are open now."""
        return list(self._sockets.values())

    def urls(self, settings: ServeSettings) -> list[str]:
        """Return the addresses to open in a browser; from the settings if the server binds its own socket."""
        if settings.is_waitress:
            return list(dict.fromkeys(bind.url(bound) for bound in self.sockets))
        host, port = (settings.server.options.get(name) for name in ("host", "port"))
        return [f"http://{host.value if host else '127.0.0.1'}:{port.value}" if port else f"{settings.server.factory}"]

    def open(self, settings: ServeSettings) -> bool:
        """Bind the addresses that are new, then close the sockets that are no longer wanted.

        Returns whether anything has changed. Raises UserError, and changes nothing, if an address cannot be bound.
        """
        opened = self._open(settings)
        unwanted = self._sockets.keys() - opened.keys()
        has_changed = opened.keys() != self._sockets.keys()
        for name in unwanted:
            self._sockets[name].close()  # workers that still drain have their own copies
            self._remove_file(name)
        self._sockets = opened
        return has_changed

    def close(self) -> None:
        """Close all sockets, and remove the file of a Unix socket; closing twice is allowed."""
        for name, bound in self._sockets.items():
            bound.close()
            self._remove_file(name)

    def _remove_file(self, name: str) -> None:
        if name in self._files:
            self._files.pop(name).remove()

    def _open(self, settings: ServeSettings) -> dict[str, socket.socket]:
        if self._passed:
            if settings.debug is not None:
                refuse_exposed_debug(settings, settings.debug, list(self._passed.values()))
            return self._passed
        wanted = check_listening(settings)
        path, perms = (settings.server.options.get(name) for name in ("unix_socket", "unix_socket_perms"))
        if path is not None and settings.is_waitress:
            return self._open_unix(path, int(perms.value, 8) if perms else 0o600)
        kept = {name: bound for name, bound in self._sockets.items() if name in wanted}
        new = {name: address for name, address in wanted.items() if name not in kept}
        opened = {**kept, **bind.bind_addresses(new, self.sockets, some_may_be_missing=bool(kept))}
        return {name: opened[name] for name in wanted if name in opened}

    def _open_unix(self, path: Setting, mode: int) -> dict[str, socket.socket]:
        from gearbox_lite.server.listen import unix_socket

        for name, file in self._files.items():
            if file.is_at(path):
                file.set_mode(path, mode)
                return {name: self._sockets[name]}
        bound = unix_socket.bind_path(path, mode)
        file = unix_socket.SocketFile(path)
        self._files[str(file)] = file  # a new name if another program has removed the file at this path
        return {str(file): bound}
