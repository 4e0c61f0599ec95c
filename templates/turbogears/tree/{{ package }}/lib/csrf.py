"""No forged forms: a form counts only if a page of this site has shown it.

The server stores nothing for that. A page with a form sends the browser a random value
in a cookie, and puts a signature of that value into the form. Other sites cannot read
the form, and cannot make the signature, which takes this site's key:

    <input type="hidden" name="{{ h.csrf_field }}" value="{{ h.csrf_token() }}">

The method that accepts the form checks that the two belong together:

    @expose(allowed_methods=["POST"])
    @csrf_protected
    def store(self, user): ...

OWASP calls this the signed double-submit cookie, and explains it and others:
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
"""The name of the form's field."""
REMEDY = (
    'make one: python3 -c "import secrets; print(secrets.token_hex(32))", '
    "and write it in the ini's [app:...] section"
)


def check_key(settings):
    """Raise ValueError unless the [app:...] section has a key that can't be guessed."""
    if "csrf.key" not in settings:
        raise ValueError(f"csrf.key is missing; {REMEDY}")
    if len(settings["csrf.key"]) < 32:
        raise ValueError(f"csrf.key has fewer than 32 characters; {REMEDY}")


def csrf_token():
    """Return the token for this visitor's forms; send the cookie that it signs."""
    name = cookie_name()
    value = request.cookies.get(name) or request.environ.get(name)
    if not value:
        # Lax, because Strict would replace it whenever a visitor follows a link to us.
        value = request.environ[name] = secrets.token_urlsafe(32)
        secure = request.scheme == "https"
        response.set_cookie(name, value, secure=secure, httponly=True, samesite="Lax")
    return sign(value)


def cookie_name():
    """Return the cookie's name.

    Browsers take a cookie named __Host-... over HTTPS from this very host only, so that
    neither a subdomain nor a page over plain HTTP can plant one.
    """
    prefix = "__Host-" if request.scheme == "https" else ""
    return f"{prefix}{config['package_name']}-csrf"


def sign(value):
    """Return the signature of a cookie's value."""
    return hmac.new(config["csrf.key"].encode(), value.encode(), "sha256").hexdigest()


@before_validate
def csrf_protected(remainder, params):
    """Answer 403 unless this is a form (POST) that we have shown to this browser."""
    # Browsers say who sends a form; "none" is the visitor who reloads a page.
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    token = str(request.POST.get(FIELD, ""))
    value = request.cookies.get(cookie_name())
    if token and not value:
        warn_of_missing_cookie(cookie_name())
    # Comparing takes the same time however much is right, so no part can be guessed.
    if (
        site not in ("same-origin", "none")
        or not value
        or not hmac.compare_digest(token.encode(), sign(value).encode())
    ):
        abort(403, "This form has expired. Go back, reload the page, and try again.")


@cache  # Once for each name is enough: it is a matter of how the site is reached.
def warn_of_missing_cookie(name):
    """Log what is likely wrong if this happens to every visitor."""
    log.warning(
        "a form failed because no cookie %s came back: the browser blocks cookies, or "
        "the proxy in front does not say truthfully whether visitors use HTTPS "
        "(X-Forwarded-Proto, trusted_proxy)",
        name,
    )
