"""``gearbox-lite scaffold``: controller, model."""

from __future__ import annotations

import click

from gearbox_lite.commands.support.ini_parameters import ini_options, ini_parameters, read_ini, share_options
from gearbox_lite.errors import Location, UserError, short_path
from gearbox_lite.generate import scaffold, writer
from gearbox_lite.ini.validation.factories import factory_module
from gearbox_lite.output import show


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
    planned = scaffold.plan_controller(folder, package, settings.ini.name, name, url)
    writer.add_to_project(planned.files, planned.root_edit, folder)
    for file in planned.files:
        show(short_path(folder / file.path))
    root, mount = short_path(folder / planned.root_path), planned.mount
    if planned.root_edit:
        show(f"{root}: {mount.line}")
    else:
        show("", f"{root} was not changed. Add the import at its top and the second line to its RootController:")
        show(f"  {mount.import_line}", f"  {mount.line}")
    show("", f"The controller answers {planned.url}/ when you serve the project.")


@command.command(name="model")
@click.argument("name")
@click.argument("fields", nargs=-1, required=True, metavar="FIELD:TYPE...")
@ini_options("-c", "--config")
def model(*, name: str, fields: tuple[str, ...], ini: str | None, app_name: str) -> None:
    """Add a model with its migration and a test.

    NAME is the name of the new table, for example post. Types of fields: str (or str:100), text, int, bool, float,
    decimal, date, datetime, email, and ref:TABLE for a reference. With ? at its end, a field may be empty; with !, its
    values are unique: title:str:100! body:text? author:ref:user. Existing files are never overwritten.
    """
    from gearbox_lite.database.project import required_database
    from gearbox_lite.database.revisions import next_id, read_revisions
    from gearbox_lite.generate.model import plan_model
    from gearbox_lite.generate.model_fields import parse_field

    parsed = [parse_field(field) for field in fields]
    settings = read_ini((), ini, app_name)
    database = required_database(settings)
    revisions = read_revisions(database.migrations)
    folder = database.migrations.parents[1]
    last = revisions[-1].id if revisions else None
    files = plan_model(folder, database.package, name, parsed, next_id(revisions), last)
    writer.add_to_project(files, None, folder)
    for file in files:
        show(short_path(folder / file.path))
    show("", "Read the migration, then run: gearbox-lite migrate upgrade")
