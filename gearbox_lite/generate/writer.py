"""Planned files to disk, all or nothing.

The files are staged in a hidden folder beside the target, on the same file system, and the finished project is
renamed into place, which the file system does as one step. Whoever stages holds a lock on the staging folder, so a
staging folder without one was left by a killed process, and the next run for the same target removes it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gearbox_lite.errors import FAILURE, Location, UserError
from gearbox_lite.generate.template import PlannedFile, Track

try:
    import fcntl
except ImportError:  # Windows has no such locks: there, staging folders of killed processes stay.
    fcntl = None  # type: ignore[assignment]


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
        with _staging_folder(place) as staging:
            project = staging / place.name
            project.mkdir()
            for file in track(files):
                _write_file(project.joinpath(*file.path.parts), file)
            finish(project)
            project.rename(place)
    except OSError as error:
        raise UserError(
            f"cannot write the project: {error.strerror or error}; nothing was written",
            at=Location(target),
            remedy="make room or choose another folder with --output-dir",
            code=FAILURE,
        ) from error


def _write_file(path: Path, file: PlannedFile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o700 if file.secret else 0o777  # less the user's umask
    mode &= 0o777 if file.executable else 0o666
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with open(descriptor, "wb") as stream:  # noqa: PTH123 (Path.open takes no mode for the new file)
        stream.write(file.content)


@contextmanager
def _staging_folder(target: Path) -> Iterator[Path]:
    """Make a locked folder beside ``target``; remove it, and those of killed processes, whatever happens."""
    prefix = f".{target.name}.gearbox-lite-"
    for stray in target.parent.glob(f"{prefix}*") if fcntl else ():
        with suppress(OSError), _locked(stray):
            shutil.rmtree(stray)
    staging = target.parent / f"{prefix}{os.urandom(4).hex()}"
    staging.mkdir(mode=0o700)
    try:
        with _locked(staging):
            yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises BlockingIOError if another process holds it."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
