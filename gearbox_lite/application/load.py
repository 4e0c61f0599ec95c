"""Load the application, and tell a failure in the user's code from one in the ini or in installed code."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from paste.deploy.loadwsgi import APP, loadcontext

from gearbox_lite.application.slow_load import report_slow_load
from gearbox_lite.application.user_code import is_users
from gearbox_lite.errors import CodeError, Location, UserError
from gearbox_lite.findings import Finding
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.sessions import tracking
from gearbox_lite.sessions.settings import configured, misplaced
from gearbox_lite.turbogears import loaded, requirements

WSGIApplication = Callable[..., Any]


def load_application(settings: AppSettings) -> WSGIApplication:
    """Load the ini's application with PasteDeploy.

    Raises UserError if that fails: with the traceback cut to the user's own frames if their code raised, and with the
    ini's file and line if the ini names something that cannot be imported.
    """
    misplaced.refuse_misplaced(settings.app, settings.ini, settings.variables)
    configured.configured_session(settings.app)  # so that all commands refuse an option as serve does
    requirements.check_libraries(settings)
    tracking.track(is_users if settings.debug is not None else None)
    with explaining(settings), report_slow_load(), _no_garbage_collection():
        context = loadcontext(
            APP, f"config:{settings.ini}", name=settings.app_name, global_conf=dict(settings.variables)
        )
        _check_result(context)
        application: WSGIApplication = context.create()
        _prepare_turbogears(settings)
    _check_session(settings)
    return application


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep Python from collecting garbage in this block.

    Nearly everything that an import creates stays, so searching it for garbage again and again makes a start slower by
    a tenth. The threshold is raised, because the application may itself call ``gc.disable``.
    """
    before, raised = gc.get_threshold(), (1_000_000_000, 10, 10)
    gc.set_threshold(*raised)
    try:
        yield
    finally:
        if gc.get_threshold()[0] == raised[0]:  # the application has not set its own
            gc.set_threshold(*before)


def check_code() -> list[Finding]:
    """Return the mistakes in the loaded TurboGears application's controllers."""
    from gearbox_lite.turbogears import controllers

    config = loaded.loaded_config()
    if config is None:
        return []
    return controllers.check_controllers(controllers.import_root_controller(config), config, is_users)


def check_database(settings: AppSettings, *, compare: bool = False) -> list[Finding]:
    """Return what is wrong with the loaded application's database; ``compare`` also compares it with the models."""
    if "gearbox_lite.database.url" not in sys.modules:  # the application has none, so nothing is imported for it
        return []
    from gearbox_lite.database import checks

    return checks.find_problems(settings, compare=compare)


def _check_result(context: Any) -> None:
    """Let the innermost application factory of a PasteDeploy context raise UserError if it returns no application."""
    while inner := getattr(context, "app_context", None) or getattr(context, "next_context", None):
        context = inner
    factory = context.object
    code = getattr(factory, "__code__", None)
    if context.protocol != "paste.app_factory" or code is None:
        return

    @wraps(factory)
    def checked(*args: Any, **kwargs: Any) -> WSGIApplication:
        application: WSGIApplication = factory(*args, **kwargs)
        if callable(application):
            return application
        kind = "None" if application is None else f"an object of {type(application).__name__}"
        raise CodeError(
            f"{factory.__name__} returned {kind}, not a WSGI application",
            at=Location(Path(code.co_filename), code.co_firstlineno),
            remedy="return the application at its end",
        )

    context.object = checked


def refuse_without_session(settings: AppSettings) -> None:
    """Raise UserError if the loaded application uses the session, and its pipeline leaves our filter out.

    Commands that answer no requests, such as ``routes``, can load it nevertheless.
    """
    if configured.session_filter_section(settings.app) is None:
        misplaced.refuse_left_out(settings, loaded.module_using("session", is_users))


def _check_session(settings: AppSettings) -> None:
    """Raise UserError for a TurboGears application whose own session would replace our filter's."""
    ours = configured.session_filter_section(settings.app)
    place = None if ours is None else loaded.enabled_in_code(misplaced.ENABLED)
    if ours is not None and place is not None:
        raise UserError(
            f"{ours.factory}: the application switches on {misplaced.ENABLED} ({place}), which would replace this "
            "filter's session by TurboGears' own, unprotected one",
            at=ours.factory.at if ours.factory else None,
            remedy=f'write "{misplaced.ENABLED}": False in config/app_cfg.py',
        )


@contextmanager
def explaining(settings: AppSettings, what: str = "the application does not load") -> Iterator[None]:
    """Turn any exception into the UserError that load_application describes; ``what`` says what failed."""
    try:
        yield
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        from gearbox_lite.application.load_errors import load_error

        raise load_error(error, settings, what) from error


def _prepare_turbogears(settings: AppSettings) -> None:
    """Do what TurboGears would do at the first request, so that an error in it is reported at the start."""
    config = loaded.loaded_config()
    if config is None:
        return
    from gearbox_lite.turbogears import controllers, hints, output, translations

    controllers.import_root_controller(config)
    translations.check_language(config, settings)
    requirements.check_renderer(config, settings)
    output.check_outputs()
    if settings.debug is not None:
        hints.log_hints(config)
