"""Plan what ``scaffold resource`` adds: a model, its migration, pages to list, show and change its rows, and tests."""

from __future__ import annotations

import keyword
from pathlib import Path

from gearbox_lite.errors import Location, UserError
from gearbox_lite.generate import manifest, template
from gearbox_lite.generate.scaffolding.controller import Scaffold, plan_mount, scaffold_templates
from gearbox_lite.generate.scaffolding.fields import Field, class_name
from gearbox_lite.generate.scaffolding.formatting import import_from, sorted_imports, wrap
from gearbox_lite.generate.scaffolding.model import check_model, model_answers, model_files
from gearbox_lite.generate.scaffolding.pages import form_input, page_value, reader
from gearbox_lite.generate.scaffolding.plurals import plural
from gearbox_lite.generate.template import PlannedFile

NEEDED = ("lib/base.py", "lib/csrf.py", "lib/database.py", "lib/flash.py", "templates/master.jinja", "model/base.py")
"""What the generated code uses of a project that quickstart --database wrote."""
MAX_NAME = 30
"""Characters of a resource's name, so that the lines that contain it are not too long."""
MARKUP_LENGTH = 8
"""Characters that a text must be able to have for the tests that store markup in it."""


def plan_resource(
    folder: Path,
    package: str,
    name: str,
    fields: list[Field],
    revision: str,
    follows: str | None,
    mount_url: str | None,
    *,
    api: bool,
) -> Scaffold:
    """Plan a resource for the project in ``folder``; ``mount_url`` defaults to the plural of its name.

    Raises UserError for a name or URL that is invalid or in use, and for a project that lacks what the pages need.
    """
    _check_project(folder, package)
    known = check_model(folder / package / "model", name, fields)
    if len(name) > MAX_NAME:
        raise UserError(f"model name {name!r} has {len(name)} characters", remedy=f"use at most {MAX_NAME}")
    many = plural(name)
    if keyword.iskeyword(many):
        raise UserError(f"model name {name!r}: its plural {many} is a Python keyword", remedy="choose another name")
    url = "/" + (many if mount_url is None else mount_url.strip("/"))
    list_class = f"{class_name(many)}Controller"
    mounted = plan_mount(folder, package, url, many, list_class)
    answers = model_answers(package, name, known, revision, follows, has_version=True)
    files = model_files(answers)
    files += template.render_files(
        manifest.load_template(scaffold_templates() / "resource"),
        answers
        | _page_answers(package, name, many, known, api=api)
        | _test_answers(package, name, known)
        | {"url": url, "list_class": list_class, "plural": many},
    )
    files += _missing_files(folder, package, "shared")
    if api:
        files += _missing_files(folder, package, "shared_api")
    return Scaffold(sorted(files, key=lambda file: file.path), mounted)


def _check_project(folder: Path, package: str) -> None:
    for name in NEEDED:
        if not (folder / package / name).is_file():
            raise UserError(
                "this file is missing, and the pages of a resource need it",
                at=Location(folder / package / name),
                remedy="scaffold resource works in a project of quickstart --database that is not --minimal",
            )


def _missing_files(folder: Path, package: str, name: str) -> list[PlannedFile]:
    """Return the files of a template that all resources share, except those that the project has already."""
    shared = manifest.load_template(scaffold_templates() / name)
    return [file for file in template.render_files(shared, {"package": package}) if not (folder / file.path).exists()]


def _page_answers(package: str, name: str, many: str, fields: list[Field], *, api: bool) -> dict[str, manifest.Answer]:
    own = class_name(name)
    imports = [
        f"from {package}.lib import fields, resources",
        *([f"from {package}.lib.api import JsonApi"] if api else []),
        f"from {package}.lib.base import BaseController",
        f"from {package}.lib.csrf import csrf_protected",
        *_model_imports(package, name, fields),
    ]
    searched = [f"{own}.{field.name}" for field in fields if field.kind.annotation == "str"]
    return {
        "word": name.replace("_", " "),
        "words": many.replace("_", " "),
        "title": many.replace("_", " ").capitalize(),
        "row_class": f"{own}Pages",
        "api": wrap("api = JsonApi", [own, "FIELDS", "visible_rows", "SEARCHED" if searched else "()"], "", 4)
        if api
        else "",
        "imports": sorted_imports(imports),
        "readers": "\n".join(
            wrap(f'"{field.name}": fields.{field.kind.reader}', reader(field), ",", 4) for field in fields
        ),
        "searched": wrap("SEARCHED = ", searched, "", 0, "[]") if searched else "",
        "inputs": "\n".join(map(form_input, fields)),
        "shown": "\n".join(map(page_value, fields)),
    }


def _test_answers(package: str, name: str, fields: list[Field]) -> dict[str, manifest.Answer]:
    invalid = [(field.name, text) for field in fields for text in _invalid_texts(field)]
    unique = [field for field in fields if field.is_unique and _valid_text(field, class_name(name)) != '""']
    has_room = [
        field for field in fields if field.kind.annotation == "str" and not 0 < (field.length or 0) < MARKUP_LENGTH
    ]
    return {
        "test_imports": sorted_imports(_model_imports(package, name, fields)),
        "invalid": "\n".join(wrap("", [f'"{one}"', text], ",", 4) for one, text in invalid),
        "valid": "\n".join(f'"{field.name}": {_valid_text(field, class_name(name))},' for field in fields),
        "unique": _list("UNIQUE", unique),
        "texts": _list("TEXTS", has_room),
    }


def _model_imports(package: str, name: str, fields: list[Field]) -> list[str]:
    """Return the imports of a resource's own model and of those that its fields refer to."""
    models = {field.target.module: field.target.class_name for field in fields if field.target} | {
        name: class_name(name)
    }
    return [import_from(f"{package}.model.{module}", [one]) for module, one in models.items()]


def _list(name: str, fields: list[Field]) -> str:
    """Return the definition of a constant with the names of fields; empty if there are none."""
    return wrap(f"{name} = ", [f'"{field.name}"' for field in fields], "", 0, "[]") if fields else ""


def _valid_text(field: Field, own: str) -> str:
    """Return an expression for what a form may send; a reference needs a row of another model to refer to."""
    if field.target and field.target.class_name == own:
        return '""'
    if field.target:
        return f"str(create({field.target.class_name}).id)"
    return f'"{field.choices[0]}"' if field.choices else f'"{field.kind.valid[: field.length or None]}"'


def _invalid_texts(field: Field) -> list[str]:
    """Return expressions for what a form may not send."""
    texts = [ascii(text).replace("'", '"') for text in field.kind.invalid]
    if field.length:
        texts.append(f'"x" * {field.length + 1}')
    if not field.is_nullable and field.kind.name != "bool":
        texts.append('""')
    return texts
