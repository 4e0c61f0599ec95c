"""The settings of [serve]: one table with each one's type, default and meaning, and the values read from an ini."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from gearbox_lite.booleans import as_bool
from gearbox_lite.errors import Setting, wrong_value

_HOST_NAME = re.compile(r"(?:\*?\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?", re.ASCII)
WORKER_TIMEOUT = 60.0
"""Seconds; generous, since a machine that swaps may stop a process for a while."""


@dataclass(frozen=True)
class ServeOptions:
    """The values of [serve], with the options of the command line applied."""

    reload: bool = False
    live_reload: bool = False
    workers: int = 1
    watch: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    drain_timeout: float = 10.0
    worker_timeout: float | None = None
    access_log: bool = False
    open_browser: bool = False
    allowed_hosts: tuple[str, ...] = ()
    editor: str = ""

    @property
    def seconds_without_answer(self) -> float:
        """After how many seconds a worker that does not answer is replaced; 0 means never.

        With reload the default is never, because a debugger may stop the whole process for any length of time.
        """
        if self.worker_timeout is not None:
            return self.worker_timeout
        return 0.0 if self.reload else WORKER_TIMEOUT


def _workers(setting: Setting) -> int:
    if not setting.value.isdecimal() or not 1 <= int(setting.value) <= 1000:
        raise wrong_value(setting, "not a valid number of workers", "write a number from 1 to 1000")
    return int(setting.value)


def _seconds(setting: Setting) -> float:
    try:
        seconds = float(setting.value)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < 1e6:
        from gearbox_lite.quantities import seconds_meant

        meant = seconds_meant(setting.value)
        remedy = f"write {meant:g}" if meant is not None and meant < 1e6 else "write a number, 0 or more"
        raise wrong_value(setting, "not a valid time in seconds", remedy)
    return seconds


def _globs(setting: Setting) -> tuple[str, ...]:
    if "," in setting.value or ";" in setting.value:
        globs = setting.value.replace(",", " ").replace(";", " ").split()
        raise wrong_value(setting, "globs are separated by spaces", f"write {' '.join(globs)}")
    globs = setting.value.split()
    for glob in globs:
        from gearbox_lite import value_syntax

        explained = value_syntax.literal(glob)
        if explained is not None:
            raise wrong_value(replace(setting, value=glob), *explained)
    return tuple(globs)


def _hosts(setting: Setting) -> tuple[str, ...]:
    for name in setting.value.split():
        if _HOST_NAME.fullmatch(name) is None and not _is_address(name):
            remedy = "write names without ports; .example.com allows a domain and all its subdomains"
            if "," in setting.value or ";" in setting.value:
                names = setting.value.replace(",", " ").replace(";", " ").split()
                remedy = f"{remedy}, and spaces separate them: {' '.join(names)}"
            raise wrong_value(setting, f"{name} is not a host name", remedy)
    return tuple(setting.value.split())


def _editor(setting: Setting) -> str:
    from gearbox_lite.ini.schema import editors

    if setting.value and not editors.is_editor(setting.value):
        known = ", ".join(editors.EDITORS)
        raise wrong_value(setting, "not an editor", f"write {known}, or a URL with {{file}} and {{line}}")
    return setting.value


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class ServeSetting:
    """One row of the table: how an ini's text is converted, and what the reference says of the setting.

    ``options`` are the options of ``gearbox-lite serve`` that override it.
    """

    convert: Callable[[Setting], Any]
    type: str
    default: str
    meaning: str
    example: str
    options: str = ""


SERVE_SETTINGS = {
    "reload": ServeSetting(
        as_bool,
        "true or false",
        "false",
        "Load the application again when one of its Python files or the ini changes. Requests are neither refused "
        "nor cut while it reloads.",
        "true",
        "--reload, --no-reload",
    ),
    "live_reload": ServeSetting(
        as_bool,
        "true or false",
        "false",
        "Have the browser load a page again after a change of the application or of a template, and replace style "
        "sheets. It needs `reload` and `debug = true`, and waitress as the server.",
        "true",
        "--live-reload, --no-live-reload",
    ),
    "workers": ServeSetting(
        _workers,
        "1 to 1000",
        "1",
        "How many worker processes answer requests, on the same port. With 2 or more, SIGHUP reloads them. A server "
        "other than waitress has its own setting for this.",
        "4",
        "--workers",
    ),
    "watch": ServeSetting(
        _globs,
        "globs, separated by spaces",
        "",
        "Further files whose changes cause a reload, relative to the ini's folder.",
        "data/*.json texts/*.md",
        "--watch, which may be repeated",
    ),
    "ignore": ServeSetting(
        _globs,
        "globs, separated by spaces",
        "",
        "Files whose changes cause no reload, relative to the ini's folder.",
        "hello/generated/*.py",
        "--ignore, which may be repeated",
    ),
    "drain_timeout": ServeSetting(
        _seconds,
        "seconds, 0 or more",
        "10",
        "How long a graceful shutdown waits for running requests before it cuts them. It applies when the server stops "
        "and when a reload replaces a worker.",
        "30",
        "--drain-timeout",
    ),
    "worker_timeout": ServeSetting(
        _seconds,
        "seconds, 0 or more",
        f"{WORKER_TIMEOUT:.0f}; 0 with reload",
        "A worker that has not responded to the supervisor for this long is killed and replaced; 0 disables this. A "
        "slow request does not count as long as other threads of the worker can run.",
        "120",
        "--worker-timeout",
    ),
    "access_log": ServeSetting(
        as_bool,
        "true or false",
        "false",
        "Write one line for each request: time, client address, method, path, status, bytes and duration.",
        "true",
        "--access-log, --no-access-log",
    ),
    "open_browser": ServeSetting(
        as_bool, "true or false", "false", "Open the browser once the server runs.", "true", "--open"
    ),
    "allowed_hosts": ServeSetting(
        _hosts,
        "host names, separated by spaces",
        "",
        "While debug is true, further host names that requests may be sent to, besides localhost and the address that "
        "the server listens on. Others are answered 400, because a web page could resolve its own name to this machine "
        "(DNS rebinding). A leading dot allows a domain and all its subdomains.",
        "hello.test .example.com",
    ),
    "editor": ServeSetting(
        _editor,
        "an editor, or a URL with {file} and {line}",
        "",
        "The editor in which the links of the debug page open a file: vscode, pycharm, zed, subl, or the URL that "
        "another one registers with the system. Without it, the variable EDITOR is recognized if it has the command of "
        "one of these.",
        "vscode",
    ),
}
"""Every setting of [serve], in the order in which the reference lists them."""
