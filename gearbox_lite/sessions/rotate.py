"""Rotating the keys in an ini: new ones to sign and encrypt with, the old ones accepted until they are dropped."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gearbox_lite.errors import FAILURE, Setting, UserError
from gearbox_lite.ini.edit import locked, replace_options
from gearbox_lite.ini.lines import is_literal
from gearbox_lite.sessions.settings.configured import Configured
from gearbox_lite.sessions.settings.options import PREFIX, OptionError, check

_TRIES = 20


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
    names = key_names(configured)
    old = {name: [configured.options[name], *configured.options.get(f"{name}_fallbacks", ())] for name in names}
    if "encrypt_key" in old:  # each goes with the signing key beside it
        missing = len(old["validate_key"]) - len(old["encrypt_key"])
        old["encrypt_key"] += [old["encrypt_key"][-1]] * missing
    changes = []
    for name in names:
        changes.append(Change(name, secrets.token_hex(32)))
        changes.append(Change(f"{name}_fallbacks", " ".join(old[name]) if keep_old else None))
    return changes


def without_fallbacks(configured: Configured) -> list[Change]:
    """Return the removal of all fallbacks."""
    return [Change(f"{name}_fallbacks", None) for name in key_names(configured)]


def from_elsewhere(configured: Configured) -> list[Setting]:
    """Return the keys that do not stand in the ini themselves: from the environment, a variable, another setting."""
    names = [f"{name}{end}" for name in key_names(configured) for end in ("", "_fallbacks")]
    settings = {name: configured.setting(name) for name in names}
    return [
        item
        for name, item in settings.items()
        if item is not None and not (item.name == f"{PREFIX}{name}" and is_literal(item))
    ]


def apply(read: Callable[[], Configured], plan: Callable[[Configured], list[Change]]) -> list[Path]:
    """Write the changes that ``plan`` makes of what ``read`` returns into the inis, and return these.

    If another process changes the inis first, they are read and the changes planned again, so that no key is lost.
    Raises UserError, with nothing changed, if the result could not be served.
    """
    configured = read()
    for _ in range(_TRIES):
        inis = {item.at.source for item in configured.settings.values() if isinstance(item.at.source, Path)}
        with locked(inis):
            again = read()
            if again.settings == configured.settings:
                return _write(configured, plan(configured))
        configured = again
    raise UserError("other processes keep changing the keys", remedy="run this again later", code=FAILURE)


def _write(configured: Configured, changes: list[Change]) -> list[Path]:
    _check(configured, changes)
    edits: dict[Path, dict[int, list[str]]] = {}
    for change in changes:
        setting = configured.setting(change.name)
        line = None if change.value is None else f"session.{change.name} = {change.value.replace('%', '%%')}"
        if setting is not None:
            path, first = _place(setting)
            edits.setdefault(path, {})[first] = [] if line is None else [line]
        elif line is not None:  # a fallback that is not there yet goes below its key, which is changed already
            path, first = _place(configured.settings[PREFIX + change.name.removesuffix("_fallbacks")])
            edits[path][first].append(line)
    for path, lines in edits.items():
        replace_options(path, lines)
    return list(edits)


def _check(configured: Configured, changes: list[Change]) -> None:
    after = {name: item.value for name, item in configured.settings.items()}
    for change in changes:
        after.pop(PREFIX + change.name, None)
        if change.value is not None:
            after[PREFIX + change.name] = change.value
    try:
        check(after)
    except OptionError as error:
        raise UserError(f"the keys cannot be rotated: {error}") from error


def _place(setting: Setting) -> tuple[Path, int]:
    assert isinstance(setting.at.source, Path)  # noqa: S101 (from_elsewhere has looked)
    assert setting.at.line is not None  # noqa: S101
    return setting.at.source, setting.at.line
