"""``gearbox-lite quickstart``."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import click

from gearbox_lite.errors import Location, Setting
from gearbox_lite.generate import answers, manifest, names, template, writer

TEMPLATE = "turbogears"


@click.command(name="quickstart")
@click.argument("name")
@click.option("-p", "--package", metavar="PKG", help="Name of the Python package; derived from NAME by default.")
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Folder to write the project in; the current one by default.",
)
@click.option("--set", "answer", multiple=True)
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--serve", "then_serve", is_flag=True, help="Go on to serve the new project's development.ini.")
def command(*, name: str, package: str | None, output_dir: Path, answer: tuple[str,...], dry_run: bool, then_serve: bool) -> None:
    """Write a new TurboGears project.

    NAME is the project's name, for example hello or my-shop. The project is written to a new folder of that name.
    """
    project = names.project_name(name)
    package = names.package_name(project, package)
    target = output_dir / project
    writer.check_target(target)
    chosen = manifest.load(manifest.find(TEMPLATE))
    given = answers.given_answers(chosen, [Setting(*item.split("=", 1), Location("--set")) for item in answer])
    known = {q.name: given.get(q.name, answers.default_answer(chosen, q)) for q in chosen.questions}
    files = template.plan(chosen, {**known, "project": project, "package": package})
    if not dry_run:
        writer.write(files, target)
    click.echo(_tree(target, files))
    if dry_run:
        click.echo("\nNothing was written (--dry-run).")
        return
    if then_serve:
        from gearbox_lite.commands.serve import serve  # noqa: PLC0415 (imports the server, not needed to write)

        click.echo()
        serve(target / "development.ini")
        return
    click.echo(f"\nNext steps:\n  cd {shlex.quote(str(target))}\n  {_program()} serve development.ini")


def _tree(target: Path, files: list[template.PlannedFile]) -> str:
    lines = [f"{target}/"]
    shown: set[Path] = set()
    for file in files:
        for folder in reversed(file.path.parents[:-1]):
            if Path(folder) not in shown:
                shown.add(Path(folder))
                lines.append(f"{'  ' * len(folder.parts)}{folder.name}/")
        lines.append(f"{'  ' * len(file.path.parts)}{file.path.name}")
    return "\n".join(lines)


def _program() -> str:
    """Return the words that run this same gearbox-lite from another folder."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m gearbox_lite"
    found = shutil.which("gearbox-lite")
    if found is not None and Path(found).resolve() == started.resolve():
        return "gearbox-lite"
    return shlex.quote(str(started.absolute()))
