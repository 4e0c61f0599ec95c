"""The error for an application that does not load: the user's code, the ini, or what is installed."""

from __future__ import annotations

import inspect
import os
import re
import sys
import traceback
from pathlib import Path

from gearbox_lite.application.tracebacks import explain, is_users_file, users_frames, users_traceback
from gearbox_lite.application.user_code import is_users
from gearbox_lite.errors import (
    FAILURE,
    MIN_SIMILARITY,
    CodeError,
    Location,
    Setting,
    SettingError,
    UserError,
    at_setting,
    nearest,
    short_path,
    wrong_value,
)
from gearbox_lite.ini.settings import AppSettings
from gearbox_lite.ini.validation.factories import factory_module
from gearbox_lite.turbogears.mistakes import permission_denied
from gearbox_lite.value_syntax import export_command

_QUOTED_VALUE = re.compile(
    r"(?P<kind>String is not true/false|invalid literal for int\(\) with base 10|could not convert string to float): "
    r"(?P<quote>['\"])(?P<value>.*)(?P=quote)"
)


def load_error(error: BaseException, settings: AppSettings, what: str) -> UserError:
    """Return the error for an exception while the application loads; ``what`` says what failed."""
    for explanation in (_refused_setting, _wrong_type, _missing_file, _unreadable_file, _factory_parameters):
        explained = explanation(error, settings)
        if explained is not None:
            return explained
    frames = users_frames(error)
    if isinstance(error, SyntaxError) and error.filename and is_users_file(error.filename):
        at_fault = f"{Path(error.filename).name} line {error.lineno}"
    elif frames:
        at_fault = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}"
    else:
        return _factory_error(error, settings, what)
    if isinstance(error, SystemExit):
        return CodeError(
            f"{settings.ini.name}: {what}: {at_fault} ended Python: {frames[-1].line or repr(error)}",
            remedy="remove it; code that runs at import must return",
        )
    explained = explain(error)
    if explained is not None:
        at_fault = f"{at_fault}: {explained.message}"
    return UserError(
        f"{settings.ini.name}: {what}: {type(error).__name__} in {at_fault}",
        remedy="" if explained else "fix it and try again",
        report=users_traceback(error, frames),
        code=FAILURE,
    )


def _missing_file(error: BaseException, settings: AppSettings) -> UserError | None:
    """Return the error for a file of the project's package that has been deleted or renamed; None for others."""
    module = factory_module(settings.app.innermost.factory)
    package = (module or "").partition(".")[0]
    folder = settings.ini.parent / package
    if not package or not folder.is_dir():
        return None
    if _is_unreadable(folder):
        return permission_denied(folder)
    if not isinstance(error, SyntaxError) and not (folder / "__init__.py").exists() and _is_namespace(package):
        return _is_missing(folder / "__init__.py", "create it; it may be empty")
    if not isinstance(error, ModuleNotFoundError) or not error.name or not error.name.startswith(f"{package}."):
        return None
    missing = settings.ini.parent.joinpath(*error.name.split("."))
    unreadable = next((item for item in [*reversed(missing.parents), missing] if _is_unreadable(item)), None)
    if unreadable is not None:
        return permission_denied(unreadable)
    if users_frames(error) or f"{module}.".startswith(f"{error.name}."):
        return None
    others = [item.stem for item in missing.parent.glob("*.py")]
    guess = nearest(missing.name, others)
    remedy = f"rename {guess}.py to it, or correct the name" if guess else "create it, or correct what imports it"
    return _is_missing(missing.with_suffix(".py"), remedy)


def _is_missing(file: Path, remedy: str) -> UserError:
    return CodeError("this file is missing", at=Location(file), remedy=remedy)


def _is_namespace(package: str) -> bool:
    module = sys.modules.get(package)
    return module is not None and getattr(module, "__file__", None) is None


def _unreadable_file(error: BaseException, _settings: AppSettings) -> UserError | None:
    """Return the error for a file of the project that Python may not read, None for others."""
    if not isinstance(error, PermissionError) or not isinstance(error.filename, str):
        return None
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or not frames[-1].filename.startswith("<frozen importlib"):
        return None
    return permission_denied(Path(error.filename))


def _is_unreadable(path: Path) -> bool:
    """Whether a folder or module exists that this process may not read."""
    wanted = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
    file = path if path.exists() else path.with_suffix(".py")
    return file.exists() and not os.access(file, wanted)


def _factory_parameters(error: BaseException, settings: AppSettings) -> UserError | None:
    """Return the error for an application factory that does not take the settings of its section."""
    factory = settings.app.innermost.factory
    found = re.search(r"(\w+)\(\) got an unexpected keyword argument '(.+?)'", str(error))
    if factory is None or found is None or not isinstance(error, TypeError) or users_frames(error):
        return None
    module, _, name = factory.value.partition(":")
    function = getattr(sys.modules.get(module), name, None)
    code = getattr(inspect.unwrap(function), "__code__", None) if function is not None else None
    if code is None or code.co_name != found[1]:
        return None
    return CodeError(
        f"{name}() does not take the settings of [{settings.app.innermost.name}], such as {found[2]}",
        at=Location(Path(code.co_filename), code.co_firstlineno),
        remedy=f"write def {name}(global_conf, **app_conf)",
    )


