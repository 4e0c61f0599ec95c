"""A template's manifest, ``template.toml``: name, description, questions, and which files the answers leave out."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gearbox_lite.booleans import FALSE, TRUE
from gearbox_lite.errors import FAILURE, Location, UserError, line_not_utf8, nearest

MANIFEST = "template.toml"
TREE = "tree"
BUILT_IN_VARIABLES = ("project", "package", "new_secret")
"""Variables of every template, whose names no question may have."""

MAKE_READABLE = "fix its permissions"
"""The remedy if the system does not let us read a file of a template."""

Answer = str | bool

_TYPES = ("str", "bool", "choice")
_PACKAGE = Path(__file__).parents[1]
_BUNDLED_FOLDERS = (_PACKAGE / "templates", _PACKAGE.parent / "templates")


@dataclass(frozen=True)
class Question:
    """One question. Without a ``default`` it must be answered; ``choices`` is empty unless the type is "choice"."""

    name: str
    type: str
    default: Answer | None
    choices: tuple[str, ...]
    help: str

    def convert(self, text: str) -> Answer:
        """Convert a string to an answer of the question's type. Raises ValueError, whose message is the remedy."""
        if self.type == "bool":
            if text.lower() not in TRUE | FALSE:
                raise ValueError("write true or false")
            return text.lower() in TRUE
        if self.type == "choice" and text not in self.choices:
            guess = nearest(text, list(self.choices))
            raise ValueError(f"did you mean {guess}?" if guess else f"choose from {', '.join(self.choices)}")
        return text


@dataclass(frozen=True)
class LeaveOut:
    """Files and folders, as globs relative to the tree, that are not written if the expression ``when`` is true."""

    when: str
    paths: tuple[str, ...]
    at: Location


@dataclass(frozen=True)
class Template:
    """A template: its folder, and the content of its ``template.toml``."""

    folder: Path
    name: str
    description: str
    questions: tuple[Question, ...]
    leave_out: tuple[LeaveOut, ...]

    @property
    def tree(self) -> Path:
        """The folder of the files to write."""
        return self.folder / TREE

    @property
    def is_bundled(self) -> bool:
        """Whether it comes with gearbox-lite, so that it is trusted and needs no limits."""
        return self.folder.parent in _BUNDLED_FOLDERS


def bundled_templates() -> dict[str, Path]:
    """Return the folders of the templates that come with gearbox-lite, by name.

    In a wheel, ``templates/`` is inside the package; in a clone it is beside the package. Raises UserError if there
    is neither.
    """
    for templates in _BUNDLED_FOLDERS:
        folders = {path.parent.name: path.parent for path in sorted(templates.glob(f"*/{MANIFEST}"))}
        if folders:
            return folders
    raise UserError(
        "gearbox-lite's own templates are missing",
        at=Location(_PACKAGE),
        remedy="reinstall gearbox-lite",
        code=FAILURE,
    )


def find_template(given: str) -> Path:
    """Return a template's folder, given its path or the name of a bundled one. Raises UserError if there is none."""
    ours = bundled_templates()
    if given in ours:
        return ours[given]
    folder = Path(given)
    at = Location("--template")
    if not given:
        raise UserError("the value is empty", at=at, remedy=f"write a folder's path, or choose from {', '.join(ours)}")
    if (folder / MANIFEST).is_file():
        return folder
    if folder.is_file():
        raise UserError(f"{given} is a file", at=at, remedy=f"write the path of the folder that contains {MANIFEST}")
    if folder.exists():
        raise UserError(
            f"{given} is not a template: it has no {MANIFEST}",
            at=at,
            remedy=f"add one with a name and a description, and put the files into {TREE}/",
        )
    guess = nearest(given, list(ours))
    hint = f"did you mean {guess}?" if guess else f"write a folder's path, or choose from {', '.join(ours)}"
    raise UserError(f"there is no template {given}", at=at, remedy=hint)


