"""The command line that the commands share which are about an ini's application."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gearbox_lite.commands.serve import INI, split_arguments
from gearbox_lite.ini.settings import AppSettings, Overrides, find_ini, load_app

Function = Callable[..., Any]


def ini_parameters(*config: str) -> Callable[[Function], Function]:
    """Give a command the parameters ``arguments``, ``ini`` (an option written as ``config``) and ``app_name``."""
    parameters = (
        click.argument("arguments", nargs=-1, metavar="[INI] [NAME=VALUE]...", type=INI),
        click.option(*config, "ini", metavar="INI", type=INI, help="The ini, the same as the argument INI."),
        click.option("-n", "--app-name", default="main", show_default=True, help="Which [app:...] or [pipeline:...]."),
    )

    def decorate(function: Function) -> Function:
        for parameter in reversed(parameters):
            function = parameter(function)
        return function

    return decorate


def read_ini(arguments: tuple[str, ...], ini: str | None, app_name: str) -> AppSettings:
    """Return what the ini says of its application, and make the project beside it importable. Raises UserError."""
    name, variables = split_arguments(arguments, ini)
    path = find_ini(name, Path.cwd())
    sys.path.insert(0, str(path.parent))
    return load_app(path, Overrides(app_name, variables=variables))
