"""The sections of a PasteDeploy ini that make up an application or a server, read without importing anything.

PasteDeploy itself loads them later. Reading them first finds every error in the ini while its file and line are known,
and provides what the server needs to know before the application is imported.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gearbox_lite.errors import Setting, UserError, at_setting
from gearbox_lite.ini.parsing.inherited import inherited_path
from gearbox_lite.ini.parsing.ini_file import IniFile
from gearbox_lite.ini.validation.factories import ENTRY_POINT_GROUPS, check_egg, check_factory, raise_wrong_factory
from gearbox_lite.ini.validation.sections import check_sections, headers_named


@dataclass(frozen=True)
class Section:
    """One section with all that it inherits: its own options, the global ones, and the sections that it combines."""

    name: str
    options: Mapping[str, Setting]
    globals: Mapping[str, Setting]
    factory: Setting | None
    parts: tuple[Section, ...]

    def walk(self) -> Iterator[Section]:
        """Yield this section and all that it combines, outermost first."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def innermost(self) -> Section:
        """The application itself, inside all filters."""
        wraps = self.factory is None or self.name.startswith("filter-app")
        return self.parts[-1].innermost if wraps and self.parts else self

    def get(self, option: str) -> Setting | None:
        """Return what the section's factory gets for ``option``: a global setting hides the section's own."""
        return self.globals.get(option) or self.options.get(option)


def read_section(
    ini: IniFile, kind: str, name: str, outer: Mapping[str, Setting], used_by: Setting | None = None
) -> Section:
    """Read section ``name`` of a kind ("app", "filter", "server") and all that it uses.

    If another setting names it (``used_by``), it may also be in another ini or a distribution (``config:``, ``egg:``,
    ``call:``). ``outer`` are the global settings of the ini that refers to this one. Raises UserError, with file and
    line, for a section, file, distribution or factory that does not exist.
    """
    scheme, colon, rest = name.partition(":")
    scheme = scheme if colon else ""  # a section may be named egg or config
    if used_by is not None and scheme in ("egg", "call"):
        use = Setting(used_by.name, name, used_by.at)
        if scheme == "egg":
            check_egg(use, kind, rest, ini.path.parent)
        return Section(name, {}, outer, use, ())
    if used_by is not None and scheme == "config":
        path, _, name = rest.partition("#")
        ini = IniFile(_existing_ini(ini, used_by, path), outer)
        check_sections(ini)
        name = name or "main"
    header = _find_header(ini, kind, name, used_by)
    global_settings = {**ini.defaults(), **outer}
    own, additions = _own_options(ini, header, global_settings)
    global_settings |= additions
    parts = [_filter_with(ini, setting, global_settings) for key, setting in own.items() if key == "filter-with"]
    prefix = header.split(":")[0]
    if prefix == "pipeline":
        parts += _pipeline(ini, header, own, global_settings)
        return Section(header, own, global_settings, None, tuple(parts))
    if prefix in ("composite", "composit"):
        parts += [
            read_section(ini, "app", setting.value, global_settings, setting)
            for name, setting in own.items()
            if name != "use" and (setting.value.startswith("config:") or headers_named(ini, "app", setting.value))
        ]
    if prefix == "filter-app":
        parts.append(read_section(ini, "app", _required(ini, header, own, "next").value, global_settings, own["next"]))
        kind = "filter"
    base = _base(ini, kind, header, own, global_settings)
    return Section(
        header,
        {**base.options, **own},
        {**base.globals, **additions},
        base.factory,
        (*parts, *base.parts),
    )


def _own_options(
    ini: IniFile, header: str, global_settings: Mapping[str, Setting]
) -> tuple[dict[str, Setting], dict[str, Setting]]:
    """Return a section's own options, ``get NAME`` resolved, and what its ``set NAME`` adds to the global settings."""
    own: dict[str, Setting] = {}
    additions: dict[str, Setting] = {}
    for option, setting in ini.options(header).items():
        if option.startswith("set "):
            additions[option[4:].strip()] = setting
        elif option.startswith("get "):
            own[option[4:].strip()] = _get_global(global_settings, setting)
        else:
            own[option] = setting
    return own, additions


