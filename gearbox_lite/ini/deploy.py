"""The sections of a PasteDeploy ini that make up an application or a server, read without importing anything.

PasteDeploy itself loads them later. Reading them first finds every mistake that is in the ini while its file and
line are known, and tells what the server must know before the application is imported.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gearbox_lite.errors import Location, Setting, UserError, at_setting, nearest
from gearbox_lite.ini.inherited import inherited_path
from gearbox_lite.ini.locate import IniFile

# The section prefixes and entry point groups of paste.deploy.loadwsgi, PasteDeploy 3.1.
PREFIXES = {
    "app": ("app", "application", "composite", "composit", "pipeline", "filter-app"),
    "filter": ("filter",),
    "server": ("server",),
}
GROUPS = {
    "app": ("paste.app_factory", "paste.composite_factory", "paste.composit_factory"),
    "filter": ("paste.filter_factory", "paste.filter_app_factory"),
    "server": ("paste.server_factory", "paste.server_runner"),
}


@dataclass(frozen=True)
class Section:
    """One section with all that it inherits: its own options, the global ones, and the sections that it joins."""

    name: str
    options: Mapping[str, Setting]
    globals: Mapping[str, Setting]
    factory: Setting | None
    parts: tuple[Section, ...]

    def walk(self) -> Iterator[Section]:
        """Yield this section and all that it joins, outermost first."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def innermost(self) -> Section:
        """The application itself, without the filters around it."""
        wraps = self.factory is None or self.name.startswith("filter-app")
        return self.parts[-1].innermost if wraps and self.parts else self

    def get(self, option: str) -> Setting | None:
        """Return what the section's factory gets for ``option``: a global one hides the section's own."""
        return self.globals.get(option) or self.options.get(option)


def read(ini: IniFile, kind: str, name: str, outer: Mapping[str, Setting], used_by: Setting | None = None) -> Section:
    """Read section ``name`` of a kind ("app", "filter", "server") and all that it uses.

    Where another setting names it, it may also be in another ini or a distribution (``config:``, ``egg:``, ``call:``).
    ``outer`` holds the global settings of the ini that got here. Raises UserError, with file and line, for a
    section, file, distribution or factory that is not there.
    """
    scheme, colon, rest = name.partition(":")
    scheme = scheme if colon else ""  # a section may be named egg or config
    if used_by is not None and scheme in ("egg", "call"):
        use = Setting(used_by.name, name, used_by.at)
        if scheme == "egg":
            _check_egg(use, kind, rest)
        return Section(name, {}, outer, use, ())
    if used_by is not None and scheme == "config":
        path, _, name = rest.partition("#")
        ini = IniFile(_inherited(ini, used_by, path), outer)
        name = name or "main"
    header = _find(ini, kind, name, used_by)
    global_settings = {**ini.defaults(), **outer}
    own: dict[str, Setting] = {}
    additions: dict[str, Setting] = {}
    for option, setting in ini.options(header).items():
        if option.startswith("set "):
            additions[option[4:].strip()] = setting
        elif option.startswith("get "):
            own[option[4:].strip()] = _global(global_settings, setting)
        else:
            own[option] = setting
    global_settings |= additions
    parts = [_filter_with(ini, setting, global_settings) for key, setting in own.items() if key == "filter-with"]
    prefix = header.split(":")[0]
    if prefix == "pipeline":
        parts += _pipeline(ini, header, own, global_settings)
        return Section(header, own, global_settings, None, tuple(parts))
    if prefix in ("composite", "composit"):
        parts += [
            read(ini, "app", setting.value, global_settings, setting)
            for name, setting in own.items()
            if name != "use" and (setting.value.startswith("config:") or _headers(ini, "app", setting.value))
        ]
    if prefix == "filter-app":
        parts.append(read(ini, "app", _required(ini, header, own, "next").value, global_settings, own["next"]))
        kind = "filter"
    base = _base(ini, kind, header, own, global_settings)
    return Section(
        header,
        {**base.options, **own},
        {**base.globals, **additions},
        base.factory,
        (*parts, *base.parts),
    )


def _base(
    ini: IniFile, kind: str, header: str, own: dict[str, Setting], global_settings: Mapping[str, Setting]
) -> Section:
    """Follow the section's ``use``, or take the factory that it names itself."""
    use = own.pop("use", None)
    if use is None:
        factories = [group for group in GROUPS[kind] if group in own]
        if not factories:
            raise UserError(
                f"[{header}] does not say what to load",
                at=ini.at(header),
                remedy=f"add: use = egg:NAME, or: {GROUPS[kind][0]} = package.module:factory",
            )
        return Section(header, {}, global_settings, own.pop(factories[0]), ())
    return read(ini, kind, use.value, global_settings, use)


