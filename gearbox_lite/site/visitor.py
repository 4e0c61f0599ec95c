"""An HTTP client that keeps cookies as browsers do, follows no redirects, and limits time and size."""

from __future__ import annotations

import http.client
import http.cookiejar
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message

from gearbox_lite import __version__

STEP_TIMEOUT = 10.0
"""Seconds that one step of a request may take: connecting, or receiving a part of the response."""
MAX_BODY_BYTES = 1 << 20
"""The rest of a longer body is not read."""
_MAX_REASON_LENGTH = 200


@dataclass(frozen=True)
class Response:
    """The response to one request."""

    url: str
    status: int
    headers: Message
    text: str

    @property
    def location(self) -> str | None:
        """The target of a redirect, as it was sent; None if this is not a redirect."""
        return self.headers["Location"] if 300 <= self.status < 400 else None


class NoResponse(Exception):  # noqa: N818 (not always an error)
    """A request got no response; the text says why. ``is_certificate`` if the reason is the certificate."""

    def __init__(self, reason: str, *, is_certificate: bool = False) -> None:
        super().__init__(reason)
        self.is_certificate = is_certificate


class Visitor:
    """One visitor with its cookies, until a deadline."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` is the time limit for all requests together."""
        self.cookies = http.cookiejar.CookieJar()
        self._deadline = time.monotonic() + seconds
        self._opener = urllib.request.OpenerDirector()  # build_opener's would open file: and ftp: too
        for handler in (
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPCookieProcessor(self.cookies),
        ):
            self._opener.add_handler(handler)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """Get a page. Raises NoResponse."""
        return self._open(urllib.request.Request(url, headers=dict(headers or {})))  # noqa: S310 (address.py checks the scheme)

    def post(self, url: str, fields: Mapping[str, str], referrer: str) -> Response:
        """Send a form that is on the page ``referrer``. Raises NoResponse."""
        page = urllib.parse.urlsplit(referrer)
        headers = {"Origin": f"{page.scheme}://{page.netloc}", "Referer": referrer}
        body = urllib.parse.urlencode(fields).encode()
        return self._open(urllib.request.Request(url, data=body, headers=headers))  # noqa: S310 (as in get)

    def _open(self, request: urllib.request.Request) -> Response:
        request.add_header("User-Agent", f"gearbox-lite/{__version__} check")
        if not request.has_header("Accept"):
            request.add_header("Accept", "text/html,*/*;q=0.8")
        left = self._deadline - time.monotonic()
        try:
            with self._opener.open(request, timeout=max(0.1, min(STEP_TIMEOUT, left))) as response:
                return Response(request.full_url, response.status, response.headers, self._read(response))
        except ssl.SSLError as error:
            raise _no_response(error) from error
        except urllib.error.URLError as error:
            raise _no_response(error.reason) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _no_response(error) from error

    def _read(self, response: http.client.HTTPResponse) -> str:
        data = b""
        while len(data) < MAX_BODY_BYTES and (part := response.read1(MAX_BODY_BYTES - len(data))):
            data += part
            if time.monotonic() > self._deadline:
                raise TimeoutError("timed out")
        return data.decode("utf-8", "replace")


def _no_response(reason: object) -> NoResponse:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NoResponse(f"invalid certificate: {reason.verify_message}", is_certificate=True)
    if isinstance(reason, http.client.RemoteDisconnected | ConnectionResetError):
        return NoResponse("the connection was closed without a response")
    if isinstance(reason, http.client.BadStatusLine):
        return NoResponse("the response is not HTTP")
    if isinstance(reason, OSError) and reason.strerror:
        return NoResponse(reason.strerror)
    return NoResponse(str(reason)[:_MAX_REASON_LENGTH] or type(reason).__name__)
