"""The files of TurboGears' templates, found as its renderers find them but without rendering."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gearbox_lite.errors import nearest, short_path
from gearbox_lite.turbogears.loaded import loaded_config

_SUFFIXES = {"jinja": ".jinja", "mako": ".mak", "kajiki": ".xhtml", "genshi": ".html"}
"""The suffix that each renderer of TurboGears 2.5 appends to a template's dotted name."""


_MAX_NAMES = 12
"""Templates of a package that a message names."""


@dataclass(frozen=True)
class TemplateFile:
    """A template's file; ``problem`` and ``remedy`` are empty if it can be found."""

    file: Path | None
    problem: str = ""
    remedy: str = ""
    cause: Path | None = None
    """The folder or ``__init__.py`` because of which TurboGears finds no template of a package."""


def locate_template(engine: str, name: str) -> TemplateFile:
    """Return the file of a template that ``@expose`` names for a renderer, found without importing anything new."""
    config = loaded_config() or {}
    engine = engine or str(config.get("default_renderer") or "jinja")
    suffix = str(config.get(f"templating.{engine}.template_extension") or _SUFFIXES.get(engine, ""))
    if not suffix:
        return TemplateFile(None)
    dotted, _, other = name.partition("!")
    if name.endswith(suffix):
        return _in_folders(name, [Path(folder) for folder in config.get("paths", {}).get("templates", [])])
    package, _, base = dotted.rpartition(".")
    if not package or "/" in name:
        remedy = f"write the dotted name, as in {config.get('package_name', 'package')}.templates.{Path(name).stem}"
        return TemplateFile(None, "this is no dotted name of a template", remedy)
    folder = _package_folder(package)
    if folder is None and package == f"{config.get('package_name')}.templates":
        return _missing_folder(package)
    if folder is None:
        stem = Path(name).stem if Path(name).suffix.lower() in (".html", ".jinja", ".jinja2", ".mak") else base
        known = f"{config.get('package_name', 'package')}.templates.{stem}"
        return TemplateFile(None, f"there is no package {package}", f"write the dotted name, as in {known}")
    if not os.access(folder, os.R_OK | os.X_OK):
        remedy = f"chmod a+rx {short_path(folder)}, or change its owner"
        return TemplateFile(None, "Permission denied: this folder of templates cannot be read", remedy, folder)
    package_file = folder / "__init__.py"
    if not package_file.exists():
        problem = "this file is missing, and TurboGears finds templates only in packages"
        return TemplateFile(None, problem, "create it; it may be empty", package_file)
    return _checked(folder / f"{base}{f'.{other}' if other else suffix}", f"{package}.")


def _in_folders(name: str, folders: list[Path]) -> TemplateFile:
    files = [folder / name for folder in folders]
    existing = next((file for file in files if os.path.exists(file)), None)
    return TemplateFile(existing) if existing or not files else _checked(files[0], "")


def _missing_folder(package: str) -> TemplateFile:
    parent, _, name = package.rpartition(".")
    project = _package_folder(parent)
    if project is None:
        return TemplateFile(None, f"there is no package {package}", "create it, or correct the name")
    others = [item.name for item in project.iterdir() if item.is_dir()]
    guess = nearest(name, others)
    remedy = f"rename {short_path(project / guess)} to it" if guess else "create it, with an __init__.py"
    problem = "this folder of templates is missing"
    return TemplateFile(None, problem, f"{remedy}, or correct the names in @expose", project / name)


def _checked(file: Path, prefix: str) -> TemplateFile:
    if os.path.exists(file):
        if os.access(file, os.R_OK):
            return TemplateFile(file)
        problem = f"{short_path(file)} cannot be read: Permission denied"
        return TemplateFile(file, problem, f"chmod a+r {short_path(file)}, or change its owner")
    if file.is_symlink():
        problem = f"{short_path(file)} is a link to {file.readlink()}, which does not exist"
        return TemplateFile(file, problem, "create that file, or correct the link")
    others = [item.name.removesuffix(file.suffix) for item in file.parent.glob(f"*{file.suffix}")]
    guess = nearest(file.name.removesuffix(file.suffix), others)
    remedy = f"did you mean {prefix}{guess}?" if guess else "create it, or correct the name"
    if others:
        shown = sorted(name for name in others if not name.startswith("_"))
        more = ", ..." if len(shown) > _MAX_NAMES else ""
        remedy += f" ({file.parent.name} has {', '.join(shown[:_MAX_NAMES])}{more})"
    return TemplateFile(file, f"{short_path(file)} is missing", remedy)


def _package_folder(package: str) -> Path | None:
    module = sys.modules.get(package)
    try:
        paths = list(module.__path__) if module is not None else list(_spec_paths(package))
    except (ImportError, AttributeError, ValueError):
        return None
    return Path(paths[0]) if paths else None


def _spec_paths(package: str) -> list[str]:
    spec = find_spec(package)
    return list(spec.submodule_search_locations or []) if spec else []
