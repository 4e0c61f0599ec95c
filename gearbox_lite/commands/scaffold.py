"""``gearbox-lite scaffold``: controller, model, resource."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gearbox_lite.commands.support.ini_parameters import ini_options, ini_parameters, read_ini, share_options
from gearbox_lite.errors import Location, UserError, short_path
from gearbox_lite.generate import writer
from gearbox_lite.generate.scaffolding.controller import Scaffold, plan_controller
from gearbox_lite.generate.scaffolding.field_types import SYNTAXES
from gearbox_lite.generate.scaffolding.fields import parse_field
from gearbox_lite.ini.validation.factories import factory_module
from gearbox_lite.output import show

if TYPE_CHECKING:
    from gearbox_lite.database.project import Database


@click.group(name="scaffold")
@ini_options("-c", "--config")
@click.pass_context
def command(context: click.Context, /, **_: object) -> None:
    """Add code to a project."""
    share_options(context)


@command.command(name="controller")
@click.argument("name")
@ini_parameters("-c", "--config")
@click.option("--mount", "url", metavar="URL", help="The controller's URL, for example /films (default: /NAME).")
def controller(*, name: str, arguments: tuple[str, ...], ini: str | None, app_name: str, url: str | None) -> None:
    """Add a controller with a page and a test.

    NAME is the name of the new module, for example movies. The project is the one that INI belongs to (default:
    development.ini). Two lines that mount the new controller are added to the root controller; if its source has an
    unusual shape, they are printed instead. Existing files are never overwritten.
    """
    settings = read_ini(arguments, ini, app_name)
    folder = settings.ini.parent
    factory = settings.app.innermost.factory
    package = (factory_module(factory) or "").partition(".")[0]
    if not package:
        raise UserError(
            "cannot tell which package the application comes from",
            at=factory.at if factory else Location(settings.ini),
            remedy="write paste.app_factory = PACKAGE.MODULE:FUNCTION in its [app:...] section",
        )
    planned = plan_controller(folder, package, settings.ini.name, name, url)
    writer.add_to_project(planned.files, planned.mounted.root_edit, folder)
    _show_scaffold(planned, folder)
    show("", f"The controller answers {planned.mounted.url}/ when you serve the project.")


def _show_scaffold(planned: Scaffold, folder: Path) -> None:
    """Print what was written, and the lines to add if the root controller has an unusual shape."""
    for file in planned.files:
        show(short_path(folder / file.path))
    mounted = planned.mounted
    root, mount = short_path(folder / mounted.root_path), mounted.mount
    if mounted.root_edit:
        show(f"{root}: {mount.line}")
    else:
        show("", f"{root} was not changed. Add the import at its top and the second line to its RootController:")
        show(f"  {mount.import_line}", f"  {mount.line}")


@command.command(name="model")
@click.argument("name")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD:TYPE...")
@ini_options("-c", "--config")
def model(*, name: str, fields: tuple[str, ...], ini: str | None, app_name: str) -> None:
    """Add a model with its migration and a test.

    NAME is the name of the new table, for example post. Types of fields: TYPES. With ? at its end, a field may be
    empty; with !, its values are unique: title:str:100! body:text? author:ref:user. Existing files are never
    overwritten.
    """
    from gearbox_lite.generate.scaffolding.model import plan_model

    parsed = [parse_field(field) for field in fields]
    database, revision, last = _next_migration(ini, app_name)
    folder = database.migrations.parents[1]
    files = plan_model(folder, database.package, name, parsed, revision, last)
    writer.add_to_project(files, None, folder)
    for file in files:
        show(short_path(folder / file.path))
    show("", "Read the migration, then run: gearbox-lite migrate upgrade")


@command.command(name="resource")
@click.argument("name")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD:TYPE...")
@ini_options("-c", "--config")
@click.option("--mount", "url", metavar="URL", help="The URL of its pages, for example /blog (default: NAME's plural).")
@click.option("--api", is_flag=True, help="Also add JSON answers below URL/api, with the same validation.")
@click.option("--owner", is_flag=True, hidden=True)  # hidden until quickstart can write accounts
def resource(
    *, name: str, fields: tuple[str, ...], ini: str | None, app_name: str, url: str | None, api: bool, owner: bool
) -> None:
    """Add a model, its migration, pages to list, show, add, change and delete its rows, and tests.

    NAME is the name of the new table, for example post; its pages are then below /posts. Types of fields: TYPES. With
    ? at its end, a field may be empty; with !, its values are unique: title:str:100! body:text? author:ref:user. The
    new controller is mounted as by scaffold controller. Existing files are never overwritten.
    """
    from gearbox_lite.generate.scaffolding.resource import plan_resource

    parsed = [parse_field(field) for field in fields]
    database, revision, last = _next_migration(ini, app_name)
    folder = database.migrations.parents[1]
    if owner:
        raise UserError(
            "--owner needs accounts, and this project has none",
            at=Location(folder / database.package),
            remedy="leave out --owner; to restrict who sees which rows, change visible_rows in the new controller",
        )
    planned = plan_resource(folder, database.package, name, parsed, revision, last, url, api=api)
    writer.add_to_project(planned.files, planned.mounted.root_edit, folder)
    _show_scaffold(planned, folder)
    tests = [str(file.path) for file in planned.files if file.path.match("tests/test_*.py")]
    show("", "Read the migration, then run:", "  gearbox-lite migrate upgrade", f"  pytest {' '.join(tests)}")


for described in (model, resource):
    described.help = str(described.help).replace("TYPES", SYNTAXES)


def _next_migration(ini: str | None, app_name: str) -> tuple[Database, str, str | None]:
    """Return the project's database, the id of a new migration, and that of the last one.

    Raises UserError if the project has no database.
    """
    from gearbox_lite.database.project import required_database
    from gearbox_lite.database.revisions import next_id, read_revisions

    database = required_database(read_ini((), ini, app_name))
    revisions = read_revisions(database.migrations)
    return database, next_id(revisions), revisions[-1].id if revisions else None
