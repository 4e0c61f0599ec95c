"""WSGI middleware around an application that is being debugged, whose debug page runs code.

Only this server's own pages may use that page. Requests for other host names, which DNS rebinding causes, are refused,
and so are debugger requests from other sites. backlash's console at /__console__ is not served at all, since it shows
its secret to every client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from gearbox_lite.host_names import HOST_IS_CHECKED, AllowedHosts
from gearbox_lite.json_clients import PROBLEM_TYPE, problem_details, wants_json
from gearbox_lite.turbogears import hints

WSGIApplication = Callable[..., Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]

CONSOLE = "/__console__"
"""backlash's ``console_path`` (backlash.debugger.DebuggerCore), below the path at which the application is mounted."""
_DEBUGGER = "__debugger__"
"""The parameter of backlash's and Werkzeug's debugger requests."""
_FORWARDED_HOST = re.compile(r"(?:^|[;,\s])host\s*=\s*(\"[^\"]*\"|[^;,\s]*)", re.IGNORECASE)
"""The host parameters of a Forwarded header (RFC 7239)."""
_MAX_SHOWN_HOST = 80
"""Characters of a refused host that its answer shows."""
_MAX_CACHED_HOSTS = 100

_CORS = "access-control-"
_OWN_HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers that keep a page with a traceback from being framed, read, or run as a script by other sites."""
_NEEDS_ONE_PROCESS = (
    "The console needs workers = 1: with several workers, each process has its own stack frames, "
    "and this request may have reached another one."
)


class DebugGuard:
    """Refuses what other sites send; put outside of all middleware that rewrites requests, such as that for proxies."""

    def __init__(self, application: WSGIApplication, allowed: AllowedHosts, *, one_process: bool) -> None:
        """``one_process`` says that all requests reach the same process, which the console's commands need."""
        self._application = application
        self._allowed = allowed
        self._one_process = one_process
        self._accepted: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or refuse it in one line."""
        foreign = self._foreign_host(environ)
        if foreign is not None:
            shown = ascii(foreign[:_MAX_SHOWN_HOST])
            hint = "if it is a name of this server, add it to allowed_hosts in the ini's section [serve]"
            return _answer(
                environ, start_response, "400 Bad Request", f"Host {shown} is not allowed while debugging; {hint}."
            )
        if environ.get("PATH_INFO", "").endswith(CONSOLE):
            return _answer(
                environ, start_response, "404 Not Found", "The console exists only on the page of an exception."
            )
        query = environ.get("QUERY_STRING", "")
        command = _debugger_command(query) if _DEBUGGER in query or "%" in query else None
        if command is not None and not _is_own_page(environ):
            return _answer(environ, start_response, "403 Forbidden", "Other sites may not use the debugger.")
        if command not in (None, "resource") and not self._one_process:
            # With status 200, since the debug page shows the text of no other answer.
            return _answer(environ, start_response, "200 OK", _NEEDS_ONE_PROCESS)

        environ[HOST_IS_CHECKED] = True
        path = environ.get("PATH_INFO", "")

        def start(status: str, headers: Headers, *exc_info: Any) -> Any:
            if status.startswith("404"):
                hints.log_why_not_found(path)
            if command is not None or status.startswith("5"):
                headers = _for_own_pages(headers)
            return start_response(status, headers, *exc_info)

        return self._application(environ, start)  # type: ignore[no-any-return]

    def _foreign_host(self, environ: dict[str, Any]) -> str | None:
        """Return the first host that a request names and that is not allowed, None if all are allowed.

        The headers of proxies count in addition to Host, never instead of it, because scripts can set them. An HTTP/1.0
        request needs no Host; no browser sends one without.
        """
        host = environ.get("HTTP_HOST")
        if host is None and environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
            return ""
        hosts = [] if host is None else [host]
        if "HTTP_X_FORWARDED_HOST" in environ:
            hosts += [item.strip() for item in environ["HTTP_X_FORWARDED_HOST"].split(",")]
        if "HTTP_FORWARDED" in environ:
            hosts += [item.strip('"') for item in _FORWARDED_HOST.findall(environ["HTTP_FORWARDED"])]
        return next((item for item in hosts if not self._accepts(item)), None)

    def _accepts(self, host: str) -> bool:
        if host in self._accepted:
            return True
        if not self._allowed.allow(host):
            return False
        if len(self._accepted) < _MAX_CACHED_HOSTS:
            self._accepted.add(host)
        return True


def _debugger_command(query: str) -> str | None:
    """Return the command of a debugger request, empty if it names none; None for any other request."""
    parameters = parse_qs(query, keep_blank_values=True)
    return parameters.get("cmd", [""])[0] if _DEBUGGER in parameters else None


def _is_own_page(environ: dict[str, Any]) -> bool:
    """Whether a request was sent by a page of this server, or by no page at all.

    Browsers send that in Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/), older ones in Origin or Referer.
    """
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site in ("same-origin", "none")
    source = environ.get("HTTP_ORIGIN") or environ.get("HTTP_REFERER")
    if source is None:
        return True
    try:
        return bool(urlsplit(source).netloc == environ.get("HTTP_HOST"))
    except ValueError:
        return False


def _for_own_pages(headers: Headers) -> Headers:
    """Return headers that keep other sites from reading an answer, without those that would let them (CORS)."""
    own = {name.lower() for name in _OWN_HEADERS}
    kept = [(name, value) for name, value in headers if name.lower() not in own and not name.lower().startswith(_CORS)]
    return [*kept, *_OWN_HEADERS.items()]


def _answer(environ: dict[str, Any], start_response: StartResponse, status: str, line: str) -> list[bytes]:
    if wants_json(environ.get("HTTP_ACCEPT", "")):
        kind, text = PROBLEM_TYPE, problem_details(int(status.partition(" ")[0]), line)
    else:
        kind, text = "text/plain; charset=utf-8", f"{line}\n"
    body = text.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start_response(status, _for_own_pages(headers))
    return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else body]
