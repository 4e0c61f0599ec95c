"""Changing single options of an ini, with everything else in it left as it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gearbox_lite.errors import FAILURE, Location, UserError
from gearbox_lite.ini.locate import places, split_lines
from gearbox_lite.safe_files import Folder, follow


@contextmanager
def locked(paths: Iterable[Path]) -> Iterator[None]:
    """Keep other processes of ours from changing some inis. Raises UserError if one holds them for too long.

    The folders of the inis are locked, since an ini that is replaced takes its own lock with it.
    """
    folders: dict[str, Path] = {}
    for path in paths:
        with _explained(path):
            folders[os.path.realpath(follow(path).parent)] = path
    with ExitStack() as stack:
        for folder in sorted(folders):  # in one order, so that two processes cannot wait for each other
            with _explained(folders[folder]):
                stack.enter_context(stack.enter_context(Folder.opened(Path(folder))).locked())
        yield


def replace_options(path: Path, changes: Mapping[int, list[str]]) -> None:
    """Put other lines in the place of some options, given by their first lines, from 1.

    The new lines take over the indent and the line ending. The file is replaced whole, or left as it is; its mode,
    owner and access control list stay, and a symbolic link stays one. Raises UserError if that fails.
    """
    with _explained(path), Folder.opened(path.parent) as folder:
        folder.rewrite(path.name, lambda content: _changed(content, changes, path))


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot be changed: {error.strerror}", at=Location(path), code=FAILURE) from error


def _changed(content: bytes, changes: Mapping[int, list[str]], path: Path) -> bytes:
    text = content.decode("utf-8")
    lines = split_lines(text)
    options = {place.first: place for (_, option), place in places(text).items() if option is not None}
    for first in sorted(changes, reverse=True):
        if first not in options:
            raise UserError(
                "another program changed this line", at=Location(path, first), remedy="run this again", code=FAILURE
            )
        ending = "\r" if lines[first - 1].endswith("\r") else ""
        new = [f"{options[first].indent}{line}{ending}" for line in changes[first]]
        lines[first - 1 : options[first].last] = new
    return "\n".join(lines).encode("utf-8")
