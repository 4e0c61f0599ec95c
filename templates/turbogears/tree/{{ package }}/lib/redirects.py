"""Redirects that work behind any reverse proxy."""

import re

from webob import Request


class RelativeRedirects:
    """WSGI middleware that removes scheme and host from redirects within this site.

    If a proxy handles HTTPS and the application does not know it, TurboGears'
    redirect("/") sends ``Location: http://HOST/``, which this site's content security
    policy forbids after a form. A path is always right.
    """

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        def start(status, headers, exc_info=None):
            if status.startswith("3"):
                headers = [
                    (name, shorten(value, environ) if is_location(name) else value)
                    for name, value in headers
                ]
            return start_response(status, headers, exc_info)

        return self.app(environ, start)


def is_location(name):
    """Return whether a header contains the URL of a redirect."""
    return name.lower() == "location"


def shorten(location, environ):
    """Return the path of a URL on this site; any other URL unchanged."""
    path = location.removeprefix(Request(environ).host_url)
    # Browsers would treat //x, /\x and the like as a URL on another host.
    return path if re.match(r"/([^/\\\s]|$)", path) else location
