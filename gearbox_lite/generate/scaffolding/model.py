"""Plan what ``scaffold model`` adds to a project: a model, its migration and a test."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from gearbox_lite.errors import Location, UserError
from gearbox_lite.generate import manifest, template
from gearbox_lite.generate.scaffolding.controller import scaffold_templates
from gearbox_lite.generate.scaffolding.fields import Field, Target, check_identifier, class_name
from gearbox_lite.generate.scaffolding.formatting import import_from, sorted_imports, wrap
from gearbox_lite.generate.template import PlannedFile

OWN_MODULES = ("base", "versioned")
"""Modules of ``model/`` that are no tables."""


def plan_model(
    folder: Path, package: str, name: str, fields: list[Field], revision: str, follows: str | None
) -> list[PlannedFile]:
    """Plan a model for the project in ``folder``; its migration has the id ``revision`` and follows another one.

    Raises UserError for a name that is invalid or in use, and for a table that no model describes.
    """
    known = check_model(folder / package / "model", name, fields)
    return template.render_files(
        manifest.load_template(scaffold_templates() / "model"), model_answers(package, name, known, revision, follows)
    )


def check_model(models: Path, name: str, fields: list[Field]) -> list[Field]:
    """Return the fields of a new model with their targets. Raises UserError as ``plan_model`` does."""
    check_identifier(name, "model")
    if name in OWN_MODULES or (models / f"{name}.py").exists():
        raise UserError("this file exists", at=Location(models / f"{name}.py"), remedy="choose another name")
    names = [word for field in fields for word in {field.word, field.name}]
    twice = next((word for word in names if names.count(word) > 1), None)
    if twice is not None:
        raise UserError(f"field {twice!r} is given twice", remedy="choose another name for one of them")
    return [replace(field, target=_find_target(models, name, field)) for field in fields]


def _find_target(models: Path, name: str, field: Field) -> Target | None:
    """Return the model that a reference refers to, which is a file in ``model/`` or the new model itself."""
    if not field.is_reference:
        return None
    if field.detail == name and not field.is_nullable:
        raise UserError(
            f"field {field.word!r} must refer to another row of {name}, which the first row cannot",
            remedy=f"let it be empty: {field.word}:ref:{name}?",
        )
    if field.detail == name:
        return Target(name, class_name(name), name, has_label=True)
    path = models / f"{field.detail}.py"
    try:
        classes = [node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.ClassDef)]
    except FileNotFoundError as error:
        raise UserError(
            f"there is no model {field.detail}, to which a field refers",
            at=Location(path),
            remedy=f"first write it: gearbox-lite scaffold model {field.detail} ...",
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(f"cannot be read: {error}", at=Location(path), remedy="fix this file first") from error
    for node in classes:
        table = next((value for item in node.body if (value := _table_name(item))), None)
        if table:
            has_label = any(isinstance(item, ast.FunctionDef) and item.name == "__str__" for item in node.body)
            return Target(field.detail, node.name, table, has_label)
    raise UserError(
        "no class in this file has a __tablename__, so a field cannot refer to it",
        at=Location(path),
        remedy="name the module of another model",
    )


def _table_name(node: ast.stmt) -> str | None:
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
        return None
    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    return str(node.value.value) if names == ["__tablename__"] else None


def model_answers(
    package: str, name: str, fields: list[Field], revision: str, follows: str | None, *, has_version: bool = False
) -> dict[str, manifest.Answer]:
    """Return the answers to the model's template; ``has_version`` adds the column of optimistic locking."""
    storable = all(field.value or field.is_nullable for field in fields)
    shown = [field for field in fields if field.value] if storable else []
    own = class_name(name)
    return {
        "package": package,
        "name": name,
        "class_name": own,
        "revision": revision,
        "follows": "None" if follows is None else f'"{follows}"',
        "imports": _model_imports(package, own, fields, has_version=has_version),
        "attributes": "\n".join(field.attribute for field in fields),
        "relationships": "\n".join(field.relationship(own) for field in fields if field.target),
        "row_label": _row_label(own, fields),
        "has_version": has_version,
        "columns": "\n".join(
            [
                'sa.Column("id", sa.Integer(), nullable=False),',
                *(field.column for field in fields),
                *(['sa.Column("version", sa.Integer(), nullable=False),'] if has_version else []),
                *_constraints(name, fields),
            ]
        ),
        "indexes": "\n".join(
            wrap("op.create_index", [f'op.f("ix_{name}_{field.name}")', f'"{name}"', f'["{field.name}"]'], "", 4)
            for field in fields
            if field.has_index
        ),
        "values": "\n".join(f'"{field.name}": {field.value},' for field in shown),
        "test_imports": _test_imports(package, name, shown),
    }


