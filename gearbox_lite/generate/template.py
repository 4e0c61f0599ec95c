"""A template folder and answers in, the planned files of a project out; nothing is written here.

In a template's ``tree/``, a file whose name ends in ``.j2`` is rendered with jinja2 and loses that ending; every
other file is copied byte for byte. The names of files and folders are rendered too.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

import jinja2

from gearbox_lite.errors import FAILURE, Location, UserError

RENDERED = ".j2"

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class PlannedFile:
    """One file of the project to be: its path in the project, its content, and whether it holds a secret."""

    path: PurePosixPath
    content: bytes
    secret: bool


def template_folder(name: str) -> Path:
    """Return the folder of one of our templates, from an installed wheel or from a checkout.

    A wheel carries ``templates/`` inside the package; in a checkout it is beside the package.
    """
    for templates in (_PACKAGE / "templates", _PACKAGE.parent / "templates"):
        if (templates / name / "tree").is_dir():
            return templates / name
    raise UserError(
        f"gearbox-lite's template {name!r} is missing",
        at=Location(_PACKAGE),
        remedy="reinstall gearbox-lite",
        code=FAILURE,
    )


def plan(template: Path, answers: dict[str, str]) -> list[PlannedFile]:
    """Render every file of a template, sorted by path. Raises UserError with file and line for a template's fault."""
    tree = template / "tree"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(tree, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 (the output is Python, ini and TOML, never a page)
    )

    @cache  # most files are in few folders
    def render_name(name: str) -> str:
        return environment.from_string(name).render(answers) if "{" in name else name

    planned = [_plan_file(environment, tree, source, answers, render_name) for source in _files(tree)]
    return sorted(planned, key=lambda file: file.path)


def _files(tree: Path) -> list[Path]:
    return [path for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _plan_file(
    environment: jinja2.Environment,
    tree: Path,
    source: Path,
    answers: dict[str, str],
    render_name: Callable[[str], str],
) -> PlannedFile:
    drawn: list[str] = []

    def new_secret() -> str:
        """Return 64 random hex digits; the file that shows them is readable by its owner only."""
        drawn.append(os.urandom(32).hex())  # secrets.token_hex(32), whose module takes longer than all the rest
        return drawn[-1]

    name = source.relative_to(tree).as_posix()
    try:
        path = "/".join(render_name(part) for part in name.removesuffix(RENDERED).split("/"))
        if name.endswith(RENDERED):
            text = environment.get_template(name).render(answers, new_secret=new_secret)
            content = text.encode()
        else:
            content = source.read_bytes()
    except jinja2.TemplateError as error:
        raise UserError(
            f"this template does not render: {error.message}",
            at=Location(source, _line(error)),
            remedy="mend the template",
            code=FAILURE,
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"this template cannot be read: {error}", at=Location(source), code=FAILURE) from error
    return PlannedFile(PurePosixPath(path), content, secret=bool(drawn))


def _line(error: jinja2.TemplateError) -> int | None:
    """Return the template's line: syntax errors carry it, others have it in the traceback that jinja2 rewrites."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.lineno
    frame = error.__traceback__
    line = None
    while frame is not None:
        if frame.tb_frame.f_code.co_filename.endswith(RENDERED):
            line = frame.tb_lineno
        frame = frame.tb_next
    return line
