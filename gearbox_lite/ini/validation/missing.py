"""Sections that an ini names and does not have: which one was meant."""

from __future__ import annotations

import re

from gearbox_lite.errors import MIN_SIMILARITY, Location, Setting, UserError, at_setting, nearest, wrong_value
from gearbox_lite.ini.parsing.ini_file import IniFile
from gearbox_lite.ini.validation.factories import ENTRY_POINT_GROUPS, distribution_of_server
from gearbox_lite.ini.validation.sections import headers_named, name_in

_OPTIONS = {"app": "--app-name", "server": "--server-name"}
_EXAMPLES = {"server": "egg:waitress#main", "filter": "egg:gearbox_lite#session", "app": "egg:NAME"}


def missing_section(ini: IniFile, kind: str, name: str, used_by: Setting | None) -> UserError:
    """Return the error for a section that does not exist; ``used_by`` is the setting that names it, if one does."""
    known = [found for found in (name_in(header, kind) for header in ini.sections()) if found]
    if used_by is not None:
        return _missing_in_setting(ini, kind, name, used_by, known)
    if kind == "app" and not known:
        return UserError(
            "not a PasteDeploy ini: it has no [app:...] or [pipeline:...] section",
            at=Location(ini.path),
            remedy="`gearbox-lite quickstart hello` writes one that works",
        )
    option = _OPTIONS[kind]
    guess = nearest(name, known, cutoff=MIN_SIMILARITY)
    headers = headers_named(ini, kind, guess) if guess else []
    if name == "main" and len(headers) == 1:
        header = headers[0]
        remedy = f"rename it to [{header.partition(':')[0]}:main], or pass {option} {guess}"
        return UserError(f"there is no section [{kind}:main], but [{header}]", at=ini.at(header), remedy=remedy)
    remedy = f"choose one with {option}: {', '.join(known)}" if known else f"add a section [{kind}:{name}]"
    return UserError(f"there is no section [{kind}:{name}]", at=Location(ini.path), remedy=remedy)


def _missing_in_setting(ini: IniFile, kind: str, name: str, used_by: Setting, known: list[str]) -> UserError:
    problem = f"there is no section [{kind}:{name}] in {ini.path.name}"
    scheme, colon, rest = name.partition(":")
    if not name:
        return at_setting(used_by, "it names nothing", f"write for example {used_by.name} = {_EXAMPLES[kind]}")
    if colon and scheme.strip().lower() in ("egg", "config", "call"):
        return wrong_value(used_by, f"{scheme}: is not a scheme", f"write {scheme.strip().lower()}:{rest.strip()}")
    if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", name) and "." in name:
        return at_setting(used_by, problem, f"write {ENTRY_POINT_GROUPS[kind][0]} = {name}")
    if kind == "server" and (spec := distribution_of_server(name)) is not None:
        return at_setting(used_by, problem, f"write {used_by.name} = {spec}")
    guess = nearest(name, known, cutoff=MIN_SIMILARITY)
    if guess is not None:
        header = headers_named(ini, kind, guess)[0]
        problem += f", but [{header}] on line {ini.at(header).line}"
        return wrong_value(used_by, problem, f"write {guess} here, or rename that section")
    return wrong_value(used_by, problem, f"write a section [{kind}:{name}]")


def check_pipeline(ini: IniFile, pipeline: Setting) -> None:
    """Raise UserError if the names of a pipeline are none, or are in the wrong order or form."""
    text = pipeline.value
    names = text.split()
    if not names:
        raise at_setting(pipeline, "the pipeline is empty", "name its filters and, last, its application")
    plain = [
        name.removeprefix("filter:").removeprefix("app:") if not headers_named(ini, "filter", name) else name
        for name in re.split(r"[,;|>\s]+|->", text)
        if name
    ]
    filters = [name for name in plain if headers_named(ini, "filter", name)]
    applications = [name for name in plain if headers_named(ini, "app", name)]
    if plain != names and len(filters) + len(applications) == len(plain):
        remedy = f"write {pipeline.name} = {' '.join([*filters, *applications])}"
        raise wrong_value(pipeline, "a pipeline is names of sections with spaces between them", remedy)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise at_setting(
            pipeline, f"{twice} is in it twice", f"write {pipeline.name} = {' '.join(dict.fromkeys(names))}"
        )
    if any(name in applications and name not in filters for name in names[:-1]) and names[-1] in filters:
        remedy = f"write {pipeline.name} = {' '.join([*filters, *applications])}"
        raise at_setting(pipeline, "the application comes last", remedy)
    if names[-1] in filters and names[-1] not in applications:
        own = [found for header in ini.sections() if header.startswith("app:") and (found := name_in(header, "app"))]
        example = own[0] if own else "NAME"
        problem = f"there is no section [app:{names[-1]}], and the last name is that of the application"
        raise at_setting(pipeline, problem, f"write {pipeline.name} = {' '.join(names)} {example}")
