"""Where a server listens, whom it lets in, and its sockets."""

from __future__ import annotations

import socket

from gearbox_lite.errors import Setting, UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server import bind


def check_listening(settings: ServeSettings, *, allow_remote_debug: bool) -> list[bind.Address]:
    """Return where to listen, nothing for a Unix socket and for servers that bind their own.

    Raises UserError for an address that is none, and for a debug page that other machines could reach.
    """
    if not settings.is_waitress:
        if "port" in settings.server.options:
            bind.port_number(settings.server.options["port"])
        if not allow_remote_debug:
            _check_other_is_local(settings)
        return []
    if "unix_socket" in settings.server.options:
        return []
    addresses = bind.addresses(settings.server.options)
    if not allow_remote_debug:
        for address in addresses:
            if not address.is_local:
                _refuse_remote_debug(settings, address.host)
    return addresses


def open_sockets(settings: ServeSettings, addresses: list[bind.Address]) -> list[socket.socket]:
    """Return listening sockets for the addresses, or the one of the Unix socket. Raises UserError, all or none."""
    path, perms = (settings.server.options.get(name) for name in ("unix_socket", "unix_socket_perms"))
    if path is not None:
        return [bind.bind_unix(path, int(perms.value, 8) if perms else 0o600)]
    return bind.bind(addresses)


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
    for address in wanted:
        if not address.is_local:
            _refuse_remote_debug(settings, address.host)


def url(bound: socket.socket) -> str:
    """Return the address to open; a socket for every address answers at localhost as well."""
    if bound.family == getattr(socket, "AF_UNIX", None):
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::", "127.0.0.1", "::1"):  # noqa: S104 (a comparison, nothing is bound)
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
