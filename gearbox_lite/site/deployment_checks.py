"""What ``check --url`` looks at, from the first page to plain HTTP. Each check adds its findings to the visit."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from gearbox_lite.server.http import proxies
from gearbox_lite.site.address import is_this_machine
from gearbox_lite.site.forms import Form, form_with_token
from gearbox_lite.site.visit import TELL_SCHEME, Visit, shown
from gearbox_lite.site.visitor import NoResponse, Response

FOREIGN_HOST = "gearbox-lite-check.invalid"
"""A Host header that no site is configured for."""
STORED_VALUE = "gearbox-lite check"
DEBUGGER_QUERY = "?__debugger__=yes&cmd=resource&f=debugger.js"
"""Asks backlash's or Werkzeug's debug page for a script; a site without one ignores the query."""
MISSING_PAGE = "gearbox-lite-check/no-such-page"
"""A path that no site has; our debug page answers it with a list of the routes."""
DEBUG_PAGE = '<meta name="generator" content="gearbox-lite debug page">'
"""In each of our debug pages (debug_page/html/base.html)."""
SECURITY_HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")


def check_status(visit: Visit, page: Response) -> None:
    """Add an error, with the likely reason, if the page is an error page."""
    if page.status < 400:
        return
    first = next(iter(page.text.strip().splitlines()), "")
    reason = f": {shown(first)}" if "html" not in page.headers.get("Content-Type", "") and first else ""
    if page.status in (502, 504):
        remedy = "start the application, and check that it listens at the address that the proxy connects to"
    elif "while debugging" in first:
        remedy = "serve an ini with debug = false"
    else:
        remedy = "see the server's log"
    visit.error("site-error", f"the page returns {page.status}{reason}", remedy)


def check_forwarded(visit: Visit, page: Response) -> bool:
    """Compare the request that the application has seen with the one that was sent; return whether the schemes differ.

    Only our server reports what it has seen, in the header that proxies.PROBE asks for.
    """
    try:
        url, trust = page.headers.get(proxies.SEEN, "").split(" ")
        seen = urlsplit(url)
        host = seen.hostname
    except ValueError:
        return False
    scheme_differs = seen.scheme != visit.url.scheme
    if trust == proxies.UNTRUSTED:
        visit.error(
            "site-proxy-untrusted",
            "the application ignores the X-Forwarded headers of its proxy, because trusted_proxy does not name it",
            "set it to the address that the warning in the server's log names",
        )
    elif trust == proxies.UNTRUSTED_UNIX:
        visit.error(
            "site-proxy-untrusted",
            "the application ignores the X-Forwarded headers that arrive through its Unix socket, because "
            "trusted_proxy names an address",
            f"set trusted_proxy = {proxies.UNIX_PEER}",
        )
    elif scheme_differs:
        visit.error("site-scheme", f"the application sees this request as {seen.scheme}", TELL_SCHEME)
    if host != visit.url.hostname:
        visit.error(
            "site-host",
            f"the proxy does not pass the host name on: the application sees {shown(seen.netloc)}",
            "in nginx, proxy_set_header Host $host",
        )
    return scheme_differs


def check_headers(visit: Visit, page: Response) -> None:
    """Warn of missing security headers."""
    missing = [name for name in SECURITY_HEADERS if name not in page.headers]
    policy = page.headers.get("Content-Security-Policy", "")
    if "X-Frame-Options" not in page.headers and "frame-ancestors" not in policy and policy:
        missing.append("X-Frame-Options")
    if missing:
        visit.warning(
            "site-headers",
            f"security headers are missing: {', '.join(missing)}",
            "add them in the application (a generated project does in lib/headers.py), or in nginx with add_header",
        )
    if visit.is_secure and "Strict-Transport-Security" not in page.headers:
        visit.warning(
            "site-hsts",
            "browsers are not told to use HTTPS only",
            'in nginx, add_header Strict-Transport-Security "max-age=31536000" always',
        )


def check_cookies(visit: Visit, *, scheme_differs: bool) -> bool:
    """Check the attributes of all cookies received so far; return whether a browser would keep them.

    If the application sees another scheme, it may leave out ``Secure`` for that reason, which is an error already.
    """
    are_kept = True
    for cookie in visit.visitor.cookies:
        name = shown(cookie.name)
        if cookie.secure and not visit.is_secure:
            are_kept = False
            visit.error(
                "site-cookie-dropped",
                f"the cookie {name} is for HTTPS only, but the site is served over plain HTTP: browsers drop it, so "
                "sessions and forms fail",
                "serve the site with TLS (a generated project has deploy/nginx.conf)",
            )
        if visit.is_secure and not cookie.secure and not scheme_differs:
            visit.warning(
                "site-cookie-not-secure", f"the cookie {name} is also sent over plain HTTP", "set session.secure = true"
            )
        if not cookie.has_nonstandard_attr("HttpOnly"):
            visit.warning(
                "site-cookie-not-httponly", f"JavaScript can read the cookie {name}", "set session.httponly = true"
            )
        if not cookie.has_nonstandard_attr("SameSite"):
            visit.warning(
                "site-cookie-samesite",
                f"requests from other sites include the cookie {name}",
                "set session.samesite = Lax",
            )
    return are_kept


def check_form(visit: Visit, page: Response, *, scheme_differs: bool) -> None:
    """Store a value with the form of a generated project's welcome page, see it on the next page, and delete it."""
    form = form_with_token(page, "/store")
    if form is None or "user" not in form.visible:
        return
    try:
        next_page = _submit(visit, page, form, {"user": STORED_VALUE}, scheme_differs=scheme_differs)
        if next_page is None:
            return
        if STORED_VALUE not in next_page.text:
            visit.error("site-form", "a value stored with the form is missing on the next page", "see the server's log")
        forget = form_with_token(next_page, "/forget")
        if forget is not None:
            _submit(visit, next_page, forget, {}, scheme_differs=scheme_differs)
    except NoResponse as failure:
        visit.error("site-form", f"no response to the form: {failure}", "see the server's log")


