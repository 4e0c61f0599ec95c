"""Change single options of an ini and leave every other byte of it unchanged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gearbox_lite.errors import FAILURE, Location, UserError
from gearbox_lite.ini.parsing.lines import line_ranges, split_lines
from gearbox_lite.safe_files import Folder, resolve_links


@contextmanager
def locked(paths: Iterable[Path]) -> Iterator[None]:
    """Keep other gearbox-lite processes from changing some inis. Raises UserError if one keeps the lock for too long.

    The lock is on each ini's folder: replacing an ini also replaces the inode that a lock on the ini would be on.
    """
    folders: dict[str, Path] = {}
    for path in paths:
        with _os_errors_explained(path):
            folders[os.path.realpath(resolve_links(path).parent)] = path
    with ExitStack() as stack:
        for folder in sorted(folders):  # always in the same order, so that two processes cannot deadlock
            with _os_errors_explained(folders[folder]):
                stack.enter_context(stack.enter_context(Folder.opened(Path(folder))).locked())
        yield


def replace_options(path: Path, changes: Mapping[int, list[str]]) -> None:
    """Replace some options, given by the numbers of their first lines (from 1), with other lines.

    The new lines keep the indent and the line ending of the old ones. The change is atomic: the file is replaced as a
    whole or not at all. Its mode, owner and access control list are kept, and so is a symbolic link to it. Raises
    UserError if that fails.
    """
    with _os_errors_explained(path), Folder.opened(path.parent) as folder:
        folder.rewrite(path.name, lambda content: _replace_lines(content, changes, path))


@contextmanager
def _os_errors_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot be changed: {error.strerror}", at=Location(path), code=FAILURE) from error


def _replace_lines(content: bytes, changes: Mapping[int, list[str]], path: Path) -> bytes:
    text = content.decode("utf-8")
    lines = split_lines(text)
    options = {found.first: found for (_, option), found in line_ranges(text).items() if option is not None}
    for first in sorted(changes, reverse=True):
        if first not in options:
            raise UserError(
                "another program changed this line", at=Location(path, first), remedy="run this again", code=FAILURE
            )
        ending = "\r" if lines[first - 1].endswith("\r") else ""
        new = [f"{options[first].indent}{line}{ending}" for line in changes[first]]
        lines[first - 1 : options[first].last] = new
    return "\n".join(lines).encode("utf-8")
