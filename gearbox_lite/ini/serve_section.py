"""The [serve] section: what ``gearbox-lite serve`` does beside serving."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from typing import Any

from gearbox_lite.booleans import as_bool
from gearbox_lite.errors import Location, Setting, at_setting, nearest
from gearbox_lite.ini.locate import IniFile

_HOST_NAME = re.compile(r"(?:\*?\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?", re.ASCII)
WORKER_TIMEOUT = 60.0
"""Seconds; generous, since a machine that swaps may stop a process for a while."""


@dataclass(frozen=True)
class ServeOptions:
    """The options of [serve] and of the command line."""

    reload: bool = False
    workers: int = 1
    watch: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    drain_timeout: float = 10.0
    worker_timeout: float | None = None
    access_log: bool = False
    open_browser: bool = False
    allowed_hosts: tuple[str, ...] = ()

    @property
    def seconds_without_answer(self) -> float:
        """After how many seconds a worker that does not answer is replaced, 0 for never.

        With reload the default is never: a debugger may stop the whole process for as long as it likes.
        """
        if self.worker_timeout is not None:
            return self.worker_timeout
        return 0.0 if self.reload else WORKER_TIMEOUT


def read(ini: IniFile, given: Mapping[str, str]) -> ServeOptions:
    """Read [serve]; ``given`` are the command line's options, which win.

    Raises UserError for an unknown name and a value that cannot be used.
    """
    section = ini.options("serve") if "serve" in ini.sections() else {}
    options = {name: Setting(name, text, Location(f"--{name.replace('_', '-')}")) for name, text in given.items()}
    result = ServeOptions()
    for name, setting in {**section, **options}.items():
        if name not in _CONVERT:
            guess = nearest(name, list(_CONVERT))
            raise at_setting(
                setting, "[serve] has no such setting", f"did you mean {guess}?" if guess else f"it has {_NAMES}"
            )
        result = replace(result, **{name: _CONVERT[name](setting)})
    return result


def _workers(setting: Setting) -> int:
    if not setting.value.isdecimal() or not 1 <= int(setting.value) <= 1000:
        raise at_setting(setting, "not a number of workers", "write a number from 1 up")
    return int(setting.value)


def _seconds(setting: Setting) -> float:
    try:
        seconds = float(setting.value)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 1e6:
        raise at_setting(setting, "not a time in seconds", "write a number from 0 up")
    return seconds


def _globs(setting: Setting) -> tuple[str, ...]:
    return tuple(setting.value.split())


def _hosts(setting: Setting) -> tuple[str, ...]:
    for name in setting.value.split():
        if _HOST_NAME.fullmatch(name) is None and not _is_address(name):
            raise at_setting(
                setting, f"{name} is not a host name", "write names without ports, .example.com for all below a domain"
            )
    return tuple(setting.value.split())


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


_CONVERT: dict[str, Callable[[Setting], Any]] = {
    "reload": as_bool,
    "workers": _workers,
    "watch": _globs,
    "ignore": _globs,
    "drain_timeout": _seconds,
    "worker_timeout": _seconds,
    "access_log": as_bool,
    "open_browser": as_bool,
    "allowed_hosts": _hosts,
}
_NAMES = ", ".join(field.name for field in fields(ServeOptions))
