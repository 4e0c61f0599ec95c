"""``gearbox-lite info``."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict, astuple
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gearbox_lite.application.user_code import make_importable
from gearbox_lite.commands.routes import ROUTES_HEADER
from gearbox_lite.commands.support.ini_parameters import ini_parameters, split_arguments
from gearbox_lite.commands.support.tables import table
from gearbox_lite.errors import UserError, short_path
from gearbox_lite.ini.discover import find_ini
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.output import show

if TYPE_CHECKING:
    from gearbox_lite.application.project_info import ProjectInfo


@click.command(name="info")
@ini_parameters("-c", "--config")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object, for tools.")
@click.pass_context
def command(
    context: click.Context, *, arguments: tuple[str, ...], ini: str | None, app_name: str, as_json: bool
) -> None:
    """Show a project's versions, pipeline, session store, routes and templates, without secrets.

    INI defaults to development.ini; NAME=VALUE sets a variable that the ini uses as %(NAME)s. If the application does
    not load, the rest is shown, and then the error. Routes and templates are those of a TurboGears application.
    """
    name, variables = split_arguments(arguments, ini)
    # What the application prints while it loads must not get into the output.
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        info, error = _describe(name, Overrides(app_name, variables=variables))
    if as_json:
        show(*json.dumps(asdict(info), indent=2).splitlines())
    else:
        _show_info(info)
    if error is not None:
        if not context.obj["verbose"]:
            error.report = ""
        raise error


def _describe(name: str | None, overrides: Overrides) -> tuple[ProjectInfo, UserError | None]:
    from gearbox_lite.application.project_info import ProjectInfo, all_versions, describe_project

    try:
        path = find_ini(name, Path.cwd())
        make_importable(path.parent)
    except UserError as error:
        return ProjectInfo(all_versions(), error=error.message), error
    return describe_project(path, overrides)


def _show_info(info: ProjectInfo) -> None:
    _show_section("Versions", table(list(info.versions.items())))
    if info.ini is not None:
        _show_section("Ini", [short_path(Path(info.ini))])
    if info.debug is not None:
        _show_section("Debug", ["on" if info.debug else "off"])
    if info.pipeline is not None:
        _show_section("Pipeline", table([astuple(part) for part in info.pipeline]))
    if info.session is not None:
        address = [] if info.session.address is None else [("address", info.session.address)]
        _show_section("Session", table([("store", info.session.store), *address, ("cookie", info.session.cookie)]))
    if info.database is not None:
        _show_section("Database", [info.database])
    if info.routes is not None:
        _show_section("Routes", table([ROUTES_HEADER, *map(astuple, info.routes)]))
    if info.templates is not None:
        _show_section("Templates", info.templates)


def _show_section(heading: str, lines: list[str]) -> None:
    show(heading, *(f"  {line}" for line in lines or ["none"]), "")
