"""Render a template with the answers to its questions into planned files. Nothing is written here.

In a template's ``tree/``, a file whose name ends in ``.j2`` is rendered with jinja2 and loses that ending; every
other file is copied byte for byte. The names of files and folders are rendered too. All rendering runs in jinja2's
sandbox, which keeps templates away from Python's internals and from files outside the tree; templates that are not ours
also have the limits of ``sandbox``.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gearbox_lite.errors import FAILURE, Location, UserError, line_not_utf8, nearest
from gearbox_lite.generate import compiled, origin, paths
from gearbox_lite.generate.manifest import MAKE_READABLE, TREE, Answer, LeaveOut, Template

TEMPLATE_SUFFIX = ".j2"
"""Marks a file to be rendered."""

PROJECT_BYTES = 512 << 20
"""Maximum size of the copied files of one project."""

_MAGIC = frozenset("*?[")
_Item = TypeVar("_Item")


class Track(Protocol):
    """Iterates over items, as ``iter`` does, and may show progress."""

    def __call__(self, items: list[_Item], /) -> Iterable[_Item]:
        """Yield the items."""
        ...


@dataclass(frozen=True)
class PlannedFile:
    """A file to write: its path in the project, its content and its permissions.

    ``copied_from`` is the template's file if it is not rendered but copied.
    """

    path: PurePosixPath
    content: bytes
    secret: bool = False
    executable: bool = False
    copied_from: Path | None = None


def render_files(template: Template, answers: Mapping[str, Answer], track: Track = iter) -> list[PlannedFile]:
    """Render a template's files, except those that the answers leave out, sorted by path.

    Raises UserError, with file and line, if a file fails to render or its path is invalid.
    """
    if template.is_bundled:
        return _render_files(ImmutableSandboxedEnvironment, template, answers, track)
    from gearbox_lite.generate import sandbox

    try:
        with sandbox.limited_memory():
            return _render_files(sandbox.LimitedEnvironment, template, answers, track, sandbox.limited_time)
    except RecursionError as error:
        raise _error(Location(template.folder), "its folders are nested too deeply") from error
    except MemoryError as error:
        raise _error(Location(template.folder), "its files are too large") from error


def _render_files(
    kind: type[ImmutableSandboxedEnvironment],
    template: Template,
    answers: Mapping[str, Answer],
    track: Track,
    limited: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> list[PlannedFile]:
    environment = kind(
        loader=jinja2.FileSystemLoader(template.tree, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # the output is Python, ini and TOML, never a page
        bytecode_cache=compiled.bytecode_cache() if template.is_bundled else None,
    )

    ours = origin.detect_origin()
    environment.globals |= {"gearbox_lite_pin": ours.pin, "gearbox_lite_is_local": ours.is_local}

    @cache  # many files share a few folders
    def render_name(name: str) -> str:
        return environment.from_string(name).render(answers) if "{" in name else name

    planned = []
    collisions = paths.PathCollisions()
    size = 0
    for name in track(_selected_files(environment, template, answers)):
        source = template.tree / name
        if not name.endswith(TEMPLATE_SUFFIX):
            size += _file_size(source)
            if size > PROJECT_BYTES:
                raise _error(Location(source), f"the project has more than {PROJECT_BYTES >> 20} MiB of copied files")
        with limited():
            path = _render_path(source, name, render_name)
            other = collisions.add(path)
            if other is not None:
                raise _error(Location(source), f"its path {path} collides with {other}")
            planned.append(_render_file(environment, source, name, path, answers))
    return sorted(planned, key=lambda file: file.path)


def _selected_files(environment: jinja2.Environment, template: Template, answers: Mapping[str, Answer]) -> list[str]:
    """Return the names of the tree's files, except those that the answers leave out."""
    if not template.tree.is_dir():
        raise _error(Location(template.folder), f"this template has no folder {TREE}")
    names = list(_files(template.tree))
    if not names:
        raise _error(Location(template.tree), "this template has no files", "add the files to write")
    parts = {name: (name, *map(str, PurePosixPath(name).parents)) for name in names}
    unwanted: set[str] = set()
    for item in template.leave_out:
        applies = _applies(environment, item, answers)
        for pattern in item.paths:
            matches = _matcher(pattern)
            found = [name for name in names if any(map(matches, parts[name]))]
            if not found:
                inner = re.sub(rf"^(\./|/)?({TREE}/)?", "", pattern)
                guess = nearest(pattern, names)
                remedy = f"did you mean {guess}?" if guess else "fix the template"
                remedy = f"paths begin inside {TREE}/: {inner}" if inner != pattern else remedy
                raise _error(item.at, f"no file in the tree matches {pattern!r}, which this leaves out", remedy)
            if applies:
                unwanted.update(found)
    return [name for name in names if name not in unwanted]


def _matcher(pattern: str) -> Callable[[str], object]:
    """Return what tells whether a path matches a glob; compiling one that is a plain path would only take time."""
    if _MAGIC.isdisjoint(pattern):
        return pattern.__eq__
    return re.compile(fnmatch.translate(pattern)).match


