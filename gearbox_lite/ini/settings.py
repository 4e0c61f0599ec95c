"""What the commands get from an ini and the command line: frozen, checked settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gearbox_lite.booleans import FALSE, TRUE, as_bool
from gearbox_lite.errors import MIN_SIMILARITY, Location, Setting, UserError, at_setting, nearest
from gearbox_lite.findings import Finding
from gearbox_lite.ini.deploy import Section, read_section, require_section
from gearbox_lite.ini.parsing.ini_file import IniFile
from gearbox_lite.ini.precedence import (
    COMMAND_LINE,
    DEFAULT_NAME,
    Overrides,
    global_variables,
    override_address,
    refuse_address_variables,
    refuse_environment_names,
    serve_overrides,
)
from gearbox_lite.ini.schema.serve_section import SERVE_SETTINGS, ServeOptions
from gearbox_lite.ini.validation.sections import check_sections
from gearbox_lite.ini.validation.unread import check_unread, unread_sections

WAITRESS = "egg:waitress"


@dataclass(frozen=True)
class AppSettings:
    """The application's part of one ini and command line, checked: its sections and the global variables."""

    ini: Path
    app_name: str
    variables: Mapping[str, str]
    app: Section
    has_logging: bool

    @property
    def debug(self) -> Setting | None:
        """The setting that turns an application's debug page on, or None."""
        return next((setting for setting in self._debug_settings if _is_true(setting)), None)

    @property
    def forbids_debug(self) -> bool:
        """Whether the ini turns the debug page off; without ``debug``, or with an invalid value, it decides nothing."""
        return self.debug is None and any(_is_false(setting) for setting in self._debug_settings)

    @property
    def _debug_settings(self) -> list[Setting]:
        settings = (section.get("debug") for section in self.app.walk())
        return [setting for setting in settings if setting is not None]

    @property
    def session(self) -> tuple[str, str] | None:
        """The session's store and cookie name, or None if the ini configures no session."""
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
    """What ``serve`` needs besides the application: the server's section, and [serve].

    ``app_error`` is the error in the application's part of the ini, if there is one; ``app`` then has only the global
    settings. ``verbose`` is -v: logs show whole tracebacks. ``findings`` are warnings about the ini.
    """

    server_name: str
    server: Section
    serve: ServeOptions
    allow_remote_debug: bool = False
    app_error: UserError | None = None
    verbose: bool = False
    findings: tuple[Finding, ...] = ()

    @property
    def is_waitress(self) -> bool:
        """Whether the server is waitress, whose sockets we bind ourselves."""
        use = self.server.factory
        return use is not None and use.value.partition("#")[0] == WAITRESS

    @property
    def has_live_reload(self) -> bool:
        """Whether pages reload themselves in the browser, if the ini's application is debugged or cannot be read."""
        serve = self.serve
        is_wanted = serve.live_reload and serve.reload and self.is_waitress
        return is_wanted and (self.debug is not None or self.app_error is not None)


def read_serve_settings(ini: Path, overrides: Overrides) -> ServeSettings:
    """Read an ini for serving. Raises UserError, with file and line, for the first error in any part of it."""
    settings = read_server_settings(ini, overrides)
    if settings.app_error is not None:
        raise settings.app_error
    return settings


def read_server_settings(ini: Path, overrides: Overrides) -> ServeSettings:
    """Read an ini for serving; an error in the application's part is returned as ``app_error``.

    ``serve --reload`` starts with such an ini: the user may fix it while the error page is served. Raises UserError,
    with file and line, for an error in the server's part and in [serve], without which there is nothing to bind, and
    for an error on the command line, which no edit fixes.
    """
    refuse_address_variables(overrides)
    file, variables = _open(ini, overrides)
    with _no_circle(ini):
        server = read_section(file, "server", overrides.server_name, variables)
    serve = read_serve_section(file, overrides.serve)
    app_error = None
    try:
        app = _read_app(file, overrides.app_name, variables)
    except UserError as error:
        if error.at == COMMAND_LINE:
            raise
        app, app_error = Section("app", {}, {**file.defaults(), **variables}, None, ()), error
    return ServeSettings(
        ini=ini,
        app_name=overrides.app_name,
        variables=_as_text(variables),
        app=app,
        has_logging="loggers" in file.sections(),
        server_name=overrides.server_name,
        server=Section(server.name, override_address(server.options, overrides), server.globals, server.factory, ()),
        serve=serve,
        allow_remote_debug=overrides.allow_remote_debug,
        app_error=app_error,
        verbose=overrides.verbose,
        findings=tuple(unread_sections(file)),
    )


def read_serve_section(ini: IniFile, given: Mapping[str, str]) -> ServeOptions:
    """Read [serve]; ``given`` are the command line's options, which take precedence.

    Raises UserError for an unknown name and an invalid value, also for one of the ini that an option overrides:
    otherwise it would be reported only once the option is missing.
    """
    section = ini.options("serve") if "serve" in ini.sections() else {}
    result = ServeOptions()
    for setting in [*section.values(), *serve_overrides(given)]:
        name = setting.name
        if name not in SERVE_SETTINGS:
            from gearbox_lite.ini.schema.foreign_names import remedy_in

            guess = nearest(name, list(SERVE_SETTINGS), cutoff=MIN_SIMILARITY)
            hint = f"did you mean {guess}?" if guess else f"it has {', '.join(SERVE_SETTINGS)}"
            raise at_setting(setting, "[serve] has no such setting", remedy_in(name, "serve") or hint)
        result = replace(result, **{name: SERVE_SETTINGS[name].convert(setting)})
    return result


def read_app_settings(ini: Path, overrides: Overrides) -> AppSettings:
    """Read the application's part of an ini. Raises UserError, with file and line, for an error in it."""
    file, variables = _open(ini, overrides)
    app = _read_app(file, overrides.app_name, variables)
    return AppSettings(ini, overrides.app_name, _as_text(variables), app, has_logging="loggers" in file.sections())


def _read_app(file: IniFile, name: str, variables: Mapping[str, Setting]) -> Section:
    check_unread(file)
    with _no_circle(file.path):
        app = read_section(file, "app", name, variables)
    for section in app.walk():
        setting = section.get("debug")
        if setting is not None:
            as_bool(setting)
    return app


def _is_true(setting: Setting) -> bool:
    return setting.value.strip().lower() in TRUE


def _is_false(setting: Setting) -> bool:
    return setting.value.strip().lower() in FALSE


def _open(ini: Path, overrides: Overrides) -> tuple[IniFile, dict[str, Setting]]:
    """Return the ini, and the variables that it is read with."""
    if "#" in str(ini):
        raise UserError("PasteDeploy cannot read an ini whose path has a #", at=Location(ini), remedy="rename it")
    refuse_environment_names(ini, overrides)
    variables = global_variables(ini, overrides)
    file = IniFile(ini, variables)
    check_sections(file)
    if overrides.app_name != DEFAULT_NAME:
        require_section(file, "app", overrides.app_name)
    return file, variables


def _as_text(variables: Mapping[str, Setting]) -> dict[str, str]:
    return {name: setting.value for name, setting in variables.items()}


@contextmanager
def _no_circle(ini: Path) -> Iterator[None]:
    try:
        yield
    except RecursionError as error:
        raise UserError("its sections use each other in a circle", at=Location(ini)) from error
