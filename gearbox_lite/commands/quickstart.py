"""``gearbox-lite quickstart``."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import click

from gearbox_lite.commands.support.next_steps import next_steps
from gearbox_lite.commands.support.progress import progress
from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.generate import answers, manifest, names, repository, template, writer
from gearbox_lite.output import printable, show, show_warning

DEFAULT_TEMPLATE = "turbogears"
DEVELOPMENT_INI = "development.ini"
EXTRAS = ("database", "postgresql", "memcached", "redis")
"""Session stores whose client library comes with an extra of the same name."""
MAX_LISTED = 20
"""How many files are listed by name without -v."""


def _complete_stores(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    """Return the shell completions of --session."""
    questions = manifest.load_template(manifest.find_template(DEFAULT_TEMPLATE)).questions
    choices = next(question.choices for question in questions if question.name == "session")
    return [store for store in choices if store.startswith(incomplete)]


@click.command(name="quickstart")
@click.argument("name", required=False)
@click.option("-p", "--package", metavar="PKG", help="Name of the Python package (default: derived from NAME).")
@click.option(
    "-o",
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Folder to create the project in (default: the current one); created if it is missing.",
)
@click.option(
    "--session",
    metavar="STORE",
    shell_complete=_complete_stores,
    help="Session store: cookie (default), file, database, postgresql, memcached or redis.",
)
@click.option("--encrypt", is_flag=True, help="Encrypt the session data.")
@click.option("--minimal", is_flag=True, help="Write a minimal project, without pages and public files.")
@click.option("--database", is_flag=True, help="Add a database: SQLAlchemy, with migrations.")
@click.option("--template", "chosen", metavar="PATH|NAME", help="Use another template (default: turbogears).")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="Answer a question of the template.")
@click.option("--git/--no-git", help="Create a git repository with an initial commit (default: no).")
@click.option("--dry-run", is_flag=True, help="Show the files that would be written, with their sizes.")
@click.option("--serve", "then_serve", is_flag=True, help="Serve the new project's development.ini.")
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
    database: bool,
    chosen: str | None,
    settings: tuple[str, ...],
    git: bool,
    dry_run: bool,
    then_serve: bool,
) -> None:
    """Create a new TurboGears project.

    NAME is the project's name, for example hello or my-shop; quickstart asks for it if it is missing and the terminal
    is interactive. The project is written to a new folder of that name. With -v, each of its files is listed.
    """
    project = names.project_name(_ask_name(context) if name is None else name)
    package = names.package_name(project, package)
    target = output_dir / project
    place = target.resolve()
    is_here = place == Path.cwd()
    writer.check_target(target)
    source = manifest.load_template(manifest.find_template(DEFAULT_TEMPLATE if chosen is None else chosen))
    given = [_setting(text) for text in settings]
    given += [Setting("session", session, Location("--session"))] if session is not None else []
    given += [Setting("encrypt", "true", Location("--encrypt"))] if encrypt else []
    given += [Setting("minimal", "true", Location("--minimal"))] if minimal else []
    given += [Setting("database", "true", Location("--database"))] if database else []
    known = _answers(source, given, ask=chosen is not None)
    with progress(parts=1 if dry_run else 2) as track:
        files = template.render_files(source, {**known, "project": project, "package": package}, track)
        has_ini = any(str(file.path) == DEVELOPMENT_INI for file in files)
        if then_serve and not has_ini:
            raise UserError(f"--serve: template {source.name} has no {DEVELOPMENT_INI}", remedy="remove --serve")
        warning = None if dry_run else _write_project(files, target, track, git=git)
    for copied in [] if source.is_bundled else template.copied_syntax(source, files):
        show_warning(copied)
    if dry_run:
        _show_sizes(target, files)
        return
    is_long = len(files) > MAX_LISTED and not context.obj["verbose"]
    show(*(_folders(target, files) if is_long else [line for line, _ in _tree(target, files)]))
    if is_long:
        show("", f"{len(files)} files; quickstart -v lists each of them.")
    if is_here:  # rename has replaced the empty folder that we were in
        target = place
        os.chdir(place)
    if warning:
        show_warning(warning)
    if then_serve:
        from gearbox_lite.commands.serve import serve

        show("")
        serve(target / DEVELOPMENT_INI)
        return
    extras, to_create = _required_extras(known, package) if source.is_bundled else ([], None)
    migrates = source.is_bundled and bool(known["database"])
    steps = next_steps(target, DEVELOPMENT_INI if has_ini else None, extras, to_create, migrates=migrates)
    show("", "Next steps:", *(f"  {step}" for step in steps))


def _setting(text: str) -> Setting:
    name, equals, value = text.partition("=")
    if not equals or not name:
        # The text is not shown, since it may be a password.
        raise UserError("--set: this is not an answer", remedy="write --set NAME=VALUE")
    return Setting(name, value, Location("--set"))


def _answers(source: manifest.Template, given: list[Setting], *, ask: bool) -> dict[str, manifest.Answer]:
    """Return the answer to every question: given, or asked for on a terminal, or the default."""
    known = answers.given_answers(source, given)
    ask = ask and _can_ask()
    for question in source.questions:
        if question.name not in known:
            known[question.name] = _ask(question) if ask else answers.default_answer(source, question)
    return known


def _required_extras(known: dict[str, manifest.Answer], package: str) -> tuple[list[str], str | None]:
    """Return the extras that a project of our own template needs, and the PostgreSQL database to create, if any."""
    store = str(known["session"])
    extras = [
        *([store] if store in EXTRAS else []),
        *(["migrate"] if known["database"] else []),
        *(["encryption"] if known["encrypt"] else []),
    ]
    return extras, package if store == "postgresql" else None


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")


def _ask_name(context: click.Context) -> str:
    """Ask for the project's name until it is valid. Raises UsageError in CI and without a terminal."""
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
        show("")  # ends the line, so that the shell's prompt starts on a new one
        raise


