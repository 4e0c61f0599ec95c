"""Ignore invalid dates in requests for public files."""

from email.utils import mktime_tz, parsedate_tz


class IgnoreInvalidDates:
    """WSGI middleware that ignores an If-Modified-Since header without a valid date.

    HTTP requires this (RFC 9110, 13.1.3). TurboGears raises an exception instead, which
    ErrorPages cannot catch, and whose message contains the file's path on the server.
    """

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        date = environ.get("HTTP_IF_MODIFIED_SINCE")
        if date and not is_date(date):
            del environ["HTTP_IF_MODIFIED_SINCE"]
        return self.app(environ, start_response)


def is_date(value):
    """Return whether a header's value is a date that TurboGears can read."""
    try:
        mktime_tz(parsedate_tz(value))
    except (TypeError, ValueError, OverflowError):
        return False
    return True
