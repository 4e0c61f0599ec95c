"""The topics of mistakes, in the order of the docs: each is a module of this folder with its CASES."""

from __future__ import annotations

from dataclasses import dataclass

from mistakes import development_ini
from mistakes.case import Case


@dataclass(frozen=True)
class Topic:
    """A heading of the docs and its cases."""

    title: str
    cases: tuple[Case, ...]


TOPICS = (Topic("development.ini", development_ini.CASES),)
