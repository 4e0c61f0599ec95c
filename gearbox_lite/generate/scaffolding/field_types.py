"""The types of fields that ``scaffold model`` and ``scaffold resource`` know: one table, also for help and docs."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CHARACTERS = 10_000
"""Characters of a ``str``; longer texts are ``text``."""
MAX_UNIQUE = 600
"""Characters of a unique field: PostgreSQL's indexes take 2,704 bytes, and a character has up to four."""
CHOICE_LENGTH = 50
"""Characters of a choice."""


@dataclass(frozen=True)
class FieldType:
    """One type of field.

    ``annotation`` and ``column`` are its types in Python and SQLAlchemy, ``needs`` is the import for the former.
    ``reader`` is the class in lib/fields.py that checks its values, ``macro`` and ``attributes`` make its HTML input.
    ``example`` is a value in Python, ``valid`` and ``invalid`` are what a form may send. ``length`` is the maximum
    number of characters, None for values that are not text, 0 if it is so high that the column cannot be unique.
    """

    name: str
    syntax: str
    accepts: str
    annotation: str
    column: str
    reader: str
    macro: str
    attributes: str
    shows: str
    example: str
    valid: str
    invalid: tuple[str, ...]
    needs: str = ""
    length: int | None = None


FIELD_TYPES = {
    kind.name: kind
    for kind in (
        FieldType(
            "str", "str or str:100", "one line of text, at most 200 characters unless a number is given", "str",
            "String(200)", "Line", "line", "", "text input", '"text"', "text", ("a\x01b",), length=200,
        ),
        FieldType(
            "text", "text", "text of several lines, at most 100,000 characters", "str",
            "Text()", "Text", "area", "", "textarea", '"text"', "text", ("a\0b",), length=0,
        ),
        FieldType(
            "int", "int", "a whole number from -2147483648 to 2147483647", "int",
            "Integer()", "Integer", "line", 'type="number"', "number input", "1", "1", ("1.5", "2147483648", "one"),
        ),
        FieldType(
            "bool", "bool", "yes or no", "bool",
            "Boolean()", "YesNo", "checkbox", "", "checkbox; if it may be empty, a select", "True", "yes", ("perhaps",),
        ),
        FieldType(
            "float", "float", "a number, such as 0.5 or 1e9", "float",
            "Float()", "Number", "line", 'type="number", step="any"', "number input", "0.5", "0.5", ("nan", "1e999"),
        ),
        FieldType(
            "decimal", "decimal", "an exact number with at most 10 digits before and 2 after the point", "Decimal",
            "Numeric(12, 2)", "Exact", "line", 'type="number", step="0.01"', "number input", 'Decimal("1.50")', "1.50",
            ("0.001", "12345678901", "nan"), "from decimal import Decimal",
        ),
        FieldType(
            "date", "date", "a date, such as 2026-01-31", "dt.date",
            "Date()", "Date", "line", 'type="date"', "date input", "dt.date(2026, 1, 2)", "2026-01-02",
            ("2026-02-30", "20260102", "soon"), "import datetime as dt",
        ),
        FieldType(
            "datetime", "datetime", "a point in time in UTC, such as 2026-01-31T12:30", "dt.datetime",
            "DateTime(timezone=True)", "Time", "line", 'type="datetime-local", step="any"', "date and time input",
            "utc_now()", "2026-01-02T12:30:00", ("2026-01-02", "2026-01-02T25:00"), "import datetime as dt",
        ),
        # 254 is the length of the longest address: https://www.rfc-editor.org/errata/eid1690.
        FieldType(
            "email", "email", "an email address", "str",
            "String(254)", "Email", "line", 'type="email", maxlength=254', "email input", '"ada@example.org"',
            "ada@example.org", ("ada", "a b@example.org"), length=254,
        ),
        FieldType(
            "url", "url", "an address that starts with http:// or https://, at most 2,000 characters", "str",
            "String(2000)", "Url", "line", 'type="url", maxlength=2000', "URL input", '"https://example.org/"',
            "https://example.org/", ("example", "javascript:alert(1)"), length=0,
        ),
        FieldType(
            "ref", "ref:MODEL", "a row of another model", "int",
            "Integer()", "Reference", "select", "", "select; a number input if there are more than 200 rows", "", "",
            ("one", "2147483648"),
        ),
        FieldType(
            "choice", "choice:a,b,c", "one of the given words", "str",
            f"String({CHOICE_LENGTH})", "Choice", "select", "", "select", "", "", ("something else",),
            length=CHOICE_LENGTH,
        ),
    )
}  # fmt: skip
"""All types by their names."""
SUFFIXES = {"?": "the field may be empty", "!": "no two rows have the same value"}
SYNTAXES = ", ".join(kind.syntax for kind in FIELD_TYPES.values())