def _files(folder: Path, prefix: str = "") -> Iterator[str]:
    """Yield the names of all files, relative to the tree. Raises UserError for a symbolic link or special file."""
    try:
        if folder.is_symlink():
            raise _error(
                Location(folder), "a template cannot contain a symbolic link", "replace it with a regular file"
            )
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise _error(Location(folder), f"cannot be read: {error.strerror}", MAKE_READABLE) from error
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                yield from _files(Path(entry), f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield prefix + entry.name
        else:
            kind = "symbolic link" if entry.is_symlink() else "device or pipe"
            raise _error(Location(Path(entry)), f"a template cannot contain a {kind}", "replace it with a regular file")


def _applies(environment: jinja2.Environment, item: LeaveOut, answers: Mapping[str, Answer]) -> bool:
    bare = re.fullmatch(r"\{[{%]-?\s*(?:if\s+)?(.*?)\s*-?[%}]\}", item.when)
    if bare:
        raise _error(item.at, f"when = {item.when!r} has braces", f'write the expression alone: when = "{bare[1]}"')
    try:
        return bool(environment.compile_expression(item.when, undefined_to_none=False)(answers))
    except Exception as error:
        remedy = _remedy(error, environment, answers, item.when)
        raise _error(item.at, f"when = {item.when!r} failed: {_reason(error)}", remedy) from error


def _file_size(source: Path) -> int:
    try:
        return source.stat().st_size
    except OSError as error:
        raise _error(Location(source), f"cannot be read: {error.strerror}", MAKE_READABLE) from error


def _render_path(source: Path, name: str, render_name: Callable[[str], str]) -> PurePosixPath:
    try:
        path = "/".join(map(render_name, name.removesuffix(TEMPLATE_SUFFIX).split("/")))
    except Exception as error:
        raise _error(Location(source), f"its name failed to render: {_reason(error)}") from error
    problem = paths.path_problem(path)
    if problem:
        remedy = "rename it, or change the answer" if "{" in name else "rename it"
        raise _error(Location(source), f"its rendered path {path!r} {problem}", remedy)
    return PurePosixPath(path)


def _render_file(
    environment: jinja2.Environment, source: Path, name: str, path: PurePosixPath, answers: Mapping[str, Answer]
) -> PlannedFile:
    new_secret = NewSecret()
    try:
        executable = os.access(source, os.X_OK)
        if not name.endswith(TEMPLATE_SUFFIX):
            return PlannedFile(path, source.read_bytes(), executable=executable, copied_from=source)
        content = environment.get_template(name).render(answers, new_secret=new_secret).encode()
    except UnicodeDecodeError as error:
        raise _error(
            Location(source, line_not_utf8(error)),
            "this is not UTF-8",
            f"save it as UTF-8, or drop the {TEMPLATE_SUFFIX} to copy it",
        ) from error
    except Exception as error:  # the template's own expressions can raise anything
        if isinstance(error, OSError) and not isinstance(error, jinja2.TemplateError):
            raise _error(Location(source), f"cannot be read: {error.strerror}", MAKE_READABLE) from error
        problem, remedy = f"this template failed to render: {_reason(error)}", _remedy(error, environment, answers)
        raise _error(_error_location(error, source), problem, remedy) from error
    return PlannedFile(path, content, secret=new_secret.is_used, executable=executable)


class NewSecret:
    """What templates call as ``new_secret()``: 64 random hex digits. Only the owner can read a file that uses them."""

    def __init__(self) -> None:
        self.is_used = False

    def __call__(self) -> str:
        """Return a new secret."""
        self.is_used = True
        return os.urandom(32).hex()  # as secrets.token_hex(32); importing secrets is slow

    def __str__(self) -> str:
        raise jinja2.TemplateRuntimeError("new_secret is a function")


def copied_syntax(template: Template, files: Iterable[PlannedFile]) -> list[str]:
    """Return a warning for each copied file that uses a variable of its template, as only rendered files can."""
    names = "|".join(["project", "package", "new_secret", *(question.name for question in template.questions)])
    used = re.compile(rf"\{{\{{-?\s*({names})\b.*?\}}\}}|\{{%-?\s*if (not )?({names})\b.*?%\}}".encode())
    warnings = []
    for file in files:
        found = used.search(file.content) if file.copied_from is not None else None
        if file.copied_from is not None and found is not None:
            line = file.content.count(b"\n", 0, found.start()) + 1
            new = re.sub(r"\.(jinja2?|tmpl|template)$", "", file.copied_from.name) + TEMPLATE_SUFFIX
            shown = found[0].decode(errors="replace")
            warnings.append(
                f"{Location(file.copied_from, line)}: {shown} is copied as it is, since only files whose names end in "
                f"{TEMPLATE_SUFFIX} are rendered; rename the file to {new}"
            )
    return warnings


def _error(at: Location, problem: str, remedy: str = "fix the template") -> UserError:
    return UserError(problem, at=at, remedy=remedy, code=FAILURE)


def _reason(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no {error.name} in the tree"
    if type(error).__name__ == "LimitError":
        return str(error)
    if isinstance(error, MemoryError):
        return "it needs too much memory"
    if isinstance(error, jinja2.TemplateError):
        return (error.message or type(error).__name__).rstrip(".")
    return f"{type(error).__name__}: {error}"


def _remedy(error: Exception, environment: jinja2.Environment, answers: Mapping[str, Answer], when: str = "") -> str:
    """Return what to write instead of a name that is unknown, or of an operator of another language."""
    if "new_secret is a function" in str(error):
        return "write new_secret()"
    if re.search(r"!(?!=)|&&|\|\|", when):
        return "write not, and, or, as in Python"
    found = re.match(r"'(\w+)' is undefined|No filter named '(\w+)'", str(error))
    if found is None:
        return "fix the template"
    guess = nearest(found[1] or found[2], [*answers, "new_secret"] if found[1] else [*environment.filters])
    if guess:
        return f"did you mean {guess}?"
    return f"its variables are {', '.join(answers)}" if found[1] else "fix the template"


def _error_location(error: Exception, source: Path) -> Location:
    """Return file and line: from a syntax error itself, otherwise from the traceback, which jinja2 rewrites."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return Location(Path(error.filename or source), error.lineno)
    frame = error.__traceback__
    location = Location(source)
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if file.endswith(TEMPLATE_SUFFIX):
            location = Location(Path(file), frame.tb_lineno)
        frame = frame.tb_next
    return location
