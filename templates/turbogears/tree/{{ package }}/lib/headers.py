"""Response headers that tell browsers to be strict."""

from tg import flash

HEADERS = {
    # Scripts, styles, images and forms: from and to this site only, and nothing inline.
    # https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP tells how to let more in.
    "Content-Security-Policy": "default-src 'self'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'",
    # Other sites are not told which page a visitor comes from.
    "Referrer-Policy": "same-origin",
    # A file is what its Content-Type says, whatever it looks like.
    "X-Content-Type-Options": "nosniff",
    # No other site may show a page in a frame; frame-ancestors for old browsers.
    "X-Frame-Options": "DENY",
}


class SecurityHeaders:
    """WSGI middleware that adds HEADERS to each answer that has none of its own."""

    def __init__(self, app, *, debug):
        self.app = app
        self.debug = debug

    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            own = {name.lower() for name, _ in headers}
            if "set-cookie" in own:
                secure = environ["wsgi.url_scheme"] == "https"
                headers = [
                    protect_flash(name, value, secure) for name, value in headers
                ]
            # While debugging, a 500 is the debug page; it needs its inline scripts.
            if not (self.debug and status.startswith("500")):
                for name, value in HEADERS.items():
                    if name.lower() not in own:
                        headers.append((name, value))
            return start_response(status, headers, exc_info)

        return self.app(environ, start)


def protect_flash(name, value, secure):
    """Keep the cookie of TurboGears' flash messages from scripts.

    The server shows the messages, and TurboGears has no setting for the cookie.
    """
    if name.lower() == "set-cookie" and value.startswith(f"{flash.cookie_name}="):
        value += "; Secure; HttpOnly" if secure else "; HttpOnly"
    return name, value
