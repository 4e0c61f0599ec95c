"""The topics of mistakes, in the order of the docs: each is a module of this folder with its CASES."""

from __future__ import annotations

from dataclasses import dataclass

from mistakes import code, command_line, development_ini, template_authors
from mistakes.case import Case


@dataclass(frozen=True)
class Topic:
    """A heading of the docs and its cases."""

    title: str
    cases: tuple[Case, ...]


TOPICS = (
    Topic("development.ini", development_ini.CASES),
    Topic("Code", code.CASES),
    Topic("Command line", command_line.CASES),
    Topic("Templates of your own", template_authors.CASES),
)
