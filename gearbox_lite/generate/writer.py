"""Write a project atomically: all of its files, or none.

1. The files are written to a staging folder: hidden, beside the target, and so on the target's file system.
2. The finished project is moved to the target with one ``rename``, which the file system does in a single step. Until
   then nothing is visible at the target, and afterwards everything is.
3. The staging folder is removed, whatever happened: an error, a full disk or Ctrl-C.

SIGKILL leaves the staging folder behind. Its owner holds a lock on it, which the system releases when the process
exits, so a staging folder that no process has locked is stale; the next run for the same target removes it.

Nothing is flushed with ``fsync``: a new project can be written again, so it need not survive a power cut, and flushing
fifty files takes longer than a whole quickstart. Changing a file that the user already has is different: see
``Folder.rewrite``.
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
class FileEdit:
    """A change to an existing file: ``before`` is the content it was planned for, ``after`` replaces that."""

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
            "this folder is not empty; nothing was written",
            at=Location(target),
            remedy="choose another name, or another folder with --output-dir",
        )
    raise UserError(
        "a file with this name exists; nothing was written",
        at=Location(target),
        remedy="choose another name, or another folder with --output-dir",
    )


def write_project(
    files: list[PlannedFile],
    target: Path,
    track: Track = iter,
    finish: Callable[[Path], object] = lambda _: None,
) -> None:
    """Write the whole project to ``target``, or nothing. Raises UserError if the disk refuses.

    ``finish`` is called with the staged project's folder before it is moved to ``target``.
    """
    try:
        check_target(target)
        # The link itself, if target is one, stays; the folder that it leads to is replaced.
        place = target.resolve()
        with (
            _create_parents(place.parent),
            Folder.opened(place.parent) as parent,
            _staging_folder(parent, place.name) as staging,
        ):
            # The project is a folder inside the staging folder, which is private (0700) and locked; moving the inner
            # one leaves both properties behind.
            staging.make_folder(place.name)
            with staging.inside(place.name) as project:
                made: set[PurePosixPath] = set()
                for file in track(files):
                    _make_folders(project, file.path, made)
                    _create(project, str(file.path), file)
                finish(project.path)
            # rename replaces an empty folder and fails for any other, so files that appeared at the target since
            # check_target are safe.
            staging.move(place.name, parent, place.name)
    except OSError as error:
        raise UserError(
            f"cannot write the project: {error.strerror or error}; nothing was written",
            at=Location(target),
            remedy=_remedy(error, "choose another folder with --output-dir", target.parent),
            code=FAILURE,
        ) from error


def _remedy(error: OSError, otherwise: str, folder: Path) -> str:
    """Return what to do if the disk refuses; ``otherwise`` is what helps whatever the reason."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"free some space, or {otherwise}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"let this user write in {folder.absolute()}, or {otherwise}"
    return otherwise


@contextmanager
def _create_parents(folder: Path) -> Iterator[None]:
    """Create a folder and its missing parents; remove them again if the body fails."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    with ExitStack() as undo:
        for path in reversed(missing):
            path.mkdir()
            undo.callback(path.rmdir)
        yield
        undo.pop_all()


def add_to_project(files: list[PlannedFile], edit: FileEdit | None, folder: Path) -> None:
    """Add files to an existing project and edit one of its files: all of it, or nothing.

    Raises UserError if a file exists already, if another program has changed the file to edit since it was read, and
    if the disk refuses.
    """
    # A project in use cannot be replaced by one rename, so each file gets its own, and ``undo`` takes them back if a
    # later one fails. The edit comes last: the root controller must never import a module that is not there yet.
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
            if edit:
                with _parent_of(project, edit.path, undo) as parent:
                    parent.rewrite(edit.path.name, lambda content: _apply_edit(content, edit, folder))
            undo.pop_all()
    except OSError as error:
        raise UserError(
            f"cannot write here: {error.strerror or error}; nothing was changed",
            at=Location(Path(error.filename2 or error.filename or folder)),
            remedy=_remedy(error, "move the project to another disk", folder),
            code=FAILURE,
        ) from error


def _apply_edit(content: bytes, edit: FileEdit, folder: Path) -> bytes:
    if content != edit.before:
        raise UserError(
            "another program changed this file; nothing was written",
            at=Location(folder / edit.path),
            remedy="run this command again",
            code=FAILURE,
        )
    return edit.after


def _publish(staging: Folder, staged: str, project: Folder, path: PurePosixPath, undo: ExitStack) -> None:
    """Move a staged file into the project, and register its removal with ``undo``."""
    with _parent_of(project, path, undo) as folder:
        if folder.has(path.name):
            raise UserError(
                "this file exists; nothing was written",
                at=Location(project.path / path),
                remedy="choose another name",
            )
        staging.move(staged, folder, path.name)
    undo.callback(_remove, project, path, is_folder=False)


@contextmanager
def _parent_of(project: Folder, path: PurePosixPath, undo: ExitStack) -> Iterator[Folder]:
    """Give the folder of a path in the project, created if missing; never through another user's symbolic link."""
    with ExitStack() as opened:
        folder = project
        for number, name in enumerate(path.parts[:-1], 1):
            if not folder.has(name):
                folder.make_folder(name)
                undo.callback(_remove, project, PurePosixPath(*path.parts[:number]), is_folder=True)
            folder = opened.enter_context(folder.inside(name))
        yield folder


def _remove(project: Folder, path: PurePosixPath, *, is_folder: bool) -> None:
    with ExitStack() as nothing, _parent_of(project, path, nothing) as folder:
        folder.remove(path.name, is_folder=is_folder)


def _make_folders(project: Folder, path: PurePosixPath, made: set[PurePosixPath]) -> None:
    for parent in reversed(path.parents[:-1]):
        if parent not in made:
            project.make_folder(str(parent))
            made.add(parent)


def _create(folder: Folder, name: str, file: PlannedFile) -> None:
    mode = 0o700 if file.secret else 0o777  # the system subtracts the user's umask
    mode &= 0o777 if file.executable else 0o666
    folder.create(name, file.content, mode)


@contextmanager
def _staging_folder(parent: Folder, name: str) -> Iterator[Folder]:
    """Create a locked staging folder in ``parent``; remove it and stale ones of killed processes, whatever happens."""
    prefix = f".{name}.gearbox-lite-"
    for entry in parent.names():
        if entry.startswith(prefix) and HAS_LOCKS:
            # locked(0) raises for the staging folder of a process that is still running: leave that one alone.
            with suppress(OSError), parent.inside(entry) as stale, stale.locked(0):
                if stale.is_ours():
                    shutil.rmtree(stale.path)
    staging = f"{prefix}{os.urandom(4).hex()}"
    parent.make_folder(staging, 0o700)
    try:
        with parent.inside(staging) as folder:
            # The owner of ``parent`` may be another user, who can swap our new folder for one of theirs before we
            # open it, and could then read and change what we write.
            if not folder.is_ours():
                raise OSError(errno.EPERM, "another user replaced the staging folder", str(folder.path))
            with folder.locked(0):
                yield folder
    finally:
        # Also on Ctrl-C, which Python raises here as KeyboardInterrupt.
        shutil.rmtree(parent.path / staging, ignore_errors=True)
