"""Detects a wrongly set up reverse proxy: logs warnings, and answers ``check --url``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from waitress.proxy_headers import PROXY_HEADERS

WSGIApplication = Callable[..., Iterable[bytes]]

PROBE = "X-Gearbox-Lite-Check"
"""The request header with which ``check --url`` asks how the server sees its request."""
SEEN = "X-Gearbox-Lite-Seen"
"""The response header that answers: the URL's scheme and host, and one of the words below."""
DIRECT = "direct"
TRUSTED = "trusted"
UNTRUSTED = "untrusted"
UNTRUSTED_UNIX = "untrusted-unix"

UNIX_PEER = "localhost"
"""The address that waitress gives every client of a Unix socket (waitress.server.UnixWSGIServer)."""

_ENVIRON_PROBE = "HTTP_" + PROBE.upper().replace("-", "_")
_ENVIRON_PROXY = frozenset(f"HTTP_{name}" for name in PROXY_HEADERS)
_ENVIRON_HOW = "gearbox_lite.proxy"

log = logging.getLogger("gearbox_lite.http")


def skip_without_headers(
    translate: WSGIApplication, application: WSGIApplication, trusted: str | None
) -> WSGIApplication:
    """Return WSGI middleware that calls waitress' proxy middleware only for requests that it could change."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if trusted not in ("*", environ["REMOTE_ADDR"]) and _ENVIRON_PROXY.isdisjoint(environ):
            return application(environ, start_response)
        return translate(environ, start_response)

    return call


class UntrustedProxyLogger:
    """WSGI middleware around waitress' proxy middleware: logs once that a proxy's headers were ignored."""

    def __init__(self, application: WSGIApplication, trusted_proxy: str | None) -> None:
        self._application = application
        self._trusted = trusted_proxy
        self._has_warned = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass the request on."""
        if "HTTP_X_FORWARDED_PROTO" in environ or "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ:
            peer = environ["REMOTE_ADDR"]
            if self._trusted not in (peer, "*"):
                environ[_ENVIRON_HOW] = UNTRUSTED_UNIX if peer == UNIX_PEER else UNTRUSTED
                if not self._has_warned:
                    self._has_warned = True
                    self._warn(peer)
            else:
                environ[_ENVIRON_HOW] = TRUSTED
        return self._application(environ, start_response)

    def _warn(self, peer: str) -> None:
        now = f"trusted_proxy is {self._trusted}" if self._trusted else "trusted_proxy is not set"
        source = "through a Unix socket" if peer == UNIX_PEER else f"from {peer}"
        log.warning(
            "X-Forwarded headers came %s and were ignored, since %s: the application does not know the client's "
            "address or that it uses HTTPS; if this is your proxy, set trusted_proxy = %s in the [server:...] section",
            source, now, peer,
        )  # fmt: skip


class InsecureCookieLogger:
    """WSGI middleware inside waitress' proxy middleware: logs once that a secure cookie was sent over plain HTTP."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._has_warned = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass the request on, and look at its Set-Cookie headers if it came over plain HTTP."""
        if _ENVIRON_PROBE in environ:
            start_response = _add_seen_header(environ, start_response)
        if self._has_warned or environ["wsgi.url_scheme"] != "http":
            return self._application(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            for name, value in headers:
                if name in {"Set-Cookie", "set-cookie"} and "; secure" in value.lower() and not self._has_warned:
                    self._has_warned = True
                    _warn_of_cookie(value.partition("=")[0].strip(), environ)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return self._application(environ, start)


def _warn_of_cookie(name: str, environ: dict[str, Any]) -> None:
    how = environ.get(_ENVIRON_HOW, DIRECT)
    if how == DIRECT:
        remedy = "put a proxy with TLS in front, see deploy/nginx.conf, or use an ini without session.secure = true"
    elif how == TRUSTED:
        remedy = "serve the site with TLS there, and let it send X-Forwarded-Proto: https"
    else:
        remedy = f"set trusted_proxy = {environ['REMOTE_ADDR']} in the [server:...] section"
    log.warning(
        "the cookie %s is for HTTPS only, but was sent over plain HTTP: browsers will not send it back, so that "
        "sessions and forms fail, unless a proxy in front uses HTTPS; %s",
        name, remedy,
    )  # fmt: skip


def _add_seen_header(environ: dict[str, Any], start_response: Any) -> Any:
    """Return a start_response that adds how the server sees the request."""
    how = environ.get(_ENVIRON_HOW, DIRECT)
    host = environ.get("HTTP_HOST") or environ["SERVER_NAME"]
    seen = f"{environ['wsgi.url_scheme']}://{host} {how}"

    def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
        return start_response(status, [*headers, (SEEN, seen)], *exc_info)

    return start
