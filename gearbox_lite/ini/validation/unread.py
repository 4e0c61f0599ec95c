"""Settings that nothing reads, although their names are right: in another section, or hidden by [DEFAULT]."""

from __future__ import annotations

import re

from gearbox_lite.errors import at_setting, nearest
from gearbox_lite.findings import Finding
from gearbox_lite.ini.parsing.ini_file import IniFile
from gearbox_lite.ini.parsing.references import VARIABLE
from gearbox_lite.ini.schema.serve_section import SERVE_SETTINGS
from gearbox_lite.ini.validation.logging_sections import check_logging_sections
from gearbox_lite.ini.validation.sections import is_paste_section
from gearbox_lite.masking import is_secret

_SERVER = frozenset({"port", "listen", "threads", "unix_socket", "trusted_proxy", "max_request_body_size"})
"""Settings of waitress that no application reads from [DEFAULT]."""

_SAME_NAME = 0.8
"""The ratio of difflib's from which a name is taken for a mistyped ``debug``."""


def check_unread(ini: IniFile) -> None:
    """Raise UserError, with the line, for the first setting that has no effect and was surely meant to have one."""
    _check_hidden(ini)
    _check_debug(ini)
    _check_defaults(ini)
    check_logging_sections(ini)


def unread_sections(ini: IniFile) -> list[Finding]:
    """Return a warning for each filter that nothing uses and each section of logging that no keys name."""
    found: list[Finding] = []
    values = [
        ini.raw(header, name).value
        for header in filter(is_paste_section, ini.sections())
        for name in ini.written(header)
    ]
    used = {word.rpartition("#")[2] for value in values for word in value.split()}
    for header in ini.sections():
        kind, colon, name = header.partition(":")
        if colon and kind == "filter" and name.strip() not in used:
            message = f"[{header}]: nothing uses this filter; add {name} to the pipeline, or remove the section"
            found.append(Finding("unread-setting", "warning", ini.at(header), message))
        kind, mark, name = header.partition("_")
        keys = re.split(r"[,\s]+", ini.raw(f"{kind}s", "keys").value)
        are_valid = all(f"{kind}_{key}" in ini.sections() for key in keys)  # otherwise one of them is mistyped
        if mark and f"{kind}s" in ("loggers", "handlers", "formatters") and name not in keys and are_valid:
            remedy = f"add {name} to the keys of [{kind}s], or remove it"
            message = f"[{header}]: logging does not read this section; {remedy}"
            found.append(Finding("unread-setting", "warning", ini.at(header), message))
    return found


def _check_hidden(ini: IniFile) -> None:
    """Refuse a setting that [DEFAULT] has too, with another value, which PasteDeploy then uses."""
    shared = {name: ini.raw("DEFAULT", name) for name in ini.written("DEFAULT")}
    for header in filter(is_paste_section, ini.sections()):
        if header.partition(":")[0] == "server":  # [DEFAULT] hides nothing there
            continue
        names = ini.written(header)
        used = {reference for name in names for reference in VARIABLE.findall(ini.raw(header, name).value)}
        for name in names:
            if is_secret(name):  # `session rotate-key` cleans up hidden keys
                continue
            if name in shared and name not in used and ini.raw(header, name).value != shared[name].value:
                setting, line = ini.raw(header, name), shared[name].at.line
                problem = f"no effect in [{header}]: {shared[name]} in [DEFAULT] wins"
                raise at_setting(setting, problem, f"change line {line}, or write set {setting}")


def _check_debug(ini: IniFile) -> None:
    """Refuse a mistyped ``debug`` in [DEFAULT], where a project may have any names of its own."""
    for name in ini.written("DEFAULT"):
        if name != "debug" and nearest(name.lower(), ["debug"], cutoff=_SAME_NAME):
            raise at_setting(ini.raw("DEFAULT", name), "nothing reads this setting in [DEFAULT]", "write debug")


def _check_defaults(ini: IniFile) -> None:
    """Refuse a setting of [serve] or of waitress in [DEFAULT] that no value refers to."""
    names = [name for name in ini.written("DEFAULT") if name in SERVE_SETTINGS or name in _SERVER]
    if not names:
        return
    headers = ["DEFAULT", *ini.sections()]
    everything = [(name, ini.raw(header, name).value) for header in headers for name in ini.written(header)]
    used = {reference for _, value in everything for reference in VARIABLE.findall(value)}
    used |= {value for name, value in everything if name.startswith("get ")}
    for name in names:
        if name not in used:
            from gearbox_lite.ini.schema.foreign_names import section_of

            setting = ini.raw("DEFAULT", name)
            remedy = f"write {name} in [{section_of(name)}]"
            raise at_setting(setting, "nothing reads this setting in [DEFAULT]", remedy)
