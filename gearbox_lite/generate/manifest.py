"""A template's ``template.toml``: its name and description, its questions, and what their answers leave out."""

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
ALWAYS_KNOWN = ("project", "package", "new_secret")
"""The variables that every template has, so that no question can have their names."""

READABLE = "make it readable"
"""What to do about a file of a template that the system does not let us read."""

Answer = str | bool

_TYPES = ("str", "bool", "choice")
_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE / "templates", _PACKAGE.parent / "templates")


@dataclass(frozen=True)
class Question:
    """One question; without a ``default`` it must be answered. ``choices`` is empty but for type "choice"."""

    name: str
    type: str
    default: Answer | None
    choices: tuple[str, ...]
    help: str

    def convert(self, text: str) -> Answer:
        """Return the answer that a text means. Raises ValueError that says what to write instead."""
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
    """Files and folders, as globs of their paths in the tree, that are not written when an expression is true."""

    when: str
    paths: tuple[str, ...]
    at: Location


@dataclass(frozen=True)
class Template:
    """A template folder whose ``template.toml`` has been read."""

    folder: Path
    name: str
    description: str
    questions: tuple[Question, ...]
    leave_out: tuple[LeaveOut, ...]

    @property
    def tree(self) -> Path:
        """The folder with what is written."""
        return self.folder / TREE

    @property
    def is_bundled(self) -> bool:
        """Whether it came with gearbox-lite."""
        return self.folder.parent in _PLACES


def bundled() -> dict[str, Path]:
    """Return the folders of the templates that come with gearbox-lite, by name.

    A wheel carries ``templates/`` inside the package; in a checkout it is beside the package. Raises UserError where
    there is neither.
    """
    for templates in _PLACES:
        folders = {path.parent.name: path.parent for path in sorted(templates.glob(f"*/{MANIFEST}"))}
        if folders:
            return folders
    raise UserError(
        "gearbox-lite's own templates are missing",
        at=Location(_PACKAGE),
        remedy="reinstall gearbox-lite",
        code=FAILURE,
    )


def find(given: str) -> Path:
    """Return the folder of a template: the name of one of ours, or a path. Raises UserError where there is none."""
    ours = bundled()
    if given in ours:
        return ours[given]
    folder = Path(given)
    at = Location("--template")
    if not given:
        raise UserError("this is empty", at=at, remedy=f"write a folder's path, or choose from {', '.join(ours)}")
    if (folder / MANIFEST).is_file():
        return folder
    if folder.is_file():
        raise UserError(f"{given} is a file", at=at, remedy=f"write the path of the folder that has {MANIFEST}")
    if folder.exists():
        raise UserError(f"{given} is not a template: it has no {MANIFEST}", at=at, remedy="write one, see the README")
    guess = nearest(given, list(ours))
    hint = f"did you mean {guess}?" if guess else f"write a folder's path, or choose from {', '.join(ours)}"
    raise UserError(f"there is no template {given}", at=at, remedy=hint)


