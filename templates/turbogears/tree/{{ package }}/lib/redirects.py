"""Redirects that work behind any proxy."""

import re

from webob import Request


class RelativeRedirects:
    """WSGI middleware that leaves scheme and host out of redirects within this site.

    TurboGears' redirect("/") answers ``Location: http://HOST/`` if a proxy takes care
    of HTTPS and the application does not know it; browsers refuse to follow that after
    a form. A path is always right.
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
    """Return whether a header has the address of a redirect."""
    return name.lower() == "location"


def shorten(location, environ):
    """Return the path of a URL of this site; any other URL as it is."""
    path = location.removeprefix(Request(environ).host_url)
    # Browsers take //x, /\x and the like for another host's address.
    return path if re.match(r"/([^/\\\s]|$)", path) else location
