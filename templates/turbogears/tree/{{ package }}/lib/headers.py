"""Security headers: they tell browsers to forbid what this site does not need."""

from tg import flash

HEADERS = {
    # Scripts, styles, images and form targets of this site only, and no inline scripts.
    # To allow more, see https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
    "Content-Security-Policy": "default-src 'self'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'",
    # Do not tell other sites which page a visitor comes from.
    "Referrer-Policy": "same-origin",
    # Do not guess a file's type from its content: Content-Type is right.
    "X-Content-Type-Options": "nosniff",
    # No site may show a page in a frame: frame-ancestors, for old browsers.
    "X-Frame-Options": "DENY",
}


class SecurityHeaders:
    """WSGI middleware that adds each of HEADERS that a response does not set itself."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            own = {name.lower() for name, _ in headers}
            if "set-cookie" in own:
                secure = environ["wsgi.url_scheme"] == "https"
                headers = [
                    protect_flash(name, value, secure) for name, value in headers
                ]
            for name, value in HEADERS.items():
                if name.lower() not in own:
                    headers.append((name, value))
            return start_response(status, headers, exc_info)

        return self.app(environ, start)


def protect_flash(name, value, secure):
    """Hide the cookie of TurboGears' flash messages from scripts.

    Only the server needs it, and TurboGears has no setting for that.
    """
    if name.lower() == "set-cookie" and value.startswith(f"{flash.cookie_name}="):
        value += "; Secure; HttpOnly" if secure else "; HttpOnly"
    return name, value