def _pipeline(
    ini: IniFile, header: str, own: Mapping[str, Setting], global_settings: Mapping[str, Setting]
) -> list[Section]:
    pipeline = _required(ini, header, own, "pipeline")
    for option, setting in own.items():
        if option not in ("pipeline", "filter-with") and option not in global_settings:
            raise at_setting(setting, f"[{header}] takes no such setting", "move it to the section of a filter or app")
    names = pipeline.value.split()
    if not names:
        raise at_setting(pipeline, "the pipeline is empty", "name its filters and, last, its application")
    filters = [read(ini, "filter", name, global_settings, pipeline) for name in names[:-1]]
    return [*filters, read(ini, "app", names[-1], global_settings, pipeline)]


def _filter_with(ini: IniFile, setting: Setting, global_settings: Mapping[str, Setting]) -> Section:
    return read(ini, "filter", setting.value, global_settings, setting)


def _headers(ini: IniFile, kind: str, name: str) -> list[str]:
    return [header for header in ini.sections() if _named(header, kind) == name]


def _named(header: str, kind: str) -> str | None:
    """Return the name in a section's header, None where it is of another kind."""
    prefix, _, name = header.partition(":")
    return (name.strip() or "main") if prefix in PREFIXES[kind] else None


def _find(ini: IniFile, kind: str, name: str, used_by: Setting | None) -> str:
    headers = _headers(ini, kind, name)
    if len(headers) > 1:
        both = " and ".join(f"[{header}]" for header in headers)
        raise UserError(f"{both} have the same name", at=ini.at(headers[1]), remedy="rename one of them")
    if headers:
        return headers[0]
    known = [name for name in (_named(header, kind) for header in ini.sections()) if name]
    if used_by is not None:
        guess = nearest(name, known)
        hint = f"did you mean {guess!r}?" if guess else f"write a section [{kind}:{name}]"
        raise at_setting(used_by, f"there is no section [{kind}:{name}] in {ini.path.name}", hint)
    if kind == "app" and not known:
        raise UserError(
            "not a PasteDeploy ini: it has no [app:...] or [pipeline:...] section",
            at=Location(ini.path),
            remedy="`gearbox-lite quickstart hello` writes one that works",
        )
    option = {"app": "--app-name", "server": "--server-name"}[kind]
    there = f"choose one with {option}: {', '.join(known)}" if known else f"add a section [{kind}:{name}]"
    raise UserError(f"there is no section [{kind}:{name}]", at=Location(ini.path), remedy=there)


def _required(ini: IniFile, header: str, own: Mapping[str, Setting], option: str) -> Setting:
    if option in own:
        return own[option]
    raise UserError(f"[{header}] has no setting {option}", at=ini.at(header), remedy=f"add: {option} = NAME")


def _global(global_settings: Mapping[str, Setting], setting: Setting) -> Setting:
    if setting.value in global_settings:
        return global_settings[setting.value]
    raise at_setting(setting, f"there is no global setting {setting.value}", "set it in [DEFAULT]")


def factory_module(app: Section) -> str | None:
    """Return the dotted name of the module whose factory makes an application; None where the ini does not say."""
    factory = app.innermost.factory
    if factory is None:
        return None
    scheme, _, rest = factory.value.partition(":")
    if scheme == "egg":
        name, _, entry = rest.partition("#")
        points = metadata.distribution(name).entry_points
        return next(
            point.module for point in points if point.group in GROUPS["app"] and point.name == (entry or "main")
        )
    return rest.partition(":")[0] if scheme == "call" else scheme


def _inherited(ini: IniFile, use: Setting, name: str) -> Path:
    path = inherited_path(ini.path, name)
    try:
        kind = path.stat().st_mode
    except FileNotFoundError as error:
        raise at_setting(use, f"there is no file {name} beside this ini", "correct the name") from error
    except OSError as error:
        raise at_setting(use, f"it cannot be reached: {error.strerror}", "correct the name or its folder") from error
    except ValueError as error:
        raise at_setting(use, "the name has a NUL character", "correct the name") from error
    if not stat.S_ISREG(kind):
        raise at_setting(use, f"{name} is a folder or a device, not an ini", "correct the name")
    return path


def _check_egg(use: Setting, kind: str, spec: str) -> None:
    name, _, entry = spec.partition("#")
    try:
        distribution = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError) as error:
        raise at_setting(
            use, f"no distribution {name!r} is installed", f"install it: pip install {name or 'NAME'}"
        ) from error
    entries = [point.name for point in distribution.entry_points if point.group in GROUPS[kind]]
    if (entry or "main") not in entries:
        there = f"it has: {', '.join(entries)}" if entries else f"it has no {kind} at all"
        raise at_setting(use, f"{name} has no {kind} {entry or 'main'!r}", there)
