"""The topics of mistakes, in the order of the docs: each is a module of this folder with its CASES."""

from __future__ import annotations

from dataclasses import dataclass

from mistakes import (
    application_settings,
    code,
    command_line,
    development_ini,
    environment,
    sections,
    server_settings,
    session_settings,
    template_authors,
)
from mistakes.case import Case


@dataclass(frozen=True)
class Topic:
    """A heading of the docs and its cases."""

    title: str
    cases: tuple[Case, ...]


TOPICS = (
    Topic("development.ini", development_ini.CASES),
    Topic("Sections", sections.CASES),
    Topic("Sessions", session_settings.CASES),
    Topic("Server", server_settings.CASES),
    Topic("The application and logging", application_settings.CASES),
    Topic("Keys and environment variables", environment.CASES),
    Topic("Code", code.CASES),
    Topic("Command line", command_line.CASES),
    Topic("Templates of your own", template_authors.CASES),
)
