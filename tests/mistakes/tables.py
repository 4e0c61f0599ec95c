"""The topics of mistakes, in the order of the docs: each is a module of cases with its CASES."""

from __future__ import annotations

from dataclasses import dataclass

from mistakes.case import Case
from mistakes.cases import (
    application_settings,
    code,
    command_names,
    development_ini,
    environment,
    other_commands,
    quickstart_command,
    sections,
    serve_options,
    server_settings,
    session_settings,
    template_authors,
)


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
    Topic("Names of commands", command_names.CASES),
    Topic("Arguments of serve", serve_options.CASES),
    Topic("Arguments of quickstart", quickstart_command.CASES),
    Topic("Arguments of other commands", other_commands.CASES),
    Topic("Templates of your own", template_authors.CASES),
)
