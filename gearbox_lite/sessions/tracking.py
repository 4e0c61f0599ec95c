"""While debugging: notes where the application changes a session, and reports changes that are never stored.

``track`` switches this on for the middleware that is created afterwards; in production it costs nothing.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gearbox_lite.errors import Location
from gearbox_lite.sessions.codec import is_value
from gearbox_lite.sessions.wsgi.session_object import SessionObject

log = logging.getLogger("gearbox_lite.sessions")
_is_own: Callable[[str], bool] | None = None


def track(is_own: Callable[[str], bool] | None) -> None:
    """Track the sessions of middleware created from now on; ``is_own`` tells the user's files. None: do not."""
    global _is_own  # noqa: PLW0603 (one switch for the process, as logging's)
    _is_own = is_own


def session_object_class() -> type[SessionObject]:
    """Return the class of the session that the application sees."""
    return SessionObject if _is_own is None else TrackedSession


class TrackedSession(SessionObject):
    """Compares the session's values at each use: what has changed since, the previous use has changed."""

    def __init__(self, environ: dict[str, Any], sessions: Any) -> None:
        super().__init__(environ, sessions)
        self.__dict__.update(_first=None, _previous=None, _used_at=None, _changed_at=None)

    def _note(self) -> None:
        own = self.__dict__
        now = repr({key: value for key, value in self._session().items() if is_value(key)})
        if own["_first"] is None:
            own["_first"] = now
        elif now != own["_previous"]:
            own["_changed_at"] = own["_used_at"]
        own["_previous"] = now
        own["_used_at"] = _line_of_user() or own["_used_at"]

    def __getitem__(self, key: Any) -> Any:
        self._note()
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._note()
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        self._note()
        super().__delitem__(key)

    def __getattr__(self, name: str) -> Any:
        self._note()
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        session = self._session()
        if not name.startswith("_") and not hasattr(session, name):
            place = _line_of_user()
            log.warning(
                '%ssession.%s = ... sets an attribute, which is not stored; write session["%s"] = ...',
                f"{place}: " if place else "", name, name,
            )  # fmt: skip
        super().__setattr__(name, value)

    def report_unsaved(self) -> None:
        """Log a warning if the values have changed, and nothing will store that; called before they are stored."""
        own = self.__dict__
        if own["_first"] is None or self.dirty() or own["_sessions"].options.auto:
            return
        if self._session().is_stored_anyway():
            return
        self._note()
        if own["_previous"] != own["_first"]:
            place = own["_changed_at"] or own["_used_at"]
            log.warning("%sthe session was changed but not saved; call session.save()", f"{place}: " if place else "")


def _line_of_user() -> Location | None:
    frame = sys._getframe(1)  # noqa: SLF001 (documented, in spite of its name)
    while frame is not None and _is_own is not None:
        file = frame.f_code.co_filename
        if _is_own(file) and not file.startswith("<"):
            return Location(Path(file), frame.f_lineno)
        frame = frame.f_back  # type: ignore[assignment]
    return None
