"""Plan what ``scaffold model`` adds to a project: a model, its migration and a test."""

from __future__ import annotations

from pathlib import Path

from gearbox_lite.errors import Location, UserError
from gearbox_lite.generate import manifest, template
from gearbox_lite.generate.model_fields import Field, check_identifier, class_name, constraints, wrap
from gearbox_lite.generate.scaffold import scaffold_templates
from gearbox_lite.generate.template import PlannedFile

OWN_MODULES = ("base",)
"""Modules of ``model/`` that are no tables."""


def plan_model(
    folder: Path, package: str, name: str, fields: list[Field], revision: str, follows: str | None
) -> list[PlannedFile]:
    """Plan a model for the project in ``folder``; its migration has the id ``revision`` and follows another one.

    Raises UserError for a name that is invalid or in use, and for a table that no model describes.
    """
    check_identifier(name, "model")
    models = folder / package / "model"
    if name in OWN_MODULES or (models / f"{name}.py").exists():
        raise UserError("this file exists", at=Location(models / f"{name}.py"), remedy="choose another name")
    names = [field.name for field in fields]
    twice = next((field for field in names if names.count(field) > 1), None)
    if twice is not None:
        raise UserError(f"field {twice!r} is given twice", remedy="choose another name for one of them")
    for target in {field.target for field in fields if field.target and field.target != name}:
        if not (models / f"{target}.py").exists():
            raise UserError(
                f"there is no model {target}, to which a field refers",
                at=Location(models / f"{target}.py"),
                remedy=f"first write it: gearbox-lite scaffold model {target} ...",
            )
    return template.render_files(
        manifest.load_template(scaffold_templates() / "model"), _answers(package, name, fields, revision, follows)
    )


def _answers(
    package: str, name: str, fields: list[Field], revision: str, follows: str | None
) -> dict[str, manifest.Answer]:
    storable = all(field.value or field.is_nullable for field in fields)
    shown = [field for field in fields if field.value] if storable else []
    return {
        "package": package,
        "name": name,
        "class_name": class_name(name),
        "revision": revision,
        "follows": "None" if follows is None else f'"{follows}"',
        "imports": _model_imports(fields),
        "base_names": ", ".join(["Base", *(["UTCDateTime"] if _has_time(fields) else [])]),
        "attributes": "\n".join(field.attribute for field in fields),
        "columns": "\n".join(
            [
                'sa.Column("id", sa.Integer(), nullable=False),',
                *(field.column for field in fields),
                *constraints(name, fields),
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


def _has_time(fields: list[Field]) -> bool:
    return any(field.annotation == "dt.datetime" for field in fields)


def _standard_imports(lines: set[str]) -> str:
    """Return imports of the standard library as ruff sorts them: ``import`` comes before ``from``."""
    return "".join(f"{line}\n" for line in sorted(lines - {""}, reverse=True))


def _model_imports(fields: list[Field]) -> str:
    standard = _standard_imports({field.needs for field in fields})
    types = {field.stored.partition("(")[0] for field in fields if not field.target} - {"DateTime"}
    if any(field.target for field in fields):
        types.add("ForeignKey")
    lines = [f"from sqlalchemy import {', '.join(sorted(types))}"] if types else []
    lines.append("from sqlalchemy.orm import Mapped, mapped_column")
    return (f"{standard}\n" if standard else "") + "\n".join(lines)


def _test_imports(package: str, name: str, shown: list[Field]) -> str:
    standard = _standard_imports({field.needs for field in shown if field.annotation != "dt.datetime"})
    own = [f"from {package}.model.base import utc_now"] if _has_time(shown) else []
    own.append(f"from {package}.model.{name} import {class_name(name)}")
    return (f"{standard}\n" if standard else "") + "from sqlalchemy import select\n\n" + "\n".join(sorted(own))
