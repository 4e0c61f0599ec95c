"""One mistake that people make, and what they are told: the rows of the tables in cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mistakes.edits import Edit

MODES = {
    "serve": ("serve", "--no-reload"),
    "reload": ("serve", "--reload"),
    "workers": ("serve", "--no-reload", "--workers", "2"),
    "check": ("check",),
    "routes": ("routes",),
    "shell": ("shell", "-c", "pass"),
}
"""The ways to read an ini and load its application, each with its command."""
USUAL = ("serve", "reload", "workers", "check")


@dataclass(frozen=True)
class Case:
    """One mistake: edits of a new project or a command line, and the whole lines that answer it.

    ``mistake`` says in a few words what is wrong; it is the test's id and in the docs. In the lines, ``<line>`` is the
    number of the line edited last (``<line+1>`` of the next one), and ``<line of X>`` that of the first line of the
    same file that begins with X; ``<project>`` is the project's folder.
    """

    mistake: str
    edits: tuple[Edit, ...] = ()
    error: str = ""
    """The line after "Error: ", in every mode; empty if the mistake is no error."""
    warnings: tuple[str, ...] = ()
    """The lines after "Warning: ", in any order."""
    codes: tuple[str, ...] = ()
    """The codes of the warnings, which ``check`` adds to them."""
    modes: tuple[str, ...] = USUAL
    ini: str = "development.ini"
    environment: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    """Run this command line instead of the modes."""
    folder: str = "hello"
    """Where to run it: the project's folder is hello."""
    exit_code: int = 2
    """That of ``serve`` or the command if ``error`` is not empty."""
    visit: str = ""
    """A URL to visit, which fails."""
    logged: str = ""
    """A line of the log that ends like this, after the visit."""
    secrets: tuple[str, ...] = ()
    """What must not be shown, besides the keys of the inis."""
    keeps_port: bool = False
    """Take the port of the ini, which the mistake is about, instead of a free one."""
