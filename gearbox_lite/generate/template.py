"""A template and answers in, the planned files of a project out; nothing is written here.

In a template's ``tree/``, a file whose name ends in ``.j2`` is rendered with jinja2 and loses that ending; every
other file is copied byte for byte. The names of files and folders are rendered too. All of it runs in jinja2's
sandbox, which keeps templates from Python and from files outside the tree.
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

from gearbox_lite.errors import FAILURE, Location, UserError, line_not_utf8
from gearbox_lite.generate import compiled, origin, paths
from gearbox_lite.generate.manifest import READABLE, TREE, Answer, LeaveOut, Template

RENDERED = ".j2"

PROJECT_BYTES = 512 << 20
"""Most bytes of the files of one project that are only copied."""

_Item = TypeVar("_Item")


class Track(Protocol):
    """Goes through items one by one, as ``iter`` does, and may show how far it is."""

    def __call__(self, items: list[_Item], /) -> Iterable[_Item]:
        """Yield the items."""
        ...


@dataclass(frozen=True)
class PlannedFile:
    """One file of the project to be: its path in the project, its content, and its permissions."""

    path: PurePosixPath
    content: bytes
    secret: bool = False
    executable: bool = False


def plan(template: Template, answers: Mapping[str, Answer], track: Track = iter) -> list[PlannedFile]:
    """Render the files of a template that the answers do not leave out, sorted by path.

    Raises UserError, with file and line, for what does not render and for a path that cannot be written.
    """
    if template.is_bundled:
        return _plan(ImmutableSandboxedEnvironment, template, answers, track)
    from gearbox_lite.generate import sandbox

    try:
        with sandbox.limited_memory():
            return _plan(sandbox.LimitedEnvironment, template, answers, track, sandbox.limited_time)
    except RecursionError as error:
        raise _fault(Location(template.folder), "its folders are nested too deeply") from error
    except MemoryError as error:
        raise _fault(Location(template.folder), "its files are too large") from error


def _plan(
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
        bytecode_cache=compiled.kept() if template.is_bundled else None,
    )

    ours = origin.find()
    environment.globals |= {"gearbox_lite_pin": ours.pin, "gearbox_lite_is_local": ours.is_local}

    @cache  # most files are in few folders
    def render_name(name: str) -> str:
        return environment.from_string(name).render(answers) if "{" in name else name

    planned = []
    taken = paths.Taken()
    size = 0
    for name in track(_wanted(environment, template, answers)):
        source = template.tree / name
        if not name.endswith(RENDERED):
            size += _size(source)
            if size > PROJECT_BYTES:
                raise _fault(Location(source), f"the project gets more than {PROJECT_BYTES >> 20} MiB")
        with limited():
            path = _path(source, name, render_name)
            other = taken.add(path)
            if other is not None:
                raise _fault(Location(source), f"{path} is the path of two files or folders, it and {other}")
            planned.append(_plan_file(environment, source, name, path, answers))
    return sorted(planned, key=lambda file: file.path)


def _wanted(environment: jinja2.Environment, template: Template, answers: Mapping[str, Answer]) -> list[str]:
    """Return the names of the tree's files that no answer leaves out."""
    if not template.tree.is_dir():
        raise _fault(Location(template.folder), f"this template has no folder {TREE}")
    names = list(_files(template.tree))
    if not names:
        raise _fault(Location(template.tree), "this template writes nothing", "put files there")
    parts = {name: (name, *map(str, PurePosixPath(name).parents)) for name in names}
    unwanted: set[str] = set()
    for item in template.leave_out:
        applies = _applies(environment, item, answers)
        for pattern in item.paths:
            match = re.compile(fnmatch.translate(pattern)).match
            found = [name for name in names if any(map(match, parts[name]))]
            if not found:
                raise _fault(item.at, f"no file of the tree matches {pattern!r}, which is to be left out")
            if applies:
                unwanted.update(found)
    return [name for name in names if name not in unwanted]


