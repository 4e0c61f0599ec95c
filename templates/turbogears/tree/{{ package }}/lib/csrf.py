"""CSRF protection: accept a form only if this site has shown it to the same browser.

A page with a form sends the browser a random value in a cookie, and puts a signature of
that value, the token, into the form. Another site can make a browser send a form and
its cookies, but it can neither read the token nor create one without the site's key.
The server stores nothing. In a template:

    <input type="hidden" name="{{ h.csrf_field }}" value="{{ h.csrf_token() }}">

In the controller, which then rejects any form without a valid token:

    @expose(allowed_methods=["POST"])
    @csrf_protected
    def store(self, user): ...

OWASP calls this pattern the signed double-submit cookie, and explains alternatives:
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import hmac
import logging
import secrets
from functools import cache

from tg import abort, config, request, response
from tg.decorators import before_validate

log = logging.getLogger(__name__)

FIELD = "_csrf_token"
"""The name of the form field that contains the token."""
REMEDY = (
    'generate one: python3 -c "import secrets; print(secrets.token_hex(32))", '
    "and write it in the ini's [app:...] section"
)


def check_key(settings):
    """Raise ValueError if the [app:...] section has no key or one that is too short."""
    if "csrf.key" not in settings:
        raise ValueError(f"csrf.key is missing; {REMEDY}")
    if len(settings["csrf.key"]) < 32:
        raise ValueError(f"csrf.key has fewer than 32 characters; {REMEDY}")


def csrf_token():
    """Return the token for this visitor's forms, and set the cookie that it signs."""
    name = cookie_name()
    value = request.cookies.get(name) or request.environ.get(name)
    if not value:
        # Not Strict: a visitor who follows a link to this site would get a new cookie,
        # which invalidates the forms in the pages that are already open.
        value = request.environ[name] = secrets.token_urlsafe(32)
        secure = request.scheme == "https"
        response.set_cookie(name, value, secure=secure, httponly=True, samesite="Lax")
    return sign(value)


def cookie_name():
    """Return the cookie's name.

    Browsers accept a cookie named __Host-... over HTTPS only and from this host only,
    so neither a subdomain nor an attacker on plain HTTP can set it.
    """
    prefix = "__Host-" if request.scheme == "https" else ""
    return f"{prefix}{config['package_name']}-csrf"


def sign(value):
    """Return the signature of a cookie's value."""
    return hmac.new(config["csrf.key"].encode(), value.encode(), "sha256").hexdigest()


@before_validate
def csrf_protected(remainder, params):
    """Answer 403 unless this POST comes from a form shown to the same browser."""
    # Which site sent the form, according to the browser; "none" means the user did,
    # for example by reloading. Old browsers do not send this header.
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    token = str(request.POST.get(FIELD, ""))
    value = request.cookies.get(cookie_name())
    if FIELD not in request.POST:
        log.debug(
            'a form was rejected because it has no %s; add <input type="hidden" '
            'name="{{ h.csrf_field }}" value="{{ h.csrf_token() }}"> to it',
            FIELD,
        )
    if token and not value:
        warn_of_missing_cookie(cookie_name())
    # compare_digest takes the same time for every wrong token, so that the right one
    # cannot be guessed piece by piece.
    if (
        site not in ("same-origin", "none")
        or not value
        or not hmac.compare_digest(token.encode(), sign(value).encode())
    ):
        abort(403, "This form has expired. Go back, reload the page, and try again.")


@cache  # Logs only once for each name: the cause is the same for all visitors.
def warn_of_missing_cookie(name):
    """Log what is probably wrong if forms fail for every visitor."""
    log.warning(
        "a form was rejected because the cookie %s is missing: the browser blocks "
        "cookies, or the reverse proxy does not report correctly whether visitors use "
        "HTTPS (X-Forwarded-Proto, trusted_proxy)",
        name,
    )
