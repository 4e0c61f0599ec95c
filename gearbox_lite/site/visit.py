"""One visit to a site: its URL, its visitor with the cookies received, the findings, and opening pages."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from gearbox_lite.errors import Location
from gearbox_lite.findings import Finding, Level
from gearbox_lite.server.http import proxies
from gearbox_lite.site.address import resolve
from gearbox_lite.site.visitor import Response, Visitor

MAX_REDIRECTS = 5
TELL_SCHEME = "see trusted_proxy in its ini, and proxy_set_header X-Forwarded-Proto $scheme in nginx"
"""The remedy if the application does not know that browsers use HTTPS."""


class Visit:
    """What the checks share. ``url`` becomes the HTTPS address if plain HTTP redirects there."""

    def __init__(self, url: SplitResult, visitor: Visitor) -> None:
        self.url = url
        self.visitor = visitor
        self.findings: list[Finding] = []

    @property
    def is_secure(self) -> bool:
        """Whether the site is visited over HTTPS."""
        return self.url.scheme == "https"

    def error(self, code: str, message: str, remedy: str) -> None:
        """Add an error."""
        self._add(code, "error", message, remedy)

    def warning(self, code: str, message: str, remedy: str) -> None:
        """Add a warning."""
        self._add(code, "warning", message, remedy)

    def _add(self, code: str, level: Level, message: str, remedy: str) -> None:
        at = Location(self.url._replace(query="").geturl())  # a query may contain a secret
        finding = Finding(code, level, at, f"{message}; {remedy}")
        if finding not in self.findings:
            self.findings.append(finding)

    def open_page(self, url: str) -> Response | None:
        """Get a page, following redirects within the site; None if one of them is an error, which is added."""
        for _ in range(MAX_REDIRECTS):
            response = self.visitor.get(url, {proxies.PROBE: "1"})
            if response.location is None:
                return response
            target = resolve(url, response.location)
            if self.url.scheme == "http" and target.scheme == "https" and target.hostname == self.url.hostname:
                self.url = self.url._replace(scheme="https", netloc=target.netloc)
            elif not self.redirects_within_site(response):
                return None
            url = target.geturl()
        self.error(
            "site-redirects",
            f"more than {MAX_REDIRECTS} redirects, the last one to {url}",
            "check whether the proxy and the application both redirect",
        )
        return None

    def redirects_within_site(self, response: Response) -> bool:
        """Whether a redirect stays on the site; if not, an error is added."""
        target = resolve(response.url, response.location or "")
        path = urlsplit(response.url).path
        if target.scheme not in ("http", "https"):
            self.error(
                "site-redirects",
                f"{path} redirects to {shown(response.location)}, which is not a web page",
                "fix the redirect",
            )
        elif target.hostname != self.url.hostname:
            self.error(
                "site-redirects-away",
                f"{path} redirects to another host, {shown(response.location)}",
                "if that is an internal name, pass the host name on in nginx: proxy_set_header Host $host; otherwise "
                "check that URL",
            )
        elif target.scheme == "http" and self.is_secure:
            self.error(
                "site-redirects-to-http",
                f"{path} redirects to plain HTTP, {shown(response.location)}: the application does not know that "
                "browsers use HTTPS",
                TELL_SCHEME,
            )
        else:
            return True
        return False


def shown(text: str | None) -> str:
    """Return the beginning of a text from the network, as much as fits in a message."""
    return (text or "")[:200]