def load(folder: Path) -> Template:
    """Read a template's ``template.toml``. Raises UserError with file and line for everything wrong in it."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    path = folder / MANIFEST
    if path.is_symlink():
        raise _refusal(path, None, "a template cannot hold a symbolic link", "put the file itself there")
    try:
        text = path.read_bytes().decode()
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
        line = int(found[1]) if found and found[1] else len(text.splitlines())
        reason = str(error)[: found.start()] if found else str(error)
        raise _refusal(path, line, f"this is not TOML: {reason}", "see https://toml.io") from error
    except RecursionError as error:
        raise _refusal(path, None, "its values are nested too deeply", "write it as the README shows") from error
    except UnicodeDecodeError as error:
        raise _refusal(path, line_not_utf8(error), "this is not UTF-8", "save the file as UTF-8") from error
    except OSError as error:
        raise _refusal(path, None, f"cannot be read: {error.strerror}", READABLE) from error
    return _Reader(path, text).template(values)


def _refusal(path: Path, line: int | None, problem: str, remedy: str) -> UserError:
    return UserError(problem, at=Location(path, line), remedy=remedy, code=FAILURE)


class _Reader:
    """Turns what TOML has read into a Template, and knows the lines of the file for what is wrong."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def template(self, values: dict[str, Any]) -> Template:
        self._known(values, ("name", "description", "questions", "leave_out"), "")
        questions = tuple(
            self._question(table, f"questions:{number}") for number, table in self._tables(values, "questions")
        )
        names = [question.name for question in questions]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise self._wrong(f"questions:{number}", "name", f"two questions have the name {name}", "rename one")
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
            raise self._wrong("", name, f"{name} is not a list of tables", f"write [[{name}]] above each")
        return list(enumerate(tables))

    def _question(self, table: dict[str, Any], place: str) -> Question:
        self._known(table, ("name", "type", "default", "choices", "help"), place)
        name = self._text(table, "name", place)
        if not name.isidentifier() or keyword.iskeyword(name) or name in ALWAYS_KNOWN:
            raise self._wrong(
                place, "name", f"a question cannot have the name {name!r}", "use letters, digits and _, no keyword"
            )
        kind = self._text(table, "type", place)
        if kind not in _TYPES:
            raise self._wrong(place, "type", f"there is no type {kind!r}", f"write one of {', '.join(_TYPES)}")
        choices = self._texts(table, "choices", place) if kind == "choice" else ()
        if kind != "choice" and "choices" in table:
            raise self._wrong(place, "choices", f"a question of type {kind} has no choices", 'write type = "choice"')
        default = table.get("default")
        if default is not None and not (
            isinstance(default, bool)
            if kind == "bool"
            else isinstance(default, str) and default in (choices or [default])
        ):
            fit = {"bool": "true or false", "str": "a text in quotes"}.get(kind, f"one of {', '.join(choices)}")
            raise self._wrong(place, "default", f"this default of {name} cannot be used", f"write {fit}")
        for key, texts in (("choices", choices), ("default", (default,) if isinstance(default, str) else ())):
            for text in texts:
                self._shown(text, place, key)
        return Question(name, kind, default, choices, self._text(table, "help", place) if "help" in table else "")

    def _leave_out(self, table: dict[str, Any], place: str) -> LeaveOut:
        self._known(table, ("when", "paths"), place)
        when = self._text(table, "when", place)
        return LeaveOut(when, self._texts(table, "paths", place), Location(self._path, self._line(place, "when")))

    def _text(self, table: Mapping[str, Any], key: str, place: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value.strip():
            problem = f"{key} is not a text" if key in table else f"{key} is missing"
            raise self._wrong(place, key, problem, f'write {key} = "..."')
        self._shown(value, place, key)
        return value

    def _shown(self, text: str, place: str, key: str) -> None:
        """Refuse what a terminal would act on, since these texts are shown and asked."""
        if not text.isprintable():
            raise self._wrong(place, key, f"{key} has a control character or a line break", "remove it")

    def _texts(self, table: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
        values = table.get(key)
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            problem = f"{key} is not a list of texts" if key in table else f"{key} is missing"
            raise self._wrong(place, key, problem, f'write {key} = ["...", "..."]')
        return tuple(values)

    def _known(self, table: Mapping[str, Any], names: tuple[str, ...], place: str) -> None:
        for key in table:
            if key not in names:
                guess = nearest(key, list(names))
                hint = f"did you mean {guess}?" if guess else f"there are: {', '.join(names)}"
                raise self._wrong(place, key, f"there is no setting {key} here", hint)

    def _wrong(self, place: str, key: str, problem: str, remedy: str) -> UserError:
        return _refusal(self._path, self._line(place, key), problem, remedy)

    def _line(self, place: str, key: str) -> int | None:
        """Return the line of a key in the nth table of a name ("questions:0"), else of that table's header."""
        name, _, number = place.partition(":")
        header, count, found = "", -1, None
        for line, text in enumerate(self._lines, 1):
            if match := re.match(r"\s*\[\[?\s*([\w.]+)", text):
                header = match[1]
                count += header == name
                if not name and header == key:
                    return line
            if header == name and (not name or count == int(number)):
                if re.match(rf"\s*{re.escape(key)}\s*=", text):
                    return line
                found = found or (line if name else None)
        return found
