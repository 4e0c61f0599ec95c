"""Serving one ini from start to end: check, bind, load, announce, serve, drain."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from gearbox_lite.errors import Setting, UserError
from gearbox_lite.ini.settings import ServeSettings
from gearbox_lite.server import adjustments, bind, checks, logs, worker

Announce = Callable[[list[str]], None]
"""Called with the URLs once the application is loaded and its sockets listen."""
Warn = Callable[[str], None]
"""Called with each thing that is doubtful in the ini."""


def run(settings: ServeSettings, announce: Announce, warn: Warn, *, allow_remote_debug: bool) -> None:
    """Serve until SIGINT or SIGTERM. Raises UserError for whatever keeps it from starting."""
    findings = checks.find(settings)
    checks.raise_errors(findings)
    for finding in [*findings, *checks.unreachable(settings)]:
        warn(str(finding))
    serve = _run_waitress if settings.is_waitress else _run_other
    with contextlib.suppress(KeyboardInterrupt):
        serve(settings, announce, allow_remote_debug=allow_remote_debug)


def _run_waitress(settings: ServeSettings, announce: Announce, *, allow_remote_debug: bool) -> None:
    running: list[worker.Server] = []

    def end() -> None:
        if not running:
            raise KeyboardInterrupt
        running[0].end()

    with worker.ending_on_signals(end):
        adjust = adjustments.check(settings.server.options)
        logs.configure(settings)
        sockets = _bind(settings, check_listening(settings, allow_remote_debug=allow_remote_debug))
        application = worker.load_application(settings)
        running.append(worker.Server(application, sockets, adjust))
        announce([_url(bound) for bound in sockets])
        running[0].run()


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


def _bind(settings: ServeSettings, addresses: list[bind.Address]) -> list[socket.socket]:
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


def _run_other(settings: ServeSettings, announce: Announce, *, allow_remote_debug: bool) -> None:
    options = settings.server.options
    check_listening(settings, allow_remote_debug=allow_remote_debug)
    with worker.interrupting_on_signals():
        logs.configure(settings)
        application = worker.load_application(settings)
        host, port = options.get("host", bind.DEFAULT_HOST), options.get("port")
        announce([f"http://{host.value}:{port.value}" if port else f"{settings.server.factory}"])
        worker.run_other(settings, application)


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


def _url(bound: socket.socket) -> str:
    """Return the address to open; a socket for every address answers at localhost as well."""
    if bound.family == getattr(socket, "AF_UNIX", None):
        return f"unix:{bound.getsockname()}"
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::", "127.0.0.1", "::1"):  # noqa: S104 (a comparison, nothing is bound)
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
