"""What a project is made of, for ``info``: versions, the ini's parts, and what its application answers.

A project that is broken is what people most often ask about. So each part is found out by itself, and the first error
is one of the facts.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gearbox_lite import __version__
from gearbox_lite.application import distributions, load
from gearbox_lite.errors import UserError, short_path
from gearbox_lite.ini.deploy import Section
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import AppSettings, read_app_settings
from gearbox_lite.masking import without_password
from gearbox_lite.sessions.settings.configured import configured_session
from gearbox_lite.turbogears import loaded, routes

T = TypeVar("T")


@dataclass(frozen=True)
class PipelinePart:
    """A filter or an application of the ini: its section, the code that ``use`` names, and the line that does."""

    section: str
    factory: str
    at: str


@dataclass(frozen=True)
class SessionFacts:
    """Where the session is kept: the store, its address without password or its folder, and the cookie's name."""

    store: str
    address: str | None
    cookie: str


@dataclass(frozen=True)
class ProjectInfo:
    """All that is known. A part is None if an error keeps it from being known, or if the project has no such part.

    ``routes`` and ``templates`` are those of a TurboGears application, ``database`` is the ini's ``sqlalchemy.url``
    without its password, and ``error`` is the first error.
    """

    versions: dict[str, str]
    ini: str | None = None
    debug: bool | None = None
    pipeline: list[PipelinePart] | None = None
    session: SessionFacts | None = None
    database: str | None = None
    routes: list[routes.Route] | None = None
    templates: list[str] | None = None
    error: str | None = None


def all_versions() -> dict[str, str]:
    """Return the versions of this program, of Python, of the system, and of what is installed."""
    ours = {"gearbox-lite": __version__, "Python": platform.python_version(), "System": platform.platform()}
    return {**ours, **distributions.installed_versions()}


def describe_project(ini: Path, overrides: Overrides) -> tuple[ProjectInfo, UserError | None]:
    """Return what is known about an ini's application, and the first error that kept something from being known.

    The application is loaded for its routes and templates, but its session store is not contacted.
    """
    errors: list[UserError] = []

    def attempt(step: Callable[[AppSettings], T]) -> T | None:
        try:
            return step(settings)
        except UserError as error:
            errors.append(error)
            return None

    info = ProjectInfo(all_versions(), ini=str(ini))
    try:
        settings = read_app_settings(ini, overrides)
    except UserError as error:
        return replace(info, error=error.message), error
    info = replace(
        info,
        debug=settings.debug is not None,
        pipeline=_pipeline(settings.app),
        session=attempt(_session),
        database=_database(settings.app),
    )
    application = attempt(load.load_application)
    if application is not None:
        info = replace(info, routes=attempt(_routes), templates=_templates())
    first = errors[0] if errors else None
    return replace(info, error=None if first is None else first.message), first


def _pipeline(application: Section) -> list[PipelinePart]:
    return [
        PipelinePart(section.name, section.factory.value, str(section.factory.at))
        for section in application.walk()
        if section.factory is not None
    ]


def _session(settings: AppSettings) -> SessionFacts | None:
    ours = configured_session(settings.app)
    if ours is not None:
        options = ours.options
        address = without_password(options.url) if options.url else options.data_dir
        return SessionFacts(options.type, address, options.key)
    return None if settings.session is None else SessionFacts(settings.session[0], None, settings.session[1])


def _database(application: Section) -> str | None:
    found = [setting for section in application.walk() if (setting := section.get("sqlalchemy.url")) is not None]
    return without_password(found[-1].value) if found else None


def _routes(settings: AppSettings) -> list[routes.Route] | None:
    config = loaded.loaded_config()
    if config is None:
        return None
    with load.explaining(settings, "its URLs cannot be listed"):
        root = routes.find_root_controller(config)
        return None if root is None else routes.list_routes(root, config.get("default_renderer"))


def _templates() -> list[str] | None:
    config = loaded.loaded_config()
    if config is None:
        return None
    folders = [Path(folder) for folder in config.get("paths", {}).get("templates", [])]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    return sorted(short_path(file) for file in files if file.suffix != ".py" and "__pycache__" not in file.parts)
