"""The fields of ``scaffold model``, such as ``title:str:100!``: their columns in a model and in a migration."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gearbox_lite.errors import UserError

TYPES = {
    "str": ("str", "String(200)", "", '"text"'),
    "text": ("str", "Text()", "", '"text"'),
    "int": ("int", "Integer()", "", "1"),
    "bool": ("bool", "Boolean()", "", "True"),
    "float": ("float", "Float()", "", "0.5"),
    "decimal": ("Decimal", "Numeric(12, 2)", "from decimal import Decimal", 'Decimal("1.50")'),
    "date": ("dt.date", "Date()", "import datetime as dt", "dt.date(2026, 1, 2)"),
    "datetime": ("dt.datetime", "DateTime(timezone=True)", "import datetime as dt", "utc_now()"),
    "email": ("str", "String(254)", "", '"ada@example.org"'),
}
"""Each type: its annotation, its type in SQLAlchemy, the import that the annotation needs, and a value for the test.

254 is the longest address: https://www.rfc-editor.org/errata/eid1690.
"""
SYNTAX = "write name:type, for example title:str:100!, body:text?, price:decimal or author:ref:user"
RESERVED = {
    *("id", "metadata", "registry", "str", "int", "bool", "float", "dt", "mapped_column"),
    *("alembic_version", "beaker_cache"),
}
"""Attributes that a model already has, names that the lines below a field use, and the tables of other programs."""
RESERVED_CLASSES = {
    "Mapped",
    "ForeignKey",
    "Decimal",
    "String",
    "Text",
    "Integer",
    "Boolean",
    "Float",
    "Numeric",
    "Date",
}
"""Classes that the module of a model may import."""
_NAME = re.compile(r"(?=.{1,40}$)[a-z][a-z0-9]*(_[a-z0-9]+)*")
_FIELD = re.compile(r"(?P<name>\w+):(?P<type>\w+)(?::(?P<detail>\w+))?(?P<marks>[?!]*)")
MAX_CHARACTERS = 10_000
"""Characters of a ``str``; longer texts are ``text``."""


@dataclass(frozen=True)
class Field:
    """One column: ``stored`` is its type in SQLAlchemy, ``target`` the table that it refers to."""

    name: str
    annotation: str
    stored: str
    needs: str
    value: str
    target: str | None
    is_nullable: bool
    is_unique: bool

    @property
    def attribute(self) -> str:
        """The attribute of the model."""
        annotation = f"{self.annotation} | None" if self.is_nullable else self.annotation
        given = [f'ForeignKey("{self.target}.id")' if self.target else self._own_type]
        given += ["index=True"] if self.has_index else []
        given += ["unique=True"] if self.is_unique else []
        return wrap(f"{self.name}: Mapped[{annotation}] = mapped_column", given, "", 4)

    @property
    def has_index(self) -> bool:
        """Whether the column has an index: a reference has one, and a unique column has one anyway."""
        return self.target is not None and not self.is_unique

    @property
    def _own_type(self) -> str:
        return "UTCDateTime" if self.stored.startswith("DateTime") else self.stored.removesuffix("()")

    @property
    def column(self) -> str:
        """The column in the migration."""
        return wrap("sa.Column", [f'"{self.name}"', f"sa.{self.stored}", f"nullable={self.is_nullable}"], ",", 8)


def parse_field(text: str) -> Field:
    """Return a field. Raises UserError for one that is malformed."""
    found = _FIELD.fullmatch(text)
    if found is None:
        raise UserError(f"field {text!r}: this is not a field", remedy=SYNTAX)
    name, kind, detail, marks = found["name"], found["type"], found["detail"], found["marks"]
    nullable, unique = "?" in marks, "!" in marks
    check_identifier(name, "field")
    if kind == "ref":
        check_identifier(detail or "", "table")
        return Field(f"{name}_id", "int", "Integer()", "", "", detail, nullable, unique)
    if kind not in TYPES:
        raise UserError(f"field {text!r}: there is no type {kind!r}", remedy=f"use one of: {', '.join(TYPES)}, ref")
    annotation, stored, needs, value = TYPES[kind]
    if detail is not None:
        if kind != "str" or not detail.isdecimal() or not 0 < int(detail) <= MAX_CHARACTERS:
            raise UserError(
                f"field {text!r}: {detail!r} is no length", remedy=f"only str has one: str:1 to str:{MAX_CHARACTERS}"
            )
        stored, value = f"String({int(detail)})", f'"{"text"[: int(detail)]}"'
    return Field(name, annotation, stored, needs, value, None, nullable, unique)


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


def constraints(table: str, fields: Iterable[Field]) -> list[str]:
    """Return the constraints in the migration, with the names that model/base.py gives them."""
    lines = []
    for field in (field for field in fields if field.target):
        name = f'name=op.f("fk_{table}_{field.name}_{field.target}")'
        lines.append(wrap("sa.ForeignKeyConstraint", [f'["{field.name}"]', f'["{field.target}.id"]', name], ",", 8))
    lines.append(wrap("sa.PrimaryKeyConstraint", ['"id"', f'name=op.f("pk_{table}")'], ",", 8))
    unique = [field.name for field in fields if field.is_unique]
    return lines + [
        wrap("sa.UniqueConstraint", [f'"{name}"', f'name=op.f("uq_{table}_{name}")'], ",", 8) for name in unique
    ]


def wrap(call: str, arguments: list[str], after: str, indent: int) -> str:
    """Return a call as ruff formats it: on one line of at most 88 characters, else on several."""
    given = ", ".join(arguments)
    line = f"{call}({given}){after}"
    if indent + len(line) <= 88:
        return line
    inner = f"    {given}" if indent + 4 + len(given) <= 88 else "\n".join(f"    {argument}," for argument in arguments)
    return f"{call}(\n{inner}\n){after}"
