"""``gearbox-lite scaffold``: controller."""

from __future__ import annotations

import click

from gearbox_lite.commands.support.ini_parameters import ini_options, ini_parameters, read_ini, share_options
from gearbox_lite.errors import Location, UserError, short_path
from gearbox_lite.generate import scaffold, writer
from gearbox_lite.ini.factories import factory_module
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
