"""``gearbox-lite quickstart``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from gearbox_lite.commands.next_steps import next_steps
from gearbox_lite.commands.progress import progress
from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.generate import answers, manifest, names, repository, template, writer
from gearbox_lite.output import printable, show, show_warning

TEMPLATE = "turbogears"
INI = "development.ini"
EXTRAS = ("database", "postgresql", "memcached", "redis")
"""The stores whose libraries come with an extra of the same name."""


def _stores(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    """Return what Tab offers after --session."""
    questions = manifest.load(manifest.find(TEMPLATE)).questions
    choices = next(question.choices for question in questions if question.name == "session")
    return [store for store in choices if store.startswith(incomplete)]


@click.command(name="quickstart")
@click.argument("name", required=False)
@click.option("-p", "--package", metavar="PKG", help="Name of the Python package; derived from NAME by default.")
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Folder to write the project in, made if it is missing; the current one by default.",
)
@click.option(
    "--session",
    metavar="STORE",
    shell_complete=_stores,
    help="Keep sessions in: cookie (default), file, database, postgresql, memcached, redis.",
)
@click.option("--encrypt", is_flag=True, help="Encrypt the sessions' data.")
@click.option("--minimal", is_flag=True, help="Write the smallest real project, without pages and public files.")
@click.option("--template", "chosen", metavar="PATH|NAME", help="Write another template than turbogears.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Answer a question of the template.")
@click.option("--git/--no-git", help="Create a git repository with an initial commit.  [default: no-git]")
@click.option("--dry-run", is_flag=True, help="Show what would be written with its sizes, and write nothing.")
@click.option("--serve", "then_serve", is_flag=True, help="Go on to serve the new project's development.ini.")
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    name: str | None,
    package: str | None,
    output_dir: Path,
    session: str | None,
    encrypt: bool,
    minimal: bool,
    chosen: str | None,
    settings: tuple[str, ...],
    git: bool,
    dry_run: bool,
    then_serve: bool,
) -> None:
    """Write a new TurboGears project.

    NAME is the project's name, for example hello or my-shop; on a terminal it is asked for. The project is written to a
    new folder of that name.
    """
    project = names.project_name(_ask_name(context) if name is None else name)
    package = names.package_name(project, package)
    target = output_dir / project
    place = target.resolve()
    is_here = place == Path.cwd()
    writer.check_target(target)
    source = manifest.load(manifest.find(TEMPLATE if chosen is None else chosen))
    given = [_setting(text) for text in settings]
    given += [Setting("session", session, Location("--session"))] if session is not None else []
    given += [Setting("encrypt", "true", Location("--encrypt"))] if encrypt else []
    given += [Setting("minimal", "true", Location("--minimal"))] if minimal else []
    known = _answers(source, given, ask=chosen is not None)
    with progress(parts=1 if dry_run else 2) as track:
        files = template.plan(source, {**known, "project": project, "package": package}, track)
        has_ini = any(str(file.path) == INI for file in files)
        if then_serve and not has_ini:
            raise UserError(f"--serve: template {source.name} writes no {INI}", remedy="leave --serve out")
        warning = None if dry_run else _write(files, target, track, git=git)
    if dry_run:
        _show_sizes(target, files)
        return
    show(*(line for line, _ in _tree(target, files)))
    if is_here:  # the empty folder in which we and the shell are has been replaced
        target = place
        os.chdir(place)
    if warning:
        show_warning(warning)
    if then_serve:
        from gearbox_lite.commands.serve import serve

        show("")
        serve(target / INI)
        return
    extras, database = _needed(known, package) if source.is_bundled else ([], None)
    steps = next_steps(target, INI if has_ini else None, extras, database)
    show("", "Next steps:", *(f"  {step}" for step in steps))


def _setting(text: str) -> Setting:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UserError("--set: this is not an answer", remedy="write --set NAME=VALUE")  # it may be a password
    return Setting(name, value, Location("--set"))


def _answers(source: manifest.Template, given: list[Setting], *, ask: bool) -> dict[str, manifest.Answer]:
    """Return the answer to every question: given, else asked for where a person can answer, else the default."""
    known = answers.given_answers(source, given)
    ask = ask and _can_ask()
    for question in source.questions:
        if question.name not in known:
            known[question.name] = _ask(question) if ask else answers.default_answer(source, question)
    return known


def _needed(known: dict[str, manifest.Answer], package: str) -> tuple[list[str], str | None]:
    """Return the extras that a project of our own template needs, and its database in PostgreSQL."""
    store = str(known["session"])
    extras = [*([store] if store in EXTRAS else []), *(["encryption"] if known["encrypt"] else [])]
    return extras, package if store == "postgresql" else None


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")


def _ask_name(context: click.Context) -> str:
    """Ask a terminal for the project's name until it is a valid one. Raises UsageError in CI and elsewhere."""
    if not _can_ask():
        raise click.UsageError("Missing argument 'NAME'.", ctx=context)

    def valid(answer: str) -> str:
        try:
            return names.project_name(answer)
        except UserError as error:
            raise click.BadParameter(printable(error.message)) from error

    try:
        return str(click.prompt("Name of the project", type=click.types.FuncParamType(valid)))
    except click.Abort:
        show("")  # so that the shell's prompt has a line of its own
        raise


def _ask(question: manifest.Question) -> manifest.Answer:
    text = question.help or question.name
    try:
        if question.type == "bool":
            return click.confirm(text, default=None if question.default is None else bool(question.default))
        kind = click.Choice(question.choices) if question.choices else click.types.FuncParamType(_text)
        return str(click.prompt(text, default=question.default, type=kind))
    except click.Abort:
        show("")  # so that the shell's prompt has a line of its own
        raise


def _text(answer: str) -> str:
    if not answers.is_text(answer):
        raise click.BadParameter("this is not UTF-8")
    return answer


def _write(files: list[template.PlannedFile], target: Path, track: template.Track, *, git: bool) -> str | None:
    """Write the project and, with ``git``, its repository; return why that is not as it was wanted."""
    problem = repository.obstacle(target) if git else None
    if not git or problem:
        writer.write(files, target, track)
        return problem
    problems: list[str | None] = []
    writer.write(files, target, track, lambda project: problems.append(repository.start(project)))
    return problems[0]


def _tree(target: Path, files: list[template.PlannedFile]) -> list[tuple[str, template.PlannedFile | None]]:
    """Return the lines of the tree, each with the file that it is for."""
    lines: list[tuple[str, template.PlannedFile | None]] = [(printable(f"{target}/"), None)]
    shown: set[Path] = set()
    for file in files:
        for folder in reversed(file.path.parents[:-1]):
            if Path(folder) not in shown:
                shown.add(Path(folder))
                lines.append((f"{'  ' * len(folder.parts)}{folder.name}/", None))
        lines.append((f"{'  ' * len(file.path.parts)}{file.path.name}", file))
    return lines


def _show_sizes(target: Path, files: list[template.PlannedFile]) -> None:
    lines = _tree(target, files)
    width = max(len(line) for line, _ in lines)
    for line, file in lines:
        show(f"{line:{width}}  {_size(len(file.content)):>8}" if file else line)
    total = _size(sum(len(file.content) for file in files))
    show("", f"{len(files)} files, {total}; nothing was written (--dry-run).")


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