def load_template(folder: Path) -> Template:
    """Read a template's ``template.toml``. Raises UserError, with file and line, for any error in it."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    path = folder / MANIFEST
    if path.is_symlink():
        raise _error(path, None, "a template cannot contain a symbolic link", "replace it with a regular file")
    try:
        text = path.read_bytes().decode()
        if text.startswith("\N{BYTE ORDER MARK}"):
            raise _error(path, 1, "the file begins with a byte order mark", "save it as UTF-8 without BOM")
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
        line = int(found[1]) if found and found[1] else len(text.splitlines())
        reason = str(error)[: found.start()] if found else str(error)
        # Only a template with a mistake needs this module, here and below.
        from gearbox_lite.generate.manifest_words import toml_remedy

        lines = text.splitlines()
        remedy = toml_remedy(lines[line - 1] if 0 < line <= len(lines) else "", text)
        raise _error(path, line, f"invalid TOML: {reason}", remedy) from error
    except RecursionError as error:
        raise _error(
            path,
            None,
            "its values are nested too deeply",
            "a template has only name, description, questions and leave_out",
        ) from error
    except UnicodeDecodeError as error:
        raise _error(path, line_not_utf8(error), "this is not UTF-8", "save the file as UTF-8") from error
    except OSError as error:
        raise _error(path, None, f"cannot be read: {error.strerror}", MAKE_READABLE) from error
    return _ManifestParser(path, text).template(values)


def _error(path: Path, line: int | None, problem: str, remedy: str) -> UserError:
    return UserError(problem, at=Location(path, line), remedy=remedy, code=FAILURE)


class _ManifestParser:
    """Builds a Template from parsed TOML; finds the line of each error, which tomllib does not give."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def template(self, values: dict[str, Any]) -> Template:
        self._check_keys(values, ("name", "description", "questions", "leave_out"), "")
        questions = tuple(
            self._question(table, f"questions:{number}") for number, table in self._tables(values, "questions")
        )
        names = [question.name for question in questions]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise self._error_at(f"questions:{number}", "name", f"two questions have the name {name}", "rename one")
        return Template(
            folder=self._path.parent,
            name=self._text(values, "name", ""),
            description=self._text(values, "description", ""),
            questions=questions,
            leave_out=tuple(
                self._leave_out(table, f"leave_out:{number}") for number, table in self._tables(values, "leave_out")
            ),
        )

    def _tables(self, values: dict[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
        tables = values.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error_at("", name, f"{name} is not a list of tables", f"write [[{name}]] above each")
        return list(enumerate(tables))

    def _question(self, table: dict[str, Any], place: str) -> Question:
        self._check_keys(table, ("name", "type", "default", "choices", "help"), place)
        name = self._text(table, "name", place)
        if name in BUILT_IN_VARIABLES:
            problem = f"every template has {name} already, without a question"
            raise self._error_at(place, "name", problem, "remove the question, or give it another name")
        if not name.isidentifier() or keyword.iskeyword(name):
            raise self._error_at(
                place, "name", f"invalid question name {name!r}", "use letters, digits and _, but no keyword of Python"
            )
        kind = self._text(table, "type", place)
        if kind not in _TYPES:
            from gearbox_lite.generate.manifest_words import type_remedy

            raise self._error_at(place, "type", f"unknown type {kind!r}", type_remedy(kind, _TYPES))
        choices = self._texts(table, "choices", place) if kind == "choice" else ()
        if kind != "choice" and "choices" in table:
            raise self._error_at(place, "choices", f"a question of type {kind} has no choices", 'write type = "choice"')
        default = table.get("default")
        if default is not None and not (
            isinstance(default, bool)
            if kind == "bool"
            else isinstance(default, str) and default in (choices or [default])
        ):
            fit = {"bool": "true or false", "str": "a string in quotes"}.get(kind, f"one of {', '.join(choices)}")
            raise self._error_at(place, "default", f"invalid default of {name}", f"write {fit}")
        for key, texts in (("choices", choices), ("default", (default,) if isinstance(default, str) else ())):
            for text in texts:
                self._check_printable(text, place, key)
        return Question(name, kind, default, choices, self._text(table, "help", place) if "help" in table else "")

    def _leave_out(self, table: dict[str, Any], place: str) -> LeaveOut:
        self._check_keys(table, ("when", "paths"), place)
        when = self._text(table, "when", place)
        return LeaveOut(when, self._texts(table, "paths", place), Location(self._path, self._line(place, "when")))

    def _text(self, table: Mapping[str, Any], key: str, place: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            problem = f"{key} is not a string" if key in table else f"{key} is missing"
            raise self._error_at(place, key, problem, f'write {key} = "..."')
        self._check_printable(value, place, key)
        return value

    def _check_printable(self, text: str, place: str, key: str) -> None:
        """Refuse control characters: these texts are printed, and a terminal would act on them."""
        if not text.isprintable():
            raise self._error_at(place, key, f"{key} has a control character or a line break", "remove it")

    def _texts(self, table: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
        values = table.get(key)
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            problem = f"{key} is not a list of strings" if key in table else f"{key} is missing"
            raise self._error_at(place, key, problem, f'write {key} = ["...", "..."]')
        return tuple(values)

    def _check_keys(self, table: Mapping[str, Any], names: tuple[str, ...], place: str) -> None:
        for key in table:
            if key not in names:
                from gearbox_lite.generate.manifest_words import setting_remedy

                raise self._error_at(place, key, f"unknown setting {key}", setting_remedy(key, names))

    def _error_at(self, place: str, key: str, problem: str, remedy: str) -> UserError:
        return _error(self._path, self._line(place, key), problem, remedy)

    def _line(self, place: str, key: str) -> int | None:
        """Return the line of a key in the nth table of a name ("questions:0"), or of the table's header."""
        name, _, number = place.partition(":")
        header, count, found = "", -1, None
        for line, text in enumerate(self._lines, 1):
            if match := re.match(r"\s*\[\[?\s*([\w.-]+)", text):
                header = match[1]
                count += header == name
                if not name and header == key:
                    return line
            if header == name and (not name or count == int(number)):
                if re.match(rf"\s*{re.escape(key)}\s*=", text):
                    return line
                found = found or (line if name else None)
        return found