def _ask(question: manifest.Question) -> manifest.Answer:
    text = question.help or question.name
    try:
        if question.type == "bool":
            return click.confirm(text, default=None if question.default is None else bool(question.default))
        kind = click.Choice(question.choices) if question.choices else click.types.FuncParamType(_check_encodable)
        return str(click.prompt(text, default=question.default, type=kind))
    except click.Abort:
        show("")  # ends the line, so that the shell's prompt starts on a new one
        raise


def _check_encodable(answer: str) -> str:
    if not answers.is_encodable(answer):
        raise click.BadParameter("this is not UTF-8")
    return answer


def _write_project(files: list[template.PlannedFile], target: Path, track: template.Track, *, git: bool) -> str | None:
    """Write the project and, with ``git``, its repository. Return a warning if the repository is missing or empty."""
    problem = repository.repository_obstacle(target) if git else None
    if not git or problem:
        writer.write_project(files, target, track)
        return problem
    problems: list[str | None] = []
    writer.write_project(files, target, track, lambda project: problems.append(repository.create_repository(project)))
    return problems[0]


def _tree(target: Path, files: list[template.PlannedFile]) -> list[tuple[str, template.PlannedFile | None]]:
    """Return the lines of the printed tree, each with its file, None for a folder."""
    lines: list[tuple[str, template.PlannedFile | None]] = [(printable(f"{target}/"), None)]
    shown: set[Path] = set()
    for file in files:
        for folder in reversed(file.path.parents[:-1]):
            if Path(folder) not in shown:
                shown.add(Path(folder))
                lines.append((f"{'  ' * len(folder.parts)}{folder.name}/", None))
        lines.append((f"{'  ' * len(file.path.parts)}{file.path.name}", file))
    return lines


def _folders(target: Path, files: list[template.PlannedFile]) -> list[str]:
    """Return the lines of the printed tree if it shows only folders, each with the number of files in it."""
    counts = Counter(file.path.parent for file in files)
    folders = sorted({folder for file in files for folder in file.path.parents})
    names = [f"{'  ' * len(folder.parts)}{folder.name if folder.parts else target}/" for folder in folders]
    width = max(map(len, names))
    lines = []
    for folder, name in zip(folders, names, strict=True):
        number = counts[folder]
        lines.append(f"{name:{width}}  {number:2} file{'s' if number > 1 else ''}" if number else name)
    return list(map(printable, lines))


def _show_sizes(target: Path, files: list[template.PlannedFile]) -> None:
    lines = _tree(target, files)
    width = max(len(line) for line, _ in lines)
    for line, file in lines:
        show(f"{line:{width}}  {_format_size(len(file.content)):>8}" if file else line)
    total = _format_size(sum(len(file.content) for file in files))
    show("", f"{len(files)} files, {total}; nothing was written (--dry-run).")


def _format_size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
