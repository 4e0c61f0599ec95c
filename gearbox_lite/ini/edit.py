"""Changing single options of an ini, with everything else in it left as it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gearbox_lite.errors import FAILURE, Location, UserError
from gearbox_lite.ini.locate import places, split_lines


def replace_options(path: Path, changes: Mapping[int, list[str]]) -> None:
    """Put other lines in the place of some options, given by their first lines, from 1.

    The new lines take over the indent and the line ending. The file is replaced whole, or left as it is; its mode and
    owner stay. Raises UserError where that fails.
    """
    place = path.resolve()  # a link stays a link
    try:
        _replace_file(place, _changed(place.read_bytes().decode("utf-8"), changes, path))
    except OSError as error:
        raise UserError(f"cannot be changed: {error.strerror}", at=Location(path), code=FAILURE) from error


def _changed(text: str, changes: Mapping[int, list[str]], path: Path) -> str:
    lines = split_lines(text)
    options = {place.first: place for (_, option), place in places(text).items() if option is not None}
    for first in sorted(changes, reverse=True):
        if first not in options:
            raise UserError("this line has changed meanwhile", at=Location(path, first), code=FAILURE)
        ending = "\r" if lines[first - 1].endswith("\r") else ""
        new = [f"{options[first].indent}{line}{ending}" for line in changes[first]]
        lines[first - 1 : options[first].last] = new
    return "\n".join(lines)


def _replace_file(path: Path, text: str) -> None:
    before = path.stat()
    draft = path.with_name(f".{path.name}.gearbox-lite-{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123 (Path.open takes no mode)
            stream.write(text.encode("utf-8"))
            stream.flush()
            os.fsync(descriptor)
        draft.chmod(before.st_mode & 0o7777)
        if os.name == "posix":
            with suppress(PermissionError):  # another owner's file that we may write: it becomes ours
                os.chown(draft, before.st_uid, before.st_gid)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
