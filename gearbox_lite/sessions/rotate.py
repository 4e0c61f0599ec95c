"""Rotating the keys in an ini: new ones to sign and encrypt with, the old ones accepted until they are dropped."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from gearbox_lite.errors import Setting, UserError
from gearbox_lite.ini.edit import replace_lines
from gearbox_lite.ini.locate import raw_value
from gearbox_lite.sessions.configured import Configured


@dataclass(frozen=True)
class Change:
    """One option to change: its new value, None to remove it."""

    name: str
    value: str | None


def key_names(configured: Configured) -> list[str]:
    """Return the keys that the configured sessions rest on; the encryption key is bound to the signing key."""
    names = ["validate_key"] if configured.store == "cookie" else ["secret"]
    if "encrypt_key" in configured.options:
        names = list(dict.fromkeys([*names, "validate_key", "encrypt_key"]))
    return names


def new_keys(configured: Configured, *, keep_old: bool) -> list[Change]:
    """Return new random keys, and the old ones as fallbacks or without them."""
    changes = []
    for name in key_names(configured):
        changes.append(Change(name, secrets.token_hex(32)))
        old = [configured.options[name], *configured.options.get(f"{name}_fallbacks", ())] if keep_old else []
        changes.append(Change(f"{name}_fallbacks", " ".join(old) or None))
    return changes


def without_fallbacks(configured: Configured) -> list[Change]:
    """Return the removal of all fallbacks."""
    return [Change(f"{name}_fallbacks", None) for name in key_names(configured)]


def from_environment(configured: Configured) -> list[Setting]:
    """Return the keys that are not written in an ini but interpolated into it."""
    settings = [configured.setting(name) for name in key_names(configured)]
    return [item for item in settings if item is not None and "%(" in raw_value(item)]


def apply(configured: Configured, changes: list[Change]) -> list[Path]:
    """Write the changes into the inis that have the options, and return these. Raises UserError."""
    edits: dict[Path, dict[int, list[str]]] = {}
    for change in changes:
        setting = configured.setting(change.name)
        if setting is not None:
            lines = _lines(edits, setting)
            lines[_line(setting)] = [] if change.value is None else [f"session.{change.name} = {change.value}"]
        elif change.value is not None:  # a fallback that is not there yet goes below its key
            key = configured.setting(change.name.removesuffix("_fallbacks"))
            if key is None:
                raise UserError(f"session.{change.name} has no key in the ini")
            _lines(edits, key)[_line(key)].append(f"session.{change.name} = {change.value}")
    changed = [path for path, lines in edits.items() if lines]
    for path in changed:
        replace_lines(path, edits[path])
    return changed


def _lines(edits: dict[Path, dict[int, list[str]]], setting: Setting) -> dict[int, list[str]]:
    return edits.setdefault(Path(setting.at.source), {})


def _line(setting: Setting) -> int:
    if setting.at.line is None:
        raise UserError(f"{setting.name} is not in a file", at=setting.at, remedy="write it into the ini")
    return setting.at.line
