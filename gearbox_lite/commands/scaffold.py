"""``gearbox-lite scaffold``: controller."""

from __future__ import annotations

import click

from gearbox_lite.commands.application import hand_on, ini_options, ini_parameters, read_ini
from gearbox_lite.errors import UserError, shorten
from gearbox_lite.generate import scaffold, writer
from gearbox_lite.ini.deploy import factory_module
from gearbox_lite.output import show


@click.group(name="scaffold")
@ini_options("-c", "--config")
@click.pass_context
def command(context: click.Context, /, **_: object) -> None:
    """Add to a project."""
    hand_on(context)


@command.command(name="controller")
@click.argument("name")
@ini_parameters("-c", "--config")
@click.option("--mount", "url", metavar="URL", help="Where it answers, for example /films; /NAME by default.")
def controller(*, name: str, arguments: tuple[str, ...], ini: str | None, app_name: str, url: str | None) -> None:
    """Add a controller with a page and a test.

    NAME is the module's name, for example movies. The project is that of the INI, development.ini where it is left
    out. The root controller gets the two lines that mount the new one; where its source has an unusual shape they are
    shown instead. Nothing is ever overwritten.
    """
    settings = read_ini(arguments, ini, app_name)
    folder = settings.ini.parent
    package = (factory_module(settings.app) or "").partition(".")[0]
    if not package:
        raise UserError(f"{shorten(settings.ini)}: it does not say which package its application comes from")
    planned = scaffold.controller(folder, package, settings.ini.name, name, url)
    writer.add(planned.files, planned.root, folder)
    for file in planned.files:
        show(shorten(folder / file.path))
    root, mount = shorten(folder / planned.root_path), planned.mount
    if planned.root:
        show(f"{root}: {mount.line}")
    else:
        show("", f"{root} was not changed. Add at its top, and in its RootController:")
        show(f"  {mount.import_line}", f"  {mount.line}")
    show("", f"It answers {planned.url}/ when the project is served.")
