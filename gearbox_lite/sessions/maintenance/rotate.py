"""Rotating the keys in an ini, for ``gearbox-lite session rotate-key``.

A rotation has two steps. The first writes new keys to sign and encrypt with, and keeps the old ones as fallback keys,
so that no visitor is logged out. The second, later, drops the fallback keys.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gearbox_lite.errors import FAILURE, Setting, UserError
from gearbox_lite.ini.edit import locked, replace_options
from gearbox_lite.ini.parsing.lines import is_literal
from gearbox_lite.sessions.settings.configured import ConfiguredSession
from gearbox_lite.sessions.settings.options import PREFIX
from gearbox_lite.sessions.settings.parse import OptionError, parse_options

_ATTEMPTS = 20


@dataclass(frozen=True)
class KeyChange:
    """One option to change: its new value, None to remove it."""

    name: str
    value: str | None


def new_keys(configured: ConfiguredSession, *, keep_old: bool) -> list[KeyChange]:
    """Return new random keys, with the old ones as fallback keys or without them."""
    names = configured.key_names()
    old = {name: list(configured.options.keys(name)) for name in names}
    if "encrypt_key" in old:  # each one decrypts what goes with the signing key of the same number
        missing = len(old["validate_key"]) - len(old["encrypt_key"])
        old["encrypt_key"] += [old["encrypt_key"][-1]] * missing
    changes = []
    for name in names:
        changes.append(KeyChange(name, secrets.token_hex(32)))
        changes.append(KeyChange(f"{name}_fallbacks", " ".join(old[name]) if keep_old else None))
    return changes


def without_fallbacks(configured: ConfiguredSession) -> list[KeyChange]:
    """Return the removal of all fallback keys."""
    return [KeyChange(f"{name}_fallbacks", None) for name in configured.key_names()]


def from_elsewhere(configured: ConfiguredSession) -> list[Setting]:
    """Return the keys that are not written in the ini itself: from the environment, a variable, another setting."""
    names = [f"{name}{end}" for name in configured.key_names() for end in ("", "_fallbacks")]
    settings = {name: configured.setting(name) for name in names}
    return [
        item
        for name, item in settings.items()
        if item is not None and not (item.name == f"{PREFIX}{name}" and is_literal(item))
    ]


def apply_changes(
    read: Callable[[], ConfiguredSession], plan: Callable[[ConfiguredSession], list[KeyChange]]
) -> list[Path]:
    """Plan changes for the session that ``read`` returns, write them into its inis, and return the inis.

    Two rotations at the same time must not lose a key. Which files to lock is known only after reading, so the inis
    are read, locked, and read again under the lock. If another process has changed them in between, the changes are
    planned again. Raises UserError, with nothing changed, if the result could not be served.
    """
    configured = read()
    for _ in range(_ATTEMPTS):
        inis = {item.at.source for item in configured.settings.values() if isinstance(item.at.source, Path)}
        with locked(inis):
            again = read()
            if again.settings == configured.settings:
                return _write_changes(configured, plan(configured))
        configured = again
    raise UserError("other processes keep changing the keys", remedy="run this again later", code=FAILURE)


def _write_changes(configured: ConfiguredSession, changes: list[KeyChange]) -> list[Path]:
    _check_result(configured, changes)
    edits: dict[Path, dict[int, list[str]]] = {}
    for change in changes:
        setting = configured.setting(change.name)
        line = None if change.value is None else f"session.{change.name} = {change.value.replace('%', '%%')}"
        if setting is not None:
            path, first = _file_and_line(setting)
            edits.setdefault(path, {})[first] = [] if line is None else [line]
        elif line is not None:  # a new fallback goes below its key, whose line is changed already
            path, first = _file_and_line(configured.settings[PREFIX + change.name.removesuffix("_fallbacks")])
            edits[path][first].append(line)
    for path, lines in edits.items():
        replace_options(path, lines)
    return list(edits)


def _check_result(configured: ConfiguredSession, changes: list[KeyChange]) -> None:
    after = {name: item.value for name, item in configured.settings.items()}
    for change in changes:
        after.pop(PREFIX + change.name, None)
        if change.value is not None:
            after[PREFIX + change.name] = change.value
    try:
        parse_options(after)
    except OptionError as error:
        raise UserError(f"the keys cannot be rotated: {error}") from error


def _file_and_line(setting: Setting) -> tuple[Path, int]:
    assert isinstance(setting.at.source, Path)  # noqa: S101 (from_elsewhere has checked it)
    assert setting.at.line is not None  # noqa: S101
    return setting.at.source, setting.at.line
