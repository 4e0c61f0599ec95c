"""Session settings in an ini's [app:...], where TurboGears' documentation puts them and our filter ignores them.

They would have no effect there, or enable a second session that replaces the filter's. A pipeline without the filter
leaves the application without a session.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gearbox_lite.booleans import FALSE
from gearbox_lite.errors import Location, Setting, UserError, short_path
from gearbox_lite.ini.deploy import Section
from gearbox_lite.ini.parsing.inherited import with_inherited
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.sessions.settings.configured import is_session_filter, session_filter_section

ENABLED = "session.enabled"
"""TurboGears' switch for its own session, tg.configurator.components.session, TurboGears 2.5."""
_PREFIXES = ("session.", "beaker.session.")
_APPLICATIONS = ("app", "application", "filter-app", "composite", "composit")


def refuse_misplaced(application: Section, ini: Path, variables: Mapping[str, str]) -> None:
    """Raise UserError for the first session setting of an application whose ini has our session filter.

    This includes an ini whose pipeline omits the filter. An ini without our filter may set up another kind of session
    there.
    """
    ours = session_filter_section(application)
    for section in application.walk():
        if section.name.partition(":")[0] not in _APPLICATIONS:
            continue
        for setting in _session_settings(section, ours):
            if ours is not None or _filter_name(ini, variables) is not None:
                raise _error(section, setting, ours)


def refuse_left_out(settings: AppSettings, using: Path | None) -> None:
    """Raise UserError if the ini has our session filter, the application does not pass through it, and needs it.

    ``using`` is a file of the application that uses the session, None if there is none.
    """
    name = _filter_name(settings.ini, settings.variables) if using is not None else None
    if using is None or name is None:
        return
    problem = f"[filter:{name}] is left out, but {short_path(using)} uses the session"
    pipeline = settings.app.options.get("pipeline")
    if pipeline is not None:
        remedy = f"write pipeline = {name} {pipeline.value}"
        raise UserError(f"{pipeline}: {problem}", at=pipeline.at, remedy=remedy)
    if settings.app_name != "main":
        remedy = "leave --app-name out, or name a pipeline that has the filter"
        raise UserError(f"{settings.app_name}: {problem}", at=Location("--app-name"), remedy=remedy)
    factory = settings.app.innermost.factory
    remedy = f"add [pipeline:main] with pipeline = {name} APP, and rename [{settings.app.name}]"
    raise UserError(f"[{settings.app.name}]: {problem}", at=factory.at if factory else None, remedy=remedy)


def _session_settings(section: Section, ours: Section | None) -> list[Setting]:
    """Return the session settings of a section, except those that the filter has too."""
    shared = {} if ours is None else ours.globals
    own = [(name, item) for name, item in section.globals.items() if shared.get(name) != item and ours is not None]
    found = [item for name, item in [*section.options.items(), *own] if name.startswith(_PREFIXES)]
    return [item for item in found if not (item.name == ENABLED and item.value.strip().lower() in FALSE)]


def _error(section: Section, setting: Setting, ours: Section | None) -> UserError:
    name = setting.name.removeprefix("set ").strip()
    filter_name = "[filter:session]" if ours is None or ours.factory is None else f"[{ours.name}]"
    if name == ENABLED:
        problem = f"{name} in [{section.name}] would replace the session of {filter_name} with an unprotected one"
        return UserError(problem, at=setting.at, remedy="remove the line; the filter alone switches the session on")
    name = name.removeprefix("beaker.")
    problem = f"{setting.name} in [{section.name}] has no effect; {filter_name} sets up the session"
    return UserError(problem, at=setting.at, remedy=f"write {name} in {filter_name}")


def _filter_name(ini: Path, variables: Mapping[str, str]) -> str | None:
    """Return the name of the section of our session filter in an ini or one that it inherits from, None without one."""
    names = (
        section.partition(":")[2].strip()
        for outline in with_inherited(ini, variables)
        for (section, option), (_, value) in outline.options.items()
        if section.startswith("filter:") and option in ("use", "paste.filter_factory") and is_session_filter(value)
    )
    return next(names, None)
