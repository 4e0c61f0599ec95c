"""Errors of sessions while the application runs."""

from __future__ import annotations

from beaker.exceptions import BeakerException


class SessionSaveError(BeakerException):  # type: ignore[misc]
    """``session.save()`` cannot store the session's values; the message names them and says what to do."""


class StoreUnavailable(BaseException):
    """The session store cannot be reached, times out or refuses.

    Not an Exception, so that no framework turns it into an error page on its way to the middleware, which answers 503.
    """

    writing = False
    """Whether a write failed: a store may still be readable, for example on a full disk."""
