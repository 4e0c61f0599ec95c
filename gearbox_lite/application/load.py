"""Load the application, and tell a failure in the user's code from one in the ini or in installed code."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from paste.deploy import loadapp

from gearbox_lite.application.user_code import is_users
from gearbox_lite.errors import FAILURE, Setting, UserError
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.sessions.settings import configured, misplaced
from gearbox_lite.turbogears import loaded

WSGIApplication = Callable[..., Any]


def load_application(settings: AppSettings) -> WSGIApplication:
    """Load the ini's application with PasteDeploy.

    Raises UserError if that fails: with the traceback cut to the user's own frames if their code raised, and with the
    ini's file and line if the ini names something that cannot be imported.
    """
    misplaced.refuse_misplaced(settings.app, settings.ini, settings.variables)
    with explaining(settings):
        application: WSGIApplication = loadapp(
            f"config:{settings.ini}", name=settings.app_name, global_conf=dict(settings.variables)
        )
        _import_controllers()
    _check_session(settings)
    return application


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
    except Exception as error:
        raise _load_error(error, settings, what) from error


def _import_controllers() -> None:
    """Import what TurboGears would import at the first request, so that an error in it is reported at the start.

    The name is set by tg.configurator.components.paths, TurboGears 2.5.
    """
    turbogears = sys.modules.get("tg")
    if turbogears is not None and turbogears.config.get("tg.root_controller") is None:
        name = turbogears.config.get("application_root_module")
        if name:
            import_module(name)


def _load_error(error: Exception, settings: AppSettings, what: str) -> UserError:
    refused = _refused_setting(error, settings)
    if refused is not None:
        return refused
    frames = users_frames(error)
    if isinstance(error, SyntaxError) and error.filename and _is_users(error.filename):
        at_fault = f"{Path(error.filename).name} line {error.lineno}"
    elif frames:
        at_fault = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}"
    else:
        return _factory_error(error, settings, what)
    return UserError(
        f"{settings.ini.name}: {what}: {type(error).__name__} in {at_fault}",
        remedy="fix it and try again",
        report=users_traceback(error, frames),
        code=FAILURE,
    )


def _refused_setting(error: Exception, settings: AppSettings) -> UserError | None:
    """Return the error for a ValueError of the user's own code whose first word names a setting, None for others.

    make_app of a generated project raises such errors: "csrf.key is missing; ...", "csrf.key has fewer than 32 ...".
    """
    frames = traceback.extract_tb(error.__traceback__)
    if type(error) is not ValueError or not frames or not _is_users(frames[-1].filename):
        return None
    message = str(error)
    name = message.partition(" ")[0]
    sections = list(settings.app.walk())
    setting = next((section.options[name] for section in sections if name in section.options), None)
    if setting is not None:
        return UserError(f"{setting}: {message.removeprefix(name).strip()}", at=setting.at)
    factory = settings.app.innermost.factory
    if factory is not None and message.startswith(f"{name} is missing"):
        return UserError(message, at=factory.at)
    return None


def users_frames(error: BaseException, *names: str) -> list[traceback.FrameSummary]:
    """Return the frames of a traceback that are in the user's own files, or in files with one of the names."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename in names or _is_users(frame.filename)]


def users_traceback(error: BaseException, frames: list[traceback.FrameSummary]) -> str:
    """Return the text of a traceback that is cut to some of its frames."""
    lines = ["Traceback of your code (most recent call last):\n"] if frames else []
    return "".join([*lines, *traceback.format_list(frames), *traceback.format_exception_only(error)])


def _is_users(filename: str) -> bool:
    return is_users(filename) and Path(filename).is_file()


def _missing(error: BaseException) -> list[Path]:
    """Return the paths, without suffix, at which a module that was not found could be."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return [Path(folder, *error.name.split(".")) for folder in filter(is_users, sys.path)]
    name = re.match(r"cannot import name '(\w+)'", str(error)) if isinstance(error, ImportError) else None
    if name is not None and isinstance(error, ImportError) and error.path and is_users(error.path):
        return [Path(error.path).with_name(name[1])]
    return []


def files_to_watch(error: BaseException) -> list[str]:
    """Return the user's files whose change may fix an error: those of its traceback, and those that were missing."""
    files = {frame.filename for frame in users_frames(error)}
    if isinstance(error, SyntaxError) and error.filename and _is_users(error.filename):
        files.add(error.filename)
    for module in _missing(error):
        files |= {f"{module}.py", str(module / "__init__.py")}
    before = error.__cause__ or error.__context__
    return [*files, *(files_to_watch(before) if before is not None else [])]


def _factory_error(error: Exception, settings: AppSettings, what: str) -> UserError:
    """Return the error for a failure outside the user's code: a factory that cannot be imported, an invalid setting."""
    factories = [section.factory for section in settings.app.walk() if section.factory is not None]
    for factory in factories:
        if factory.name.startswith("paste.") and not re.fullmatch(r"[\w.]+:[\w.]+", factory.value):
            remedy = "write package.module:function, for example hello.config.application:make_app"
            return UserError(f"{factory}: this names no function", at=factory.at, remedy=remedy)
        module, _, attribute = factory.value.partition(":")
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            package = error.name.partition(".")[0]
            return UserError(
                f"{factory}: there is no module {error.name}",
                at=factory.at,
                remedy=f"{package}/ must be in {settings.ini.parent}, or be installed there: pip install -e .",
            )
        if isinstance(error, AttributeError) and attribute and getattr(error, "name", "") == attribute:
            return UserError(f"{factory}: module {module} has no {attribute}", at=factory.at, remedy="correct the name")
    return error_of_factory(error, factories[-1] if factories else None, what)


def error_of_factory(error: Exception, factory: Setting | None, what: str) -> UserError:
    """Return the error for a factory that fails in code that is not the user's."""
    return UserError(
        f"{factory}: {what}: {type(error).__name__}: {error}",
        at=factory.at if factory else None,
        remedy="gearbox-lite -v shows the whole traceback",
    )