def _files(folder: Path, prefix: str = "") -> Iterator[str]:
    """Yield the names of all files, relative to the tree. Raises UserError for a link or special file."""
    try:
        if folder.is_symlink():
            raise _fault(Location(folder), "a template cannot hold a symbolic link", "put the file itself there")
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise _fault(Location(folder), f"cannot be read: {error.strerror}", READABLE) from error
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name != "__pycache__":
                yield from _files(Path(entry), f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield prefix + entry.name
        else:
            kind = "symbolic link" if entry.is_symlink() else "device or pipe"
            raise _fault(Location(Path(entry)), f"a template cannot hold a {kind}", "put the file itself there")


def _applies(environment: jinja2.Environment, item: LeaveOut, answers: Mapping[str, Answer]) -> bool:
    try:
        return bool(environment.compile_expression(item.when, undefined_to_none=False)(answers))
    except Exception as error:
        raise _fault(item.at, f"when = {item.when!r} does not work: {_reason(error)}") from error


def _size(source: Path) -> int:
    try:
        return source.stat().st_size
    except OSError as error:
        raise _fault(Location(source), f"cannot be read: {error.strerror}", READABLE) from error


def _path(source: Path, name: str, render_name: Callable[[str], str]) -> PurePosixPath:
    try:
        path = "/".join(map(render_name, name.removesuffix(RENDERED).split("/")))
    except Exception as error:
        raise _fault(Location(source), f"this name does not render: {_reason(error)}") from error
    problem = paths.refusal(path)
    if problem:
        remedy = "rename it, or give another answer" if "{" in name else "rename it"
        raise _fault(Location(source), f"the path that its name gives, {path!r}, {problem}", remedy)
    return PurePosixPath(path)


def _plan_file(
    environment: jinja2.Environment, source: Path, name: str, path: PurePosixPath, answers: Mapping[str, Answer]
) -> PlannedFile:
    drawn: list[str] = []

    def new_secret() -> str:
        """Return 64 random hex digits; the file that shows them is readable by its owner only."""
        drawn.append(os.urandom(32).hex())  # secrets.token_hex(32), whose module takes longer than all the rest
        return drawn[-1]

    try:
        executable = os.access(source, os.X_OK)
        if not name.endswith(RENDERED):
            return PlannedFile(path, source.read_bytes(), executable=executable)
        content = environment.get_template(name).render(answers, new_secret=new_secret).encode()
    except UnicodeDecodeError as error:
        raise _fault(
            Location(source, line_not_utf8(error)), "this is not UTF-8", f"save it as UTF-8, or drop the {RENDERED}"
        ) from error
    except Exception as error:  # whatever a template divides, adds or calls
        if isinstance(error, OSError) and not isinstance(error, jinja2.TemplateError):
            raise _fault(Location(source), f"cannot be read: {error.strerror}", READABLE) from error
        raise _fault(_place(error, source), f"this template does not render: {_reason(error)}") from error
    return PlannedFile(path, content, secret=bool(drawn), executable=executable)


def _fault(at: Location, problem: str, remedy: str = "fix the template") -> UserError:
    return UserError(problem, at=at, remedy=remedy, code=FAILURE)


def _reason(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no {error.name} in the tree"
    if type(error).__name__ == "LimitError":
        return str(error)
    if isinstance(error, MemoryError):
        return "it takes too much memory"
    if isinstance(error, jinja2.TemplateError):
        return (error.message or type(error).__name__).rstrip(".")
    return f"{type(error).__name__}: {error}"


def _place(error: Exception, source: Path) -> Location:
    """Return file and line: syntax errors carry them, others have them in the traceback that jinja2 rewrites."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return Location(Path(error.filename or source), error.lineno)
    frame = error.__traceback__
    place = Location(source)
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if file.endswith(RENDERED):
            place = Location(Path(file), frame.tb_lineno)
        frame = frame.tb_next
    return place