def model_files(answers: dict[str, manifest.Answer]) -> list[PlannedFile]:
    """Return the model and its migration, without the test of a model that has no pages."""
    files = template.render_files(manifest.load_template(scaffold_templates() / "model"), answers)
    return [file for file in files if file.path.parent != PurePosixPath("tests")]


def _row_label(own: str, fields: list[Field]) -> str:
    """Return the expression that names a row: its first short text, if it has one."""
    fallback = f'f"{own} {{self.id}}"'
    for kind in ("str", "email", "choice"):
        for field in (field for field in fields if field.kind.name == kind):
            return f"self.{field.name} or {fallback}" if field.is_nullable else f"self.{field.name}"
    return fallback


def _has_time(fields: Iterable[Field]) -> bool:
    return any(field.kind.name == "datetime" for field in fields)


def _standard_imports(lines: set[str]) -> str:
    """Return imports of the standard library as ruff sorts them: ``import`` comes before ``from``."""
    return "".join(f"{line}\n" for line in sorted(lines - {""}, reverse=True))


def _model_imports(package: str, own: str, fields: list[Field], *, has_version: bool) -> str:
    standard = _standard_imports({field.kind.needs for field in fields})
    types = {field.stored.partition("(")[0] for field in fields if not field.target} - {"DateTime"}
    targets = {field.target for field in fields if field.target}
    types |= {"ForeignKey"} if targets else set()
    orm = ["Mapped", "mapped_column", *(["relationship"] if targets else [])]
    lines = [import_from("sqlalchemy", types)] if types else []
    lines.append(import_from("sqlalchemy.orm", orm))
    ours = {import_from(f"{package}.model.base", ["Base", *(["UTCDateTime"] if _has_time(fields) else [])])}
    ours |= {f"from {package}.model.versioned import Versioned"} if has_version else set()
    ours |= {
        import_from(f"{package}.model.{target.module}", [target.class_name])
        for target in targets
        if target.class_name != own
    }
    blocks = [standard.rstrip("\n"), "\n".join(lines), sorted_imports(ours)]
    return "\n\n".join(block for block in blocks if block)


def _test_imports(package: str, name: str, shown: list[Field]) -> str:
    standard = _standard_imports({field.kind.needs for field in shown if field.kind.name != "datetime"})
    own = [f"from {package}.model.base import utc_now"] if _has_time(shown) else []
    own.append(import_from(f"{package}.model.{name}", [class_name(name)]))
    return (f"{standard}\n" if standard else "") + "from sqlalchemy import select\n\n" + sorted_imports(own)


def _constraints(table: str, fields: Iterable[Field]) -> list[str]:
    """Return the constraints in the migration, with the names that model/base.py gives them."""
    lines = []
    for name, target in ((field.name, field.target.table) for field in fields if field.target):
        named = f'name=op.f("fk_{table}_{name}_{target}")'
        lines.append(wrap("sa.ForeignKeyConstraint", [f'["{name}"]', f'["{target}.id"]', named], ",", 8))
    lines.append(wrap("sa.PrimaryKeyConstraint", ['"id"', f'name=op.f("pk_{table}")'], ",", 8))
    unique = [field.name for field in fields if field.is_unique]
    return lines + [
        wrap("sa.UniqueConstraint", [f'"{name}"', f'name=op.f("uq_{table}_{name}")'], ",", 8) for name in unique
    ]