def _submit(
    visit: Visit, page: Response, form: Form, fields: dict[str, str], *, scheme_differs: bool
) -> Response | None:
    """Submit a form, and return the page that it leads to; None after an error, which is added."""
    url = urljoin(page.url, form.action)
    response = visit.visitor.post(url, {**form.hidden, **fields}, page.url)
    if response.status >= 400:
        visit.error(
            "site-form",
            f"the form is rejected with {response.status}, although its page was loaded just before",
            "see the server's log; usually a cookie was not sent back",
        )
        return None
    if not check_cookies(visit, scheme_differs=scheme_differs):
        return None
    if response.location is None:
        return response
    return visit.open_page(urljoin(url, response.location)) if visit.redirects_within_site(response) else None


def check_foreign_host(visit: Visit) -> None:
    """Check that a request for another host name is refused."""
    response = visit.visitor.get(visit.url.geturl(), {"Host": FOREIGN_HOST})
    if response.status >= 400:
        return
    if FOREIGN_HOST in (response.location or "") or FOREIGN_HOST in response.text:
        visit.error(
            "site-any-host",
            "requests for any other host name are answered, with that name in links or redirects",
            "give nginx a default_server that refuses them",
        )
    else:
        visit.warning(
            "site-any-host",
            "requests for any other host name are answered too",
            "give nginx a default_server that refuses them",
        )


def check_debugger(visit: Visit) -> None:
    """Check that the site has no debug page."""
    page = visit.url._replace(query="").geturl()
    response = visit.visitor.get(page + DEBUGGER_QUERY)
    has_foreign_page = response.status == 200 and "javascript" in response.headers.get("Content-Type", "")
    if has_foreign_page or DEBUG_PAGE in visit.visitor.get(urljoin(page, MISSING_PAGE)).text:
        visit.error(
            "site-debug",
            "debug is on: exceptions show visitors code and data",
            "serve an ini with debug = false",
        )


def check_plain_http(visit: Visit) -> None:
    """Check that plain HTTP redirects to HTTPS, if both use their default ports."""
    if not visit.is_secure:
        if not is_this_machine(visit.url.hostname or ""):
            visit.warning(
                "site-plain-http",
                "the site is served over plain HTTP, which anyone on the network can read",
                "serve it with TLS",
            )
        return
    if visit.url.port not in (None, 443):
        return
    response = visit.visitor.get(f"http://{visit.url.hostname}/")
    if response.status < 300:
        visit.warning(
            "site-plain-http",
            "the site is also served over plain HTTP",
            "redirect in nginx: return 301 https://$host$request_uri",
        )