def _base(
    ini: IniFile, kind: str, header: str, own: dict[str, Setting], global_settings: Mapping[str, Setting]
) -> Section:
    """Return the section that ``use`` refers to, or one with the factory that this section names itself."""
    use = own.pop("use", None)
    if use is None:
        factories = [group for group in ENTRY_POINT_GROUPS[kind] if group in own]
        if not factories:
            raise_wrong_factory(kind, own)
            raise UserError(
                f"[{header}] names nothing to load",
                at=ini.at(header),
                remedy=f"add: use = egg:NAME, or: {ENTRY_POINT_GROUPS[kind][0]} = package.module:factory",
            )
        factory = own.pop(factories[0])
        check_factory(factory)
        return Section(header, {}, global_settings, factory, ())
    return read_section(ini, kind, use.value, global_settings, use)


def _pipeline(
    ini: IniFile, header: str, own: Mapping[str, Setting], global_settings: Mapping[str, Setting]
) -> list[Section]:
    pipeline = _required(ini, header, own, "pipeline")
    for option, setting in own.items():
        if option not in ("pipeline", "filter-with") and option not in global_settings:
            from gearbox_lite.ini.schema.foreign_names import remedy_in

            hint = remedy_in(option, "pipeline") or "move it to the section of a filter or an application"
            raise at_setting(setting, "a pipeline section has no such setting", hint)
    names = pipeline.value.split()
    is_simple = len(set(names)) == len(names) > 0 and all(headers_named(ini, "filter", name) for name in names[:-1])
    if not is_simple or not headers_named(ini, "app", names[-1]):
        from gearbox_lite.ini.validation.missing import check_pipeline

        check_pipeline(ini, pipeline)
    *filters, application = names
    return [
        *(read_section(ini, "filter", name, global_settings, pipeline) for name in filters),
        read_section(ini, "app", application, global_settings, pipeline),
    ]


def _filter_with(ini: IniFile, setting: Setting, global_settings: Mapping[str, Setting]) -> Section:
    return read_section(ini, "filter", setting.value, global_settings, setting)


def require_section(ini: IniFile, kind: str, name: str) -> None:
    """Raise UserError if an ini has no section of a kind and name that the command line gives."""
    _find_header(ini, kind, name, None)


def _find_header(ini: IniFile, kind: str, name: str, used_by: Setting | None) -> str:
    headers = headers_named(ini, kind, name)
    if len(headers) > 1:
        both = " and ".join(f"[{header}]" for header in headers)
        raise UserError(f"{both} have the same name", at=ini.at(headers[1]), remedy="rename one of them")
    if headers:
        return headers[0]
    from gearbox_lite.ini.validation.missing import missing_section

    raise missing_section(ini, kind, name, used_by)


def _required(ini: IniFile, header: str, own: Mapping[str, Setting], option: str) -> Setting:
    if option in own:
        return own[option]
    raise UserError(f"[{header}] has no setting {option}", at=ini.at(header), remedy=f"add: {option} = NAME")


def _get_global(global_settings: Mapping[str, Setting], setting: Setting) -> Setting:
    if setting.value in global_settings:
        return global_settings[setting.value]
    raise at_setting(setting, f"there is no global setting {setting.value}", "set it in [DEFAULT]")


def _existing_ini(ini: IniFile, use: Setting, name: str) -> Path:
    path = inherited_path(ini.path, name)
    try:
        kind = path.stat().st_mode
    except FileNotFoundError as error:
        raise at_setting(use, f"there is no file {name} next to this ini", "correct the name") from error
    except OSError as error:
        raise at_setting(use, f"it cannot be accessed: {error.strerror}", "correct the name or its folder") from error
    except ValueError as error:
        raise at_setting(use, "the name has a NUL character", "correct the name") from error
    if not stat.S_ISREG(kind):
        raise at_setting(use, f"{name} is a folder or a device, not an ini", "correct the name")
    return path
