"""The settings of ``[filter:debug]``, and those of ``[serve]`` that debug pages use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gearbox_lite.booleans import as_bool
from gearbox_lite.errors import Location, Setting, UserError, at_setting, nearest
from gearbox_lite.ini.parsing.inherited import locate_setting

FILTER_SETTINGS = ("debug", "debug.console")


def check_settings(global_conf: Mapping[str, str], local_conf: Mapping[str, str]) -> None:
    """Raise UserError for an unknown setting of the section, or one that is neither true nor false."""
    ini = global_conf.get("__file__")
    for name, value in local_conf.items():
        at = locate_setting(Path(ini), name, global_conf) if ini else Location("[filter:debug]")
        setting = Setting(name, value, at)
        if name not in FILTER_SETTINGS:
            guess = nearest(name, list(FILTER_SETTINGS))
            remedy = f"did you mean {guess}?" if guess else f"it has {', '.join(FILTER_SETTINGS)}"
            raise at_setting(setting, "the debug filter has no such setting", remedy)
        as_bool(setting)


def editor_of(ini: str) -> str:
    """Return the editor that an ini's ``[serve]`` names; empty if it names none, or if the ini cannot be read."""
    from gearbox_lite.ini.parsing.ini_file import IniFile
    from gearbox_lite.ini.settings import read_serve_section

    try:
        return read_serve_section(IniFile(Path(ini), {}), {}).editor if ini else ""
    except UserError:
        return ""
