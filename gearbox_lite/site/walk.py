"""A walk through a running site, as one new visitor, that collects what is wrong with how it is deployed."""

from __future__ import annotations

import ipaddress
import threading
from urllib.parse import SplitResult, urljoin, urlsplit

from gearbox_lite.errors import FAILURE, Location, UserError
from gearbox_lite.server.http import proxies
from gearbox_lite.sessions.checks import Finding
from gearbox_lite.site.page import Form, form_with_token, resolve
from gearbox_lite.site.visitor import Answer, NoAnswer, Visitor

LIMIT = 60.0
"""Seconds for a whole walk."""
_MOST_REDIRECTS = 5
_FOREIGN_HOST = "gearbox-lite-check.invalid"
_VALUE = "gearbox-lite check"
_DEBUGGER = "?__debugger__=yes&cmd=resource&f=debugger.js"
"""A file of backlash's and of Werkzeug's debug page, which a site without one takes for any other request."""
_HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")
_BEHIND_TLS = "see trusted_proxy in its ini, and proxy_set_header X-Forwarded-Proto $scheme in nginx"


def parse(url: str) -> SplitResult:
    """Return the parts of an address to check. Raises UserError if it is not one of a page."""
    at = Location("--url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UserError(f"{url}: {error}", at=at, remedy="write for example https://hello.example.org") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or any(ord(c) <= 32 for c in url):
        raise UserError(
            f"{url}: not the address of a site", at=at, remedy="write for example https://hello.example.org"
        )
    if parts.username is not None:
        raise UserError("the address holds a user name", at=at, remedy="write it without the part before @")
    return parts._replace(path=parts.path or "/", fragment="")


def find(url: str) -> list[Finding]:
    """Visit a site and return what is wrong, errors first.

    Raises UserError if the site cannot be reached, and after LIMIT seconds.
    """
    walk = _Walk(parse(url))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            walk.run()
        except BaseException as error:  # noqa: BLE001 (raised again below, in the thread that asked)
            failures.append(error)

    # A server that sends a byte now and then defeats every limit on a single step.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT)
    if thread.is_alive():
        raise UserError(
            f"no complete answer within {LIMIT:.0f} s",
            at=Location(url.partition("?")[0]),
            remedy="see the server's log",
            code=FAILURE,
        )
    if failures:
        raise failures[0]
    return sorted(walk.found, key=lambda finding: not finding.is_error)


class _Walk:
    def __init__(self, url: SplitResult) -> None:
        self._url = url
        self._visitor = Visitor(LIMIT)
        self._is_misled = False
        self.found: list[Finding] = []

    def run(self) -> None:
        start = self._url.geturl()
        try:
            page = self._open(start)
        except NoAnswer as failure:
            hint = "start the server, or correct the address"
            if failure.is_certificate:
                hint = "use one for this host name that this machine trusts; SSL_CERT_FILE adds a file of authorities"
            raise UserError(str(failure), at=Location(start.partition("?")[0]), remedy=hint, code=FAILURE) from failure
        if page is None:
            return
        if page.status >= 400:
            self._failed(page)
        self._check_seen(page)
        self._check_headers(page)
        if self._check_cookies():
            self._check_form(page)
        for check in (self._check_foreign_host, self._check_debugger, self._check_plain_http):
            try:
                check()
            except NoAnswer:
                continue

    def _error(self, message: str, remedy: str) -> None:
        self._add(message, remedy, is_error=True)

    def _warning(self, message: str, remedy: str) -> None:
        self._add(message, remedy, is_error=False)

    def _add(self, message: str, remedy: str, *, is_error: bool) -> None:
        at = Location(self._url._replace(query="").geturl())  # a query may hold a secret
        finding = Finding(is_error, at, f"{message}; {remedy}")
        if finding not in self.found:
            self.found.append(finding)

    @property
    def _is_secure(self) -> bool:
        return self._url.scheme == "https"

    def _open(self, url: str) -> Answer | None:
        """Get a page, through redirects within the site; from HTTP to HTTPS the rest of the walk goes along."""
        for _ in range(_MOST_REDIRECTS):
            answer = self._visitor.get(url, {proxies.PROBE: "1"})
            if answer.location is None:
                return answer
            target = resolve(url, answer.location)
            if self._url.scheme == "http" and target.scheme == "https" and target.hostname == self._url.hostname:
                self._url = self._url._replace(scheme="https", netloc=target.netloc)
            elif not self._check_location(answer):
                return None
            url = target.geturl()
        self._error(
            f"more than {_MOST_REDIRECTS} redirects, the last one to {url}",
            "see whether the proxy and the application both redirect",
        )
        return None

    def _check_location(self, answer: Answer) -> bool:
        """Whether a redirect stays on the site."""
        there = resolve(answer.url, answer.location or "")
        here = self._url
        if there.scheme not in ("http", "https"):
            self._error(
                f"{urlsplit(answer.url).path} redirects to {_shown(answer.location)}, which is no page", "correct it"
            )
        elif there.hostname != here.hostname:
            self._error(
                f"{urlsplit(answer.url).path} redirects to another host, {_shown(answer.location)}",
                "if that is no public name, pass the host on: proxy_set_header Host $host; else check that address",
            )
        elif there.scheme == "http" and self._is_secure:
            self._error(
                f"{urlsplit(answer.url).path} redirects to plain HTTP, {_shown(answer.location)}: the application does "
                "not know that browsers use HTTPS",
                _BEHIND_TLS,
            )
        else:
            return True
        return False

    def _failed(self, page: Answer) -> None:
        first = next(iter(page.text.strip().splitlines()), "")
        said = f": {_shown(first)}" if "html" not in page.headers.get("Content-Type", "") and first else ""
        if page.status in (502, 504):
            remedy = "start the application, and see that it listens at the address that the proxy connects to"
        elif "while debugging" in first:
            remedy = "serve an ini with debug = false"
        else:
            remedy = "see the server's log"
        self._error(f"the page answers {page.status}{said}", remedy)

    def _check_seen(self, page: Answer) -> None:
        """Compare what the server has made of the request with what was sent, if it tells."""
        told = page.headers.get(proxies.SEEN, "")
        try:
            url, how = told.split(" ")
            seen = urlsplit(url)
            host = seen.hostname
        except ValueError:
            return
        self._is_misled = seen.scheme != self._url.scheme  # and may choose cookies for that scheme
        if how == proxies.UNTRUSTED:
            self._error(
                "the application ignores the X-Forwarded headers of its proxy, because trusted_proxy does not name it",
                "set it to the address that the warning in the server's log names",
            )
        elif how == proxies.UNTRUSTED_UNIX:
            self._error(
                "the application ignores the X-Forwarded headers that arrive through its Unix socket, because "
                "trusted_proxy names an address",
                f"set trusted_proxy = {proxies.UNIX_PEER}",
            )
        elif self._is_misled:
            self._error(f"the application takes this request for {seen.scheme}", _BEHIND_TLS)
        if host != self._url.hostname:
            self._error(
                f"the proxy does not pass the host on: the application was asked for {_shown(seen.netloc)}",
                "in nginx, proxy_set_header Host $host",
            )

    def _check_headers(self, page: Answer) -> None:
        missing = [name for name in _HEADERS if name not in page.headers]
        policy = page.headers.get("Content-Security-Policy", "")
        if "X-Frame-Options" not in page.headers and "frame-ancestors" not in policy and policy:
            missing.append("X-Frame-Options")
        if missing:
            self._warning(
                f"security headers are missing: {', '.join(missing)}",
                "add them in the application (a generated project does in lib/headers.py), or in nginx with add_header",
            )
        if self._is_secure and "Strict-Transport-Security" not in page.headers:
            self._warning(
                "browsers are not told to use HTTPS only",
                'in nginx, add_header Strict-Transport-Security "max-age=31536000" always',
            )

    def _check_cookies(self) -> bool:
        """Whether a browser would keep the cookies that this site has sent."""
        kept = True
        for cookie in self._visitor.cookies:
            name = _shown(cookie.name)
            if cookie.secure and not self._is_secure:
                kept = False
                self._error(
                    f"the cookie {name} is for HTTPS only, but the site is served over plain HTTP: browsers drop it, "
                    "so that sessions and forms fail",
                    "serve the site with TLS (a generated project has deploy/nginx.conf)",
                )
            if self._is_secure and not cookie.secure and not self._is_misled:
                self._warning(f"the cookie {name} also travels over plain HTTP", "set session.secure = true")
            if not cookie.has_nonstandard_attr("HttpOnly"):
                self._warning(f"JavaScript can read the cookie {name}", "set session.httponly = true")
            if not cookie.has_nonstandard_attr("SameSite"):
                self._warning(f"forms of other sites carry the cookie {name}", "set session.samesite = Lax")
        return kept

    def _check_form(self, page: Answer) -> None:
        """Store a value with the form of a generated project's welcome page, look for it, and delete it."""
        form = form_with_token(page, "/store")
        if form is None or "user" not in form.visible:
            return
        try:
            after = self._send(page, form, {"user": _VALUE})
            if after is None:
                return
            if _VALUE not in after.text:
                self._error("a value that the form has stored is gone on the next page", "see the server's log")
            forget = form_with_token(after, "/forget")
            if forget is not None:
                self._send(after, forget, {})
        except NoAnswer as failure:
            self._error(f"the form gets no answer: {failure}", "see the server's log")

    def _send(self, page: Answer, form: Form, fields: dict[str, str]) -> Answer | None:
        """Send a form, and return the page that it leads to."""
        url = urljoin(page.url, form.action)
        answer = self._visitor.post(url, {**form.hidden, **fields}, page.url)
        if answer.status >= 400:
            self._error(
                f"the form is refused with {answer.status}, right after the page that holds it",
                "see the server's log: most often a cookie did not come back",
            )
            return None
        if not self._check_cookies():
            return None
        if answer.location is None:
            return answer
        return self._open(urljoin(url, answer.location)) if self._check_location(answer) else None

    def _check_foreign_host(self) -> None:
        answer = self._visitor.get(self._url.geturl(), {"Host": _FOREIGN_HOST})
        if answer.status >= 400:
            return
        if _FOREIGN_HOST in (answer.location or "") or _FOREIGN_HOST in answer.text:
            self._error(
                "requests for any other host name are answered, with that name in links or redirects",
                "give nginx a default_server that refuses them",
            )
        else:
            self._warning(
                "requests for any other host name are answered too", "give nginx a default_server that refuses them"
            )

    def _check_debugger(self) -> None:
        url = self._url._replace(query="").geturl() + _DEBUGGER
        answer = self._visitor.get(url)
        if answer.status == 200 and "javascript" in answer.headers.get("Content-Type", ""):
            self._error("debug is on: after an exception, visitors can run code", "serve an ini with debug = false")

    def _check_plain_http(self) -> None:
        """See that plain HTTP leads to HTTPS, if both use their usual ports."""
        if not self._is_secure:
            if not _is_loopback(self._url.hostname or ""):
                self._warning(
                    "the site is served over plain HTTP, which anyone on the way can read", "serve it with TLS"
                )
            return
        if self._url.port not in (None, 443):
            return
        answer = self._visitor.get(f"http://{self._url.hostname}/")
        if answer.status < 300:
            self._warning("plain HTTP shows the site too", "let nginx redirect: return 301 https://$host$request_uri")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _shown(text: str | None) -> str:
    """Return text from the network, cut."""
    return (text or "")[:200]
