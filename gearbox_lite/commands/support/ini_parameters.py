"""The parameters that commands share: INI, NAME=VALUE, --config and --app-name."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from gearbox_lite.application.user_code import make_importable
from gearbox_lite.errors import UserError
from gearbox_lite.ini.discover import find_ini
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import AppSettings, read_app_settings

Function = Callable[..., Any]
INI_PATH = click.Path(readable=False)
"""The type of a parameter that names an ini, readable or not; ``find_ini`` reports what is wrong with it."""


def ini_parameters(*config: str) -> Callable[[Function], Function]:
    """Give a command the parameters ``arguments``, ``ini`` (an option written as ``config``) and ``app_name``."""

    def decorate(function: Function) -> Function:
        arguments = click.argument("arguments", nargs=-1, metavar="[INI] [NAME=VALUE]...", type=INI_PATH)
        return arguments(ini_options(*config, text="The ini; the same as the argument INI.")(function))

    return decorate


def ini_options(*config: str, text: str = "The ini (default: development.ini).") -> Callable[[Function], Function]:
    """Give a command or group the options ``ini`` (written as ``config``) and ``app_name``."""
    options = (
        click.option(*config, "ini", metavar="INI", type=INI_PATH, help=text),
        click.option(
            "-n",
            "--app-name",
            metavar="NAME",
            default="main",
            help="Section [app:...] or [pipeline:...] (default: main).",
        ),
    )

    def decorate(function: Function) -> Function:
        return options[0](options[1](function))

    return decorate


def split_arguments(arguments: tuple[str, ...], config: str | None) -> tuple[str | None, dict[str, str]]:
    """Separate the ini from the variables. Raises UserError for two inis, and for a word that was not meant as one."""
    names = [config] if config else []
    variables = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and name:
            variables[name] = value
        else:
            _refuse_other_words(argument)
            names.append(argument)
    if len(names) > 1:
        raise UserError(f"{' and '.join(names)}: only one ini is allowed", remedy="write variables as NAME=VALUE")
    return (names[0] if names else None), variables


def _refuse_other_words(argument: str) -> None:
    """Raise UserError for an argument that is known to mean something else than an ini."""
    _refuse_expanded_glob(argument)
    if os.path.isfile(argument) and not argument.endswith(".py"):
        return
    from gearbox_lite.commands.support.mistyped import argument_remedy

    context = click.get_current_context()
    remedy = argument_remedy(argument, context.obj["arguments"], context.info_name or "")
    if remedy:
        raise UserError(f"{argument}: this is not an ini", remedy=remedy)


def _refuse_expanded_glob(argument: str) -> None:
    """Raise UserError for a file that the shell has made of the glob of --watch or --ignore."""
    typed = click.get_current_context().obj["arguments"]
    path = Path(argument)
    for option, value in itertools.pairwise(typed):
        first = Path(value)
        is_alike = (first.parent, first.suffix) == (path.parent, path.suffix) and path.suffix != ".ini"
        if option in ("--watch", "--ignore") and is_alike and path != first and path.exists():
            glob = first.parent / f"*{first.suffix}"
            problem = f"this is not an ini; the shell has expanded the glob of {option}"
            raise UserError(f"{argument}: {problem}", remedy=f"quote it: {option} '{glob}'")


def share_options(context: click.Context) -> None:
    """Make a group's options the defaults of its subcommands, so that they are accepted before and after the name."""
    group = context.command
    assert isinstance(group, click.Group)  # noqa: S101 (narrows the type)
    given = {name: value for name, value in context.params.items() if value is not None}
    context.default_map = dict.fromkeys(group.commands, given)


def read_ini(arguments: tuple[str, ...], ini: str | None, app_name: str) -> AppSettings:
    """Read the application's part of the ini, and make the project next to it importable. Raises UserError.

    An ini after the subcommand's name takes precedence over one before it.
    """
    of_group = click.get_current_context().get_parameter_source("ini") is ParameterSource.DEFAULT_MAP
    name, variables = split_arguments(arguments, None if of_group else ini)
    if of_group and name is None:
        name = ini
    path = find_ini(name, Path.cwd())
    make_importable(path.parent)
    return read_app_settings(path, Overrides(app_name, variables=variables))
