"""Changing single lines of an ini, with everything else in it left as it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gearbox_lite.errors import FAILURE, Location, UserError


def replace_lines(path: Path, changes: Mapping[int, list[str]]) -> None:
    """Put other lines in the place of some, given by their numbers from 1; a setting's further lines go with it.

    The file is replaced whole, or left as it is; its mode and owner stay. Raises UserError where that fails.
    """
    place = path.resolve()  # a link stays a link
    try:
        text = place.read_bytes().decode("utf-8")
        ending = "\r\n" if "\r\n" in text else "\n"
        _replace(place, ending.join(_changed(text.split(ending), changes)))
    except OSError as error:
        raise UserError(f"cannot be changed: {error.strerror}", at=Location(path), code=FAILURE) from error


def _changed(lines: list[str], changes: Mapping[int, list[str]]) -> list[str]:
    result: list[str] = []
    continued = False
    for number, line in enumerate(lines, start=1):
        if number in changes:
            result += changes[number]
            continued = True
        elif not (continued and line[:1].isspace() and line.strip()):
            continued = False
            result.append(line)
    return result


def _replace(path: Path, text: str) -> None:
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
