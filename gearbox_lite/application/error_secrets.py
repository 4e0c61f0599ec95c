"""What the debug page and the log hide of an exception: secrets in its message, in values, and in source.

A secret is recognized by its name: that of a variable, a key of a dict, an attribute or a parameter. Its text is then
hidden wherever else it would be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby, islice
from types import FrameType
from typing import Any

from gearbox_lite.application.user_code import is_users
from gearbox_lite.masking import MASK, is_secret, without_passwords

_NAME = re.compile(r"""(?<![\w.-])(?P<name>[\w.-]+)['"]?\s*[:=]\s*""")
_VALUE = re.compile(r"""[bru]{0,2}'(?:[^'\\]|\\.)*'|[bru]{0,2}"(?:[^"\\]|\\.)*"|[^\s'"&;,)}\]]+""")
"""A name, and its value, in the text of an object, such as ``password='x'``, ``"token": "x"`` or ``key=x``."""
_PAIR_IN_TUPLE = re.compile(
    r"""(?P<sign>\(b?(?P<quote>['"])(?P<name>[A-Za-z_][\w.-]*)(?P=quote),\s)
        (?:b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*")(?=\))""",
    re.VERBOSE,
)
"""A name and its value as a tuple, such as ``('Authorization', 'Basic ...')`` in a list of headers."""
_LITERAL = re.compile(
    r"""(?P<start>
            (?: \bget(?:env)? \( \s* ['"] (?P<read>\w+) ['"] \s* ,
              | \b (?P<name>[A-Za-z_]\w*)
                (?: ['"]\]? \s* (?:[=!]=|[:=]) | \s*:\s*[\w.\[\]|\ ]+=(?!=) | \s*(?:[=!]=|[:=]) )
            ) \s* [bru]{0,2} (?P<quote>\"{3}|\'{3}|["\'])
        )
        (?P<text>(?:[^\\]|\\.)*?) (?=(?P=quote)|$)""",
    re.IGNORECASE | re.VERBOSE,
)
"""A string in source, and the name that it is assigned to, compared with, or the default of."""
_ADDRESS = re.compile(r"[A-Za-z][\w+.-]*://[^\s'\"]+")
_FRAME = re.compile(r"(\s*\| )?  File \"")
"""The line of a frame in the text of a traceback; those of exception groups are indented with ``|``."""
_SOURCE = re.compile(r"(\s*\| )?    ")
"""A line below it."""
_MIN_HIDDEN = 6
"""Characters from which a secret's text is hidden elsewhere too; a shorter one is part of too much else."""
MAX_ITEMS = 20
"""Items of a dict that are looked at."""
_MAX_FRAMES = 100
"""Frames of an exception, and of those that it comes from, whose variables are looked at."""


class SecretTexts:
    """The texts of the secrets that have been seen."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def add(self, value: object) -> None:
        """Remember a secret."""
        if isinstance(value, bytes):
            value = value.decode(errors="replace")
        if type(value) is str and len(value) >= _MIN_HIDDEN:
            self._texts.add(value)

    def add_variable(self, name: str, value: object) -> None:
        """Remember a variable's value if its name is that of a secret, or the secrets in it if it is a dict."""
        if not is_secret(name):
            self.add_items(value)
        elif name != "key":  # which is as often the key of a dict
            self.add(value)

    def add_items(self, value: object) -> None:
        """Remember the values of a dict whose keys are those of secrets; of anything else nothing."""
        if type(value) is dict:
            for key, item in islice(value.items(), MAX_ITEMS):
                if names_secret(key):
                    self.add(item)

    def hidden(self, text: str) -> str:
        """Return a text without the secrets that have been seen so far."""
        for secret in sorted(self._texts, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text


def names_secret(key: object) -> bool:
    """Whether a key of a dict is the name of a secret."""
    return type(key) is str and is_secret(key)


def hide_in_traceback(text: str, error: BaseException | None) -> str:
    """Return the text of an exception's traceback without secrets: what the debug page does not show either."""
    secrets = SecretTexts()
    with suppress(Exception):  # of the application's own classes, which must not keep its exception from the log
        for frame in islice(_frames_of(error), _MAX_FRAMES):
            if is_users(frame.f_code.co_filename):
                for name, value in list(frame.f_locals.items()):
                    secrets.add_variable(name, value)
    is_source = False

    def kind_of(line: str) -> str:
        nonlocal is_source
        is_frame = _FRAME.match(line) is not None
        is_source = is_frame or (is_source and _SOURCE.match(line) is not None)
        return "frame" if is_frame else "source" if is_source else "message"

    shown: list[str] = []
    for kind, lines in groupby(text.splitlines(keepends=True), kind_of):
        block = list(lines)
        if kind == "message":  # a value may have several lines
            block = [secrets.hidden(without_named_secrets("".join(block)))]
        shown += [mask_source(line)[0] for line in block] if kind == "source" else block
    return "".join(shown)


def _frames_of(error: BaseException | None) -> Iterator[FrameType]:
    """Yield the frames of an exception, and of those that it groups, or was raised from or while handling."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        entry = current.__traceback__
        while entry is not None:
            yield entry.tb_frame
            entry = entry.tb_next
        grouped = getattr(current, "exceptions", ())
        waiting += [current.__cause__, current.__context__]
        waiting += [one for one in grouped if isinstance(one, BaseException)] if isinstance(grouped, tuple) else []


def without_named_secrets(text: str) -> str:
    """Return a text without passwords in addresses and without values that follow the name of a secret."""
    return _PAIR_IN_TUPLE.sub(_masked_tuple, _mask_pairs(without_passwords(text)))


def _mask_pairs(text: str) -> str:
    shown, end = [], 0
    for found in _NAME.finditer(text):  # also the second name in ``failed: token=x``
        value = _VALUE.match(text, found.end()) if found.start() >= end and is_secret(found["name"]) else None
        if value is not None:
            shown += [text[end : found.end()], MASK]
            end = value.end()
    return "".join([*shown, text[end:]])


def _masked_tuple(pair: re.Match[str]) -> str:
    return f"{pair['sign']}{MASK}" if is_secret(pair["name"]) else pair[0]


def mask_source(text: str, *columns: int) -> tuple[Any, ...]:
    """Return a line of source without the texts of its secrets, and where columns of the line are then."""
    for pattern, mask in ((_LITERAL, _masked_literal), (_ADDRESS, lambda address: without_passwords(address[0]))):
        for found in reversed(list(pattern.finditer(text))):
            masked = mask(found)
            longer = len(masked) - len(found[0])
            text = text[: found.start()] + masked + text[found.end() :]
            columns = tuple(
                column + longer if column >= found.end() else min(column, found.start() + len(masked))
                for column in columns
            )
    return text, *columns


def _masked_literal(found: re.Match[str]) -> str:
    name = found["name"] or found["read"]
    hides = found["text"] and name != "key" and is_secret(name)  # a key is as often that of a dict
    return f"{found['start']}{MASK}" if hides else found[0]
