"""Planned files to disk, all or nothing.

The files are staged in a hidden folder beside the target, on the same file system, and the finished project is
renamed into place, which the file system does as one step. Whoever stages holds a lock on the staging folder, so a
staging folder without one was left by a killed process, and the next run for the same target removes it.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gearbox_lite.errors import FAILURE, Location, UserError
from gearbox_lite.generate.template import PlannedFile, Track
from gearbox_lite.safe_files import HAS_LOCKS, Folder


@dataclass(frozen=True)
class Change:
    """A file of a project that is to be changed, and the content that it must have until then."""

    path: PurePosixPath
    before: bytes
    after: bytes


def check_target(target: Path) -> None:
    """Raise UserError unless ``target`` does not exist or is an empty directory."""
    if not os.path.lexists(target):
        return
    if target.is_dir():
        if not any(target.iterdir()):
            return
        raise UserError(
            "this folder is not empty, nothing was touched",
            at=Location(target),
            remedy="choose another name, or another folder with --output-dir",
        )
    raise UserError(
        "a file of this name exists, nothing was touched",
        at=Location(target),
        remedy="choose another name, or another folder with --output-dir",
    )


def write(
    files: list[PlannedFile],
    target: Path,
    track: Track = iter,
    finish: Callable[[Path], object] = lambda _: None,
) -> None:
    """Write the whole project to ``target``, or nothing. Raises UserError where the disk refuses.

    ``finish`` is called with the folder in which the project is staged, before it is moved into place.
    """
    try:
        check_target(target)
        place = target.resolve()
        with _made(place.parent), Folder.opened(place.parent) as parent, _staging_folder(parent, place.name) as staging:
            staging.make_folder(place.name)
            with staging.inside(place.name) as project:
                made: set[PurePosixPath] = set()
                for file in track(files):
                    _make_folders(project, file.path, made)
                    _create(project, str(file.path), file)
                finish(project.path)
            staging.move(place.name, parent, place.name)
    except OSError as error:
        raise UserError(
            f"cannot write the project: {error.strerror or error}; nothing was written",
            at=Location(target),
            remedy="make room or choose another folder with --output-dir",
            code=FAILURE,
        ) from error


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder with those above it; remove them again if what follows fails."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    with ExitStack() as undo:
        for path in reversed(missing):
            path.mkdir()
            undo.callback(path.rmdir)
        yield
        undo.pop_all()


def add(files: list[PlannedFile], change: Change | None, folder: Path) -> None:
    """Add files to a project, and change one that it has: all of it or nothing.

    The change comes last, so that it is never there without the files. Raises UserError for a file that exists, one
    that another program has changed since it was read, and if the disk refuses.
    """
    try:
        with (
            Folder.opened(folder) as project,
            project.locked(),
            _staging_folder(project, "scaffold") as staging,
            ExitStack() as undo,
        ):
            for number, file in enumerate(files):
                _create(staging, str(number), file)
            for number, file in enumerate(files):
                _publish(staging, str(number), project, file.path, undo)
            if change:
                with _folder_of(project, change.path, undo) as parent:
                    parent.rewrite(change.path.name, lambda content: _changed(content, change, folder))
            undo.pop_all()
    except OSError as error:
        raise UserError(
            f"cannot write here: {error.strerror or error}; nothing was changed",
            at=Location(Path(error.filename2 or error.filename or folder)),
            remedy="make room, or fix the permissions",
            code=FAILURE,
        ) from error


def _changed(content: bytes, change: Change, folder: Path) -> bytes:
    if content != change.before:
        raise UserError(
            "another program changed this file, nothing was written",
            at=Location(folder / change.path),
            remedy="run this again",
            code=FAILURE,
        )
    return change.after


def _publish(staging: Folder, staged: str, project: Folder, path: PurePosixPath, undo: ExitStack) -> None:
    """Move a staged file into the project, and note how to take it back."""
    with _folder_of(project, path, undo) as folder:
        if folder.has(path.name):
            raise UserError(
                "this file exists, nothing was touched",
                at=Location(project.path / path),
                remedy="choose another name",
            )
        staging.move(staged, folder, path.name)
    undo.callback(_remove, project, path, is_folder=False)


@contextmanager
def _folder_of(project: Folder, path: PurePosixPath, undo: ExitStack) -> Iterator[Folder]:
    """Give the folder of a path in the project, made if it is missing, through no symbolic link of another user."""
    with ExitStack() as opened:
        folder = project
        for number, name in enumerate(path.parts[:-1], 1):
            if not folder.has(name):
                folder.make_folder(name)
                undo.callback(_remove, project, PurePosixPath(*path.parts[:number]), is_folder=True)
            folder = opened.enter_context(folder.inside(name))
        yield folder


def _remove(project: Folder, path: PurePosixPath, *, is_folder: bool) -> None:
    with ExitStack() as nothing, _folder_of(project, path, nothing) as folder:
        folder.remove(path.name, is_folder=is_folder)


def _make_folders(project: Folder, path: PurePosixPath, made: set[PurePosixPath]) -> None:
    for parent in reversed(path.parents[:-1]):
        if parent not in made:
            project.make_folder(str(parent))
            made.add(parent)


def _create(folder: Folder, name: str, file: PlannedFile) -> None:
    mode = 0o700 if file.secret else 0o777  # less the user's umask
    mode &= 0o777 if file.executable else 0o666
    folder.create(name, file.content, mode)


@contextmanager
def _staging_folder(parent: Folder, name: str) -> Iterator[Folder]:
    """Make a locked folder in ``parent``; remove it, and those of killed processes, whatever happens."""
    prefix = f".{name}.gearbox-lite-"
    for stray in parent.names():
        if stray.startswith(prefix) and HAS_LOCKS:
            with suppress(OSError), parent.inside(stray) as folder, folder.locked(0):
                if folder.is_ours():
                    shutil.rmtree(folder.path)
    staging = f"{prefix}{os.urandom(4).hex()}"
    parent.make_folder(staging, 0o700)
    try:
        with parent.inside(staging) as folder:
            if not folder.is_ours():  # whoever owns the parent has put another one in its place
                raise OSError(errno.EPERM, "another user replaces what is written there", str(folder.path))
            with folder.locked(0):
                yield folder
    finally:
        shutil.rmtree(parent.path / staging, ignore_errors=True)