def _refused_setting(error: BaseException, settings: AppSettings) -> UserError | None:
    """Return the error for a ValueError of the user's own code whose first word names a setting, None for others.

    make_app of a generated project raises such errors: "csrf.key is missing; ...", "csrf.key has fewer than 32 ...".
    """
    frames = traceback.extract_tb(error.__traceback__)
    is_own = type(error) is ValueError and frames and is_users_file(frames[-1].filename)
    if not is_own and not isinstance(error, SettingError):
        return None
    message = str(error)
    name = message.partition(" ")[0]
    sections = list(settings.app.walk())
    setting = next((section.options[name] for section in sections if name in section.options), None)
    if setting is not None and setting.environment_variable is not None:
        variable = setting.environment_variable
        problem = f"the environment variable {variable} {message.partition(';')[0].removeprefix(name).strip()}"
        return wrong_value(setting, problem, f"set it: {export_command(variable)}")
    if setting is not None:
        return UserError(f"{setting}: {message.removeprefix(name).strip()}", at=setting.at)
    factory = settings.app.innermost.factory
    if factory is not None and message.startswith(f"{name} is missing"):
        options = settings.app.innermost.options
        guess = nearest(name, list(options), cutoff=MIN_SIMILARITY)
        if guess is not None:
            return at_setting(options[guess], "nothing reads this setting", f"write {name}")
        return UserError(message, at=factory.at)
    return None


def _wrong_type(error: BaseException, settings: AppSettings) -> UserError | None:
    """Return the error for a ValueError of asbool, int or float that quotes the value of one setting, None for others.

    asbool is that of paste.deploy.converters and of tg.support.converters.
    """
    found = _QUOTED_VALUE.fullmatch(str(error)) if type(error) is ValueError else None
    if found is None or not found["value"]:
        return None
    value = found["value"]
    options = settings.app.innermost.options.values()
    candidates = [setting for setting in options if setting.value.strip().lower() == value.strip().lower()]
    if len(candidates) != 1:
        return None
    if found["kind"] == "String is not true/false":
        return wrong_value(candidates[0], "not a boolean", "write true or false")
    return wrong_value(candidates[0], "not a number", "write a number")


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
    if isinstance(error, SyntaxError) and error.filename and is_users_file(error.filename):
        files.add(error.filename)
    for module in _missing(error):
        files |= {f"{module}.py", str(module / "__init__.py")}
    before = error.__cause__ or error.__context__
    return [*files, *(files_to_watch(before) if before is not None else [])]


def _factory_error(error: BaseException, settings: AppSettings, what: str) -> UserError:
    """Return the error for a failure outside the user's code: a factory that cannot be imported, an invalid setting."""
    factories = [section.factory for section in settings.app.walk() if section.factory is not None]
    for factory in factories:
        module, _, attribute = factory.value.partition(":")
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            problem, remedy = _missing_module(error.name, settings.ini.parent)
            return UserError(f"{factory}: {problem}", at=factory.at, remedy=remedy)
        if isinstance(error, AttributeError) and attribute and getattr(error, "name", "") == attribute:
            names = [name for name, value in vars(sys.modules[module]).items() if inspect.isfunction(value)]
            guess = nearest(attribute, names)
            remedy = f"did you mean {module}:{guess}?" if guess else "correct the name"
            return UserError(f"{factory}: module {module} has no {attribute}", at=factory.at, remedy=remedy)
    return error_of_factory(error, factories[-1] if factories else None, what)


def _missing_module(name: str, folder: Path) -> tuple[str, str]:
    """Return why a module that the ini names is missing, and the remedy; ``folder`` is the ini's."""
    problem = f"there is no module {name}"
    parent, _, last = name.rpartition(".")
    place = folder.joinpath(*parent.split(".")) if parent else folder
    found = [path.stem for path in place.glob("*") if path.suffix == ".py" or (path / "__init__.py").is_file()]
    guess = nearest(last, found)
    if guess is not None:
        return problem, f"did you mean {parent}{'.' if parent else ''}{guess}?"
    package = name.partition(".")[0]
    if (folder / package).is_dir():
        return problem, f"correct the name; {short_path(place)}/ has {', '.join(sorted(found)) or 'no modules'}"
    return problem, f"{package}/ must be in {folder}, or be installed there: pip install -e ."


def error_of_factory(error: BaseException, factory: Setting | None, what: str) -> UserError:
    """Return the error for a factory that fails in code that is not the user's."""
    return UserError(
        f"{factory}: {what}: {type(error).__name__}: {error}",
        at=factory.at if factory else None,
        remedy="gearbox-lite -v shows the whole traceback",
    )
