"""The edits of a project that the cases make, each with the text that the docs show."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

INI = "development.ini"


@dataclass(frozen=True)
class Edit:
    """A change to one file of a project; ``apply`` makes it and returns the number of the changed line."""

    file: str
    shown: str
    apply: Callable[[Path], int]


def setting(name: str, value: str, file: str = INI) -> Edit:
    """Change a setting that the ini has, or has commented out."""

    def apply(project: Path) -> int:
        from support import helpers

        helpers.set_option(project / file, name, value)
        return helpers.line_of(project / file, name)

    return Edit(file, f"{name} = {value}".rstrip(), apply)


def line(section: str, text: str, file: str = INI) -> Edit:
    """Add a line below a section's header."""

    def apply(project: Path) -> int:
        from support import helpers

        return helpers.add_line(project / file, section, text)

    return Edit(file, f"{text} (in [{section}])", apply)


def replaced(old: str, new: str, file: str = INI) -> Edit:
    """Replace the first occurrence of a text."""

    def apply(project: Path) -> int:
        text = (project / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        (project / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        before = text[: text.index(old)]
        return before.count("\n") + 1 + len(new) - len(new.lstrip("\n"))

    return Edit(file, new.strip("\n"), apply)


def appended(text: str, file: str = INI) -> Edit:
    """Add lines at the end of a file."""

    def apply(project: Path) -> int:
        before = (project / file).read_text(encoding="utf-8")
        (project / file).write_text(f"{before}{text}\n", encoding="utf-8")
        return before.count("\n") + 1 + len(text) - len(text.lstrip("\n"))

    return Edit(file, f"{text.strip()} (at the end)", apply)


def written(file: str, text: str) -> Edit:
    """Write a whole file."""

    def apply(project: Path) -> int:
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).write_text(text, encoding="utf-8")
        return 1

    return Edit(file, text.strip("\n"), apply)


def not_utf8(file: str = INI) -> Edit:
    """Add a first line in Latin-1."""

    def apply(project: Path) -> int:
        (project / file).write_bytes(b"# caf\xe9\n" + (project / file).read_bytes())
        return 1

    return Edit(file, "# caf\\xe9", apply)


def deleted(file: str) -> Edit:
    """Delete a file."""

    def apply(project: Path) -> int:
        (project / file).unlink()
        return 1

    return Edit(file, "(deleted)", apply)


def renamed(file: str, name: str) -> Edit:
    """Rename a file within its folder."""

    def apply(project: Path) -> int:
        (project / file).rename((project / file).with_name(name))
        return 1

    return Edit(file, f"(renamed to {name})", apply)


def linked(file: str, target: str) -> Edit:
    """Replace a file by a symbolic link."""

    def apply(project: Path) -> int:
        (project / file).unlink()
        (project / file).symlink_to(target)
        return 1

    return Edit(file, f"(a link to {target})", apply)


def with_lines(text: str, number: int, path: Path) -> str:
    """Replace ``<line>``, ``<line+1>`` and ``<line of X>`` in an expected line by the numbers."""
    from support import helpers

    text = re.sub(r"<line of (.*?)>", lambda match: str(helpers.line_of(path, match[1])), text)
    return re.sub(r"<line([+-]\d+)?>", lambda match: str(number + int(match[1] or 0)), text)
