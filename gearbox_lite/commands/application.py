"""The command line that the commands share which are about an ini's application."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from gearbox_lite.application.user_code import make_importable
from gearbox_lite.commands.serve import INI, split_arguments
from gearbox_lite.ini.settings import AppSettings, Overrides, find_ini, load_app

Function = Callable[..., Any]


def ini_parameters(*config: str) -> Callable[[Function], Function]:
    """Give a command the parameters ``arguments``, ``ini`` (an option written as ``config``) and ``app_name``."""

    def decorate(function: Function) -> Function:
        arguments = click.argument("arguments", nargs=-1, metavar="[INI] [NAME=VALUE]...", type=INI)
        return arguments(ini_options(*config, text="The ini, the same as the argument INI.")(function))

    return decorate


def ini_options(*config: str, text: str = "The ini; development.ini by default.") -> Callable[[Function], Function]:
    """Give a command or group the options ``ini`` (written as ``config``) and ``app_name``."""
    options = (
        click.option(*config, "ini", metavar="INI", type=INI, help=text),
        click.option("-n", "--app-name", default="main", show_default=True, help="Which [app:...] or [pipeline:...]."),
    )

    def decorate(function: Function) -> Function:
        return options[0](options[1](function))

    return decorate


def hand_on(context: click.Context) -> None:
    """Make a group's options the defaults of its commands, so that they are accepted on both sides."""
    group = context.command
    assert isinstance(group, click.Group)  # noqa: S101 (narrows the type)
    given = {name: value for name, value in context.params.items() if value is not None}
    context.default_map = dict.fromkeys(group.commands, given)


def read_ini(arguments: tuple[str, ...], ini: str | None, app_name: str) -> AppSettings:
    """Return what the ini says of its application, and make the project beside it importable. Raises UserError."""
    of_group = click.get_current_context().get_parameter_source("ini") is ParameterSource.DEFAULT_MAP
    name, variables = split_arguments(arguments, None if of_group else ini)
    if of_group and name is None:
        name = ini
    path = find_ini(name, Path.cwd())
    make_importable(path.parent)
    return load_app(path, Overrides(app_name, variables=variables))
