"""``egg:gearbox_lite#session``: Beaker's session middleware with every option checked when the ini is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from beaker.middleware import SessionMiddleware as BeakerSessionMiddleware

from gearbox_lite.errors import Location, UserError
from gearbox_lite.ini.locate import find_setting
from gearbox_lite.sessions import options as session_options

WSGIApplication = Callable[..., Any]


class SessionMiddleware(BeakerSessionMiddleware):  # type: ignore[misc]
    """Beaker's SessionMiddleware on options that ``options.check`` has returned."""

    def __init__(self, application: WSGIApplication, options: Mapping[str, Any]) -> None:
        super().__init__(application, None, **{f"session.{name}": value for name, value in options.items()})
        self.options = dict(options)


def filter_factory(global_conf: Mapping[str, str], **local_conf: str) -> Callable[[WSGIApplication], SessionMiddleware]:
    """Return the filter for a PasteDeploy section (a ``paste.filter_factory``).

    Raises UserError, with the ini's file and line, for an option that cannot be used.
    """
    given = {name: value for name, value in global_conf.items() if name.startswith(session_options.PREFIX)}
    given |= local_conf
    try:
        options = session_options.check(given)
    except session_options.OptionError as error:
        ini = global_conf.get("__file__")
        value = f" = {given[error.option]}" if error.option in given else ""
        raise UserError(
            f"{error.option}{value}: {error.problem}",
            at=find_setting(Path(ini), error.option) if ini else Location("[filter:session]"),
            remedy=error.remedy,
        ) from error
    return lambda application: SessionMiddleware(application, options)
