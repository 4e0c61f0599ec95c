"""What the commands need to know from an ini and the command line, as frozen data."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gearbox_lite.booleans import TRUE, as_bool
from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.ini import deploy, serve_section
from gearbox_lite.ini.inherited import environment
from gearbox_lite.ini.locate import IniFile

DEFAULT_INI = "development.ini"
WAITRESS = "egg:waitress"


@dataclass(frozen=True)
class Overrides:
    """What the command line says over the ini; None and empty where it says nothing."""

    app_name: str = "main"
    server_name: str = "main"
    host: str | None = None
    port: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    serve: Mapping[str, str] = field(default_factory=dict)
    allow_remote_debug: bool = False
    verbose: bool = False


@dataclass(frozen=True)
class AppSettings:
    """The application's part of one ini and command line, checked: its sections and the global variables."""

    ini: Path
    app_name: str
    variables: Mapping[str, str]
    app: deploy.Section
    has_logging: bool

    @property
    def debug(self) -> Setting | None:
        """The setting that turns an application's debug page on, None where none does."""
        return next((setting for setting in self._debug_settings if _is_true(setting)), None)

    @property
    def forbids_debug(self) -> bool:
        """Whether the ini turns the debug page off; one that does not mention it says neither."""
        return bool(self._debug_settings) and self.debug is None

    @property
    def _debug_settings(self) -> list[Setting]:
        settings = (section.get("debug") for section in self.app.walk())
        return [setting for setting in settings if setting is not None]

    @property
    def session(self) -> tuple[str, str] | None:
        """The session's store and cookie name, None where the ini sets up no session."""
        for section in self.app.walk():
            everything = {**section.options, **section.globals}
            settings = {
                name.rpartition("session.")[2]: item.value
                for name, item in everything.items()
                if name.startswith(("session.", "beaker.session."))
            }
            if settings:
                default = "file" if "data_dir" in settings else "memory"
                return settings.get("type", default), settings.get("key", "beaker.session.id")
        return None


@dataclass(frozen=True)
class ServeSettings(AppSettings):
    """What ``serve`` needs beside the application: the server's section, and [serve].

    ``mistake`` is what keeps the application's part from being read; then ``app`` knows the global settings only.
    ``verbose`` is -v: logs show whole tracebacks.
    """

    server_name: str
    server: deploy.Section
    serve: serve_section.ServeOptions
    allow_remote_debug: bool = False
    mistake: UserError | None = None
    verbose: bool = False

    @property
    def is_waitress(self) -> bool:
        """Whether the server is waitress, whose sockets we bind ourselves."""
        use = self.server.factory
        return use is not None and use.value.partition("#")[0] == WAITRESS


def find_ini(name: str | None, folder: Path) -> Path:
    """Return the ini's absolute path. Raises UserError that names the inis nearby where it is missing."""
    path = folder / (name or DEFAULT_INI)
    try:
        kind = path.stat().st_mode
    except OSError as error:
        if error.errno != errno.ENOENT:
            remedy = "correct the name, or make its folder readable"
            raise UserError(f"cannot be reached: {error.strerror}", at=Location(path), remedy=remedy) from error
        found, problem = [], "there is no such file"
    else:
        if stat.S_ISREG(kind):
            return Path(os.path.abspath(path))
        if stat.S_ISDIR(kind):
            found, problem = sorted(path.glob("*.ini")), "this is a folder, not an ini"
        else:
            found, problem = [], "this is a device or a pipe, not an ini"
    found = found or sorted([*folder.glob("*.ini"), *folder.glob("*/*.ini")])
    found = sorted(found, key=lambda candidate: candidate.name != DEFAULT_INI)
    if found:
        near = [str(candidate.relative_to(folder)) for candidate in found if candidate.is_relative_to(folder)]
        remedy = f"there is: {', '.join(near[:5] or [str(found[0])])}"
    else:
        remedy = "go to your project's folder, or write a project: gearbox-lite quickstart hello"
    raise UserError(problem, at=Location(path), remedy=remedy)


def load(ini: Path, overrides: Overrides) -> ServeSettings:
    """Read an ini for serving. Raises UserError, with file and line, for everything that is wrong in it."""
    settings = load_server(ini, overrides)
    if settings.mistake is not None:
        raise settings.mistake
    return settings


def load_server(ini: Path, overrides: Overrides) -> ServeSettings:
    """Read an ini for serving an application that may be mended meanwhile.

    Raises UserError, with file and line, for what is wrong in the server's part of it and in [serve].
    """
    for name in ("host", "port"):
        if name in overrides.variables:
            value = overrides.variables[name]
            raise UserError(
                f"{name}={value} sets a variable of the ini, not the server's {name}",
                remedy=f"write --{name} {value}",
            )
    file, values, variables = _open(ini, overrides)
    with _no_circle(ini):
        server = deploy.read(file, "server", overrides.server_name, variables)
    serve = serve_section.read(file, overrides.serve)
    mistake = None
    try:
        app = _read_app(file, overrides.app_name, variables)
    except UserError as error:
        app, mistake = deploy.Section("app", {}, {**file.defaults(), **variables}, None, ()), error
    options = dict(server.options)
    for name, given in (("host", overrides.host), ("port", overrides.port)):
        if given is not None:
            options = {key: item for key, item in options.items() if key not in ("listen", "unix_socket")}
            options[name] = Setting(name, given, Location(f"--{name}"))
    return ServeSettings(
        ini=ini,
        app_name=overrides.app_name,
        variables=values,
        app=app,
        has_logging="loggers" in file.sections(),
        server_name=overrides.server_name,
        server=deploy.Section(server.name, options, server.globals, server.factory, ()),
        serve=serve,
        allow_remote_debug=overrides.allow_remote_debug,
        mistake=mistake,
        verbose=overrides.verbose,
    )


def load_app(ini: Path, overrides: Overrides) -> AppSettings:
    """Read the application's part of an ini. Raises UserError, with file and line, for what is wrong in it."""
    file, values, variables = _open(ini, overrides)
    app = _read_app(file, overrides.app_name, variables)
    return AppSettings(ini, overrides.app_name, values, app, has_logging="loggers" in file.sections())


def _read_app(file: IniFile, name: str, variables: Mapping[str, Setting]) -> deploy.Section:
    with _no_circle(file.path):
        app = deploy.read(file, "app", name, variables)
    for section in app.walk():
        setting = section.get("debug")
        if setting is not None:
            as_bool(setting)
    return app


def _is_true(setting: Setting) -> bool:
    return setting.value.strip().lower() in TRUE


def _open(ini: Path, overrides: Overrides) -> tuple[IniFile, dict[str, str], dict[str, Setting]]:
    """Return the ini, and all variables that it is read with as PasteDeploy gets them."""
    if "#" in str(ini):
        raise UserError("PasteDeploy cannot read an ini whose path has a #", at=Location(ini), remedy="rename it")
    taken = environment(ini, overrides.variables)
    given = {
        **{name: Setting(name, value, Location("environment")) for name, value in taken.items()},
        **{name: Setting(name, value, Location("command line")) for name, value in overrides.variables.items()},
    }
    return IniFile(ini, given), {**taken, **overrides.variables}, given


@contextmanager
def _no_circle(ini: Path) -> Iterator[None]:
    try:
        yield
    except RecursionError as error:
        raise UserError("its sections use each other in a circle", at=Location(ini)) from error
