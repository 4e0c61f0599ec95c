"""The fields of ``scaffold model`` and ``scaffold resource``, such as ``title:str:100!``: what is written for each."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

from gearbox_lite.errors import UserError
from gearbox_lite.generate.scaffolding.field_types import (
    CHOICE_LENGTH,
    FIELD_TYPES,
    MAX_CHARACTERS,
    MAX_UNIQUE,
    FieldType,
)
from gearbox_lite.generate.scaffolding.formatting import wrap

SYNTAX = "write name:type, for example title:str:100!, body:text?, price:decimal, author:ref:user or state:choice:a,b"
RESERVED = {
    *("id", "metadata", "registry", "str", "int", "bool", "float", "dt", "mapped_column", "relationship", "version"),
    *("alembic_version", "beaker_cache"),
}
"""Attributes that a model already has, names that the lines below a field use, and the tables of other programs."""
RESERVED_CLASSES = {
    *("Mapped", "ForeignKey", "Decimal", "String", "Text", "Integer", "Boolean", "Float", "Numeric", "Date"),
    "BaseController",
}
"""Classes that the modules of a resource may import."""
_NAME = re.compile(r"(?=.{1,40}$)[a-z][a-z0-9]*(_[a-z0-9]+)*")
_FIELD = re.compile(r"(?P<name>\w+):(?P<type>\w+)(?::(?P<detail>[\w,-]+)|\[(?P<length>\w+)\])?(?P<marks>[?!]*)")
_CHOICE = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Target:
    """The model that a reference refers to: its module, class and table; ``has_label`` if it defines ``__str__``."""

    module: str
    class_name: str
    table: str
    has_label: bool


@dataclass(frozen=True)
class Field:
    """One field. ``name`` is that of its column; ``word`` that of its relationship if it is a reference.

    ``detail`` is the length of a ``str`` or the module of the model that a ``ref`` refers to. The target of a reference
    is None until it has been looked up.
    """

    word: str
    kind: FieldType
    detail: str
    choices: tuple[str, ...]
    is_nullable: bool
    is_unique: bool
    target: Target | None = None

    @property
    def name(self) -> str:
        """The name of the column, of the model's attribute, and of the form's field."""
        return f"{self.word}_id" if self.is_reference else self.word

    @property
    def is_reference(self) -> bool:
        """Whether the field refers to a row of another model."""
        return self.kind.name == "ref"

    @property
    def label(self) -> str:
        """What pages show beside the field."""
        return self.word.replace("_", " ").capitalize()

    @property
    def length(self) -> int | None:
        """The maximum number of characters that the column stores, as in FieldType."""
        return int(self.detail) if self.kind.name == "str" and self.detail else self.kind.length

    @property
    def stored(self) -> str:
        """The column's type in SQLAlchemy."""
        return f"String({self.length})" if self.kind.name == "str" else self.kind.column

    @property
    def value(self) -> str:
        """A value for tests, as an expression of Python; empty for a reference."""
        if self.choices:
            return f'"{self.choices[0]}"'
        return f'"{"text"[: self.length]}"' if self.kind.name == "str" else self.kind.example

    @property
    def annotation(self) -> str:
        """The attribute's type in Python."""
        return f"{self.kind.annotation} | None" if self.is_nullable else self.kind.annotation

    @property
    def has_index(self) -> bool:
        """Whether the column has an index: a reference has one, and a unique column has one anyway."""
        return self.is_reference and not self.is_unique

    @property
    def attribute(self) -> str:
        """The attribute of the model."""
        own = "UTCDateTime" if self.kind.name == "datetime" else self.stored.removesuffix("()")
        given = [f'ForeignKey("{self.target.table}.id")' if self.target else own]
        given += ["index=True"] if self.has_index else []
        given += ["unique=True"] if self.is_unique else []
        return wrap(f"{self.name}: Mapped[{self.annotation}] = mapped_column", given, "", 4)

    def relationship(self, owner: str) -> str:
        """Return the attribute that reads the row that a reference refers to; ``owner`` is the model's own class."""
        if self.target is None:
            return ""
        kind = f"{self.target.class_name} | None" if self.is_nullable else self.target.class_name
        is_own = self.target.class_name == owner
        kind = f'"{kind}"' if is_own else kind
        given = [f"foreign_keys=[{self.name}]", *(["remote_side=[id]"] if is_own else [])]
        return wrap(f"{self.word}: Mapped[{kind}] = relationship", given, "", 4)

    @property
    def column(self) -> str:
        """The column in the migration."""
        return wrap("sa.Column", [f'"{self.name}"', f"sa.{self.stored}", f"nullable={self.is_nullable}"], ",", 8)


def parse_field(text: str) -> Field:
    """Return a field. Raises UserError for one that is malformed."""
    found = _FIELD.fullmatch(text)
    if found is None:
        raise UserError(f"field {text!r}: this is not a field", remedy=SYNTAX)
    name, kind, marks = found["name"], FIELD_TYPES.get(found["type"]), found["marks"]
    detail = found["detail"] or found["length"] or ""
    check_identifier(name, "field")
    if kind is None:
        raise UserError(
            f"field {text!r}: there is no type {found['type']!r}", remedy=f"use one of: {', '.join(FIELD_TYPES)}"
        )
    choices: tuple[str, ...] = ()
    if kind.name == "ref":
        check_identifier(detail, "table")
    elif kind.name == "choice":
        choices = _choices(text, detail)
    elif detail and (kind.name != "str" or not _is_length(detail)):
        raise UserError(
            f"field {text!r}: {detail!r} is no length", remedy=f"only str has one: str:1 to str:{MAX_CHARACTERS}"
        )
    field = Field(name, kind, detail, choices, "?" in marks, "!" in marks)
    if field.is_unique:
        _check_unique(text, field)
    return field


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) <= MAX_CHARACTERS


def _choices(text: str, detail: str) -> tuple[str, ...]:
    choices = tuple(detail.split(","))
    bad = [word for word in choices if not word.isascii() or not _CHOICE.fullmatch(word) or len(word) > CHOICE_LENGTH]
    if not detail or bad or len(set(choices)) < len(choices):
        raise UserError(
            f"field {text!r}: these are no choices",
            remedy=f"write different words of at most {CHOICE_LENGTH} ASCII characters, such as choice:draft,public",
        )
    return choices


def _check_unique(text: str, field: Field) -> None:
    """Raise UserError for a field that PostgreSQL could not index, or that has too few values for its rows."""
    if field.length is not None and not 0 < field.length <= MAX_UNIQUE:
        problem, remedy = "it is too long to be unique", f"use str:{MAX_UNIQUE} or shorter, or drop the !"
    elif field.kind.name in ("bool", "choice"):
        problem, remedy = "it has too few values to be unique", "drop the !"
    else:
        return
    raise UserError(f"field {text!r}: {problem}", remedy=remedy)


def check_identifier(name: str, what: str) -> None:
    """Raise UserError for a name that a table, a model or a field cannot have."""
    is_used = keyword.iskeyword(name) or name in RESERVED
    is_used = is_used or (what == "model" and class_name(name) in RESERVED_CLASSES)
    if is_used or not _NAME.fullmatch(name):
        problem = "use at most 40 lowercase ASCII letters and digits, starting with a letter, with '_' between words"
        if is_used:
            problem = "this name has another use in a model"
        raise UserError(f"{what} name {name!r}: {problem}", remedy=SYNTAX if what == "field" else "for example post")


def class_name(name: str) -> str:
    """Return the name of the class of a model: ``news_article`` becomes ``NewsArticle``."""
    return "".join(word.capitalize() for word in name.split("_"))
