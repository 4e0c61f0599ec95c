"""WSGI middleware that appends live reload's script to pages, serves the script, and accepts its event streams.

A page is the answer to a navigation (https://www.w3.org/TR/fetch-metadata/#sec-fetch-dest-header) that is uncompressed
HTML; everything else passes through unchanged. The tag is appended at the end, also after ``</html>``, where browsers
still run it: so no byte is searched or held back, and what is streamed stays streamed. It loads an external script from
the same origin, as strict content security policies allow.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

WSGIApplication = Callable[..., Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]

FOLDER = "/__live_reload__/"
SCRIPT = f"{FOLDER}client.js"
EVENTS = f"{FOLDER}events"
IS_LIVE = "gearbox_lite.live_reload"
"""True in the environment of each request whose answer gets the script tag if it is a page."""
HAND_OVER = "gearbox_lite.hand_over_stream"
"""In the environment: what hands the request's connection over, called with the page that is open in the browser."""
FAILURE_TAG = "gearbox_lite.live_reload.failure_tag"
"""In the environment of the same requests: the tag for the page with which the server answers an exception."""
MAX_PAGE_LENGTH = 100
"""Characters of a page's identity, which a browser sends back."""

_NO_PAGES = {"204", "205", "206", "304"}
"""Successful statuses, and 304, whose answers are no whole pages."""
_DROPPED = frozenset({"cache-control", "content-digest", "digest", "etag", "expires", "last-modified", "repr-digest"})
"""Headers that say something of the page without the tag, or let a browser keep it."""
_WIDE_CHARSET = re.compile(r"charset\s*=\s*[\"']?utf-?(16|32)", re.IGNORECASE)
_NONCE = re.compile(r"(?:script-src|default-src)[^;]*'nonce-([A-Za-z0-9+/_=-]+)'", re.IGNORECASE)


class LiveReload:
    """Put inside of the middleware that checks the Host header, and around everything else."""

    def __init__(self, application: WSGIApplication, version: str) -> None:
        """``version`` says which version of the application makes the pages; see ``OpenPages.new_version``."""
        self._application = application
        self._version = version
        self._script = Path(__file__).with_name("client.js").read_bytes()
        self._script_url = f"{SCRIPT}?{hashlib.sha256(self._script).hexdigest()[:12]}"

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if environ.get("PATH_INFO", "").startswith(FOLDER):
            return self._answer_own(environ, start_response)
        if environ.get("HTTP_SEC_FETCH_DEST") not in ("document", "iframe") or environ["REQUEST_METHOD"] == "HEAD":
            return self._application(environ, start_response)  # type: ignore[no-any-return]
        environ[IS_LIVE] = True
        for name in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"):  # the browser may have the page without the tag
            environ.pop(name, None)
        made_at = time.monotonic_ns()
        tag: bytes | None = None

        def start(status: str, headers: Headers, *exc_info: Any) -> Any:
            nonlocal tag
            new_tag = b""
            if _is_page(status, headers):
                new_tag = self._tag(environ, made_at, status, headers)
                headers = _with_tag(headers, len(new_tag))
            write = start_response(status, headers, *exc_info)  # raises exc_info if a part has been sent
            tag = new_tag
            return write

        environ[FAILURE_TAG] = self._tag(environ, made_at, "500", [])
        body = self._application(environ, start)
        is_list = type(body) in (list, tuple)
        if tag == b"" and (is_list or type(body) is environ.get("wsgi.file_wrapper")):
            return body  # type: ignore[no-any-return]
        if tag and is_list and body and isinstance(body[-1], bytes):
            # A list of the same length, because servers add Content-Length to a list of one.
            return [*body[:-1], body[-1] + tag]
        return _Tagged(body, lambda: tag or b"")  # also of no page, which an error page may still replace (PEP 3333)

    def _tag(self, environ: dict[str, Any], made_at: int, status: str, headers: Headers) -> bytes:
        policy = next((value for name, value in headers if name.lower() == "content-security-policy"), "")
        nonce = _NONCE.search(policy)
        words = [
            f'src="{escape(environ.get("SCRIPT_NAME", ""))}{self._script_url}"',
            f'data-page="{self._version}~{made_at}"',
            *(["data-error"] if status.startswith("5") else []),
            *(["data-posted"] if environ["REQUEST_METHOD"] != "GET" else []),
            *([f'nonce="{nonce[1]}"'] if nonce else []),
        ]
        return f"<script {' '.join(words)} async></script>\n".encode("latin-1")

    def _answer_own(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request of the script's, or for it.

        Only pages of this server may read the events: they tell when its files change. So there are no CORS headers.
        """
        is_get, path = environ["REQUEST_METHOD"] == "GET", environ["PATH_INFO"]
        if path == SCRIPT and is_get:
            headers = [("Content-Type", "text/javascript"), ("Cache-Control", "private, max-age=31536000, immutable")]
            return _answer(start_response, "200 OK", self._script, headers)
        if path != EVENTS or not is_get:
            return _answer(start_response, "404 Not Found", b"Live reload has no such address.\n")
        if environ.get("HTTP_SEC_FETCH_SITE") != "same-origin" or HAND_OVER not in environ:
            return _answer(start_response, "403 Forbidden", b"Only pages of this server get its events.\n")
        page = parse_qs(environ.get("QUERY_STRING", "")).get("page", [""])[0]
        environ[HAND_OVER](page[:MAX_PAGE_LENGTH])
        return []


class _Tagged:
    """The parts of a body, and after the last one the tag, which is known once the first part is."""

    def __init__(self, body: Any, tag: Callable[[], bytes]) -> None:
        self._body = body
        self._tag = tag

    def __iter__(self) -> Iterator[bytes]:
        has_begun = False
        try:
            for part in self._body:
                yield part
                has_begun = has_begun or bool(part)
        except Exception:
            if has_begun and (tag := self._tag()):
                yield tag  # of the part that the browser shows
            raise
        if tag := self._tag():
            yield tag

    def close(self) -> None:
        """Close the body, as servers do."""
        if hasattr(self._body, "close"):
            self._body.close()


def _is_page(status: str, headers: Headers) -> bool:
    """Whether an answer is a whole, uncompressed HTML page to show."""
    if status[:1] not in "245" or status[:3] in _NO_PAGES:
        return False
    values = {name.lower(): value for name, value in headers}
    kind = values.get("content-type", "").lower()
    return (
        kind.partition(";")[0].strip() == "text/html"
        and _WIDE_CHARSET.search(kind) is None
        and values.get("content-encoding", "identity").lower() == "identity"
        and values.get("content-length", "0").isdecimal()
        and not values.get("content-disposition", "").lower().startswith("attachment")
    )


def _with_tag(headers: Headers, size: int) -> Headers:
    """Return the headers of a page that has become longer.

    It must not be cached: after a reload, the browser would show it again, although it is the old one.
    """
    kept = [(name, value) for name, value in headers if name.lower() not in _DROPPED]
    longer = [
        (name, str(int(value) + size)) if name.lower() == "content-length" else (name, value) for name, value in kept
    ]
    return [*longer, ("Cache-Control", "no-store")]


def _answer(start_response: StartResponse, status: str, body: bytes, headers: Headers | None = None) -> list[bytes]:
    common = [
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ]
    start_response(status, [*(headers or [("Content-Type", "text/plain; charset=utf-8")]), *common])
    return [body]
