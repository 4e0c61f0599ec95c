"""Plan what ``scaffold`` adds to a project. Nothing is written here; the writer does that."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gearbox_lite.errors import Location, UserError
from gearbox_lite.generate import manifest, names, template
from gearbox_lite.generate.scaffolding import mount
from gearbox_lite.generate.template import PlannedFile
from gearbox_lite.generate.writer import FileEdit

RESERVED_ATTRIBUTES = frozenset({"index", "mount_point", "mount_steps"})
"""Attributes that have a meaning in every TurboGears controller."""


@dataclass(frozen=True)
class MountPlan:
    """How a controller is mounted; the edit of the root controller is None if the user must add the lines by hand."""

    mount: mount.Mount
    url: str
    root_path: PurePosixPath
    root_edit: FileEdit | None


@dataclass(frozen=True)
class Scaffold:
    """The new files and how their controller is mounted."""

    files: list[PlannedFile]
    mounted: MountPlan


def plan_mount(folder: Path, package: str, url: str, module: str, class_name: str) -> MountPlan:
    """Plan to mount a class of a module of ``controllers/`` at a URL, such as /films.

    Raises UserError for a URL that is invalid or in use, and if the project has no root controller.
    """
    root_path = PurePosixPath(package, "controllers", "root.py")
    try:
        source = (folder / root_path).read_bytes()
    except OSError as error:
        raise UserError(
            f"cannot be read: {error.strerror}",
            at=Location(folder / root_path),
            remedy="scaffold needs a project whose package has controllers/root.py",
        ) from error
    attribute = _attribute(url)
    if attribute in _used_attributes(folder, source):
        raise UserError(
            f"{mount.ROOT} already has {attribute}, which answers {url}",
            at=Location(folder / root_path),
            remedy=f"choose another URL, for example --mount /{attribute}2",
        )
    wanted = mount.Mount(attribute, f"{package}.controllers.{module}", class_name)
    changed = mount.insert_mount(source, wanted)
    return MountPlan(wanted, url, root_path, None if changed is None else FileEdit(root_path, source, changed))


def plan_controller(folder: Path, package: str, ini: str, name: str, mount_url: str | None) -> Scaffold:
    """Plan a controller for the project in ``folder``; ``mount_url`` defaults to its name.

    Raises UserError for a name that is invalid or in use, and as ``plan_mount`` does.
    """
    names.controller_name(name)
    url = "/" + (name if mount_url is None else mount_url.strip("/"))
    class_name = "".join(word.title() for word in name.split("_")) + "Controller"
    mounted = plan_mount(folder, package, url, name, class_name)
    answers: dict[str, manifest.Answer] = {
        "package": package,
        "name": name,
        "class_name": class_name,
        "title": name.replace("_", " ").capitalize(),
        "url": url,
        "ini": "test.ini" if (folder / "test.ini").is_file() else ini,
        "base": "BaseController" if (folder / package / "lib" / "base.py").is_file() else "TGController",
        "has_app": _has_app_fixture(folder / "tests" / "conftest.py"),
        "pages": (folder / package / "templates" / "master.jinja").is_file(),
    }
    files = template.render_files(manifest.load_template(scaffold_templates() / "controller"), answers)
    return Scaffold(files, mounted)


def _has_app_fixture(conftest: Path) -> bool:
    """Whether the project's tests share an application. TurboGears supports only one in each process."""
    try:
        return re.search(r"^def app\(", conftest.read_text(encoding="utf-8"), re.MULTILINE) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _used_attributes(folder: Path, source: bytes) -> set[str]:
    """Return the names that the root controller and those of its bases defined in the project use."""
    used = mount.bound_names(source)
    for module, class_name in mount.imported_bases(source):
        path = folder.joinpath(*module.split(".")).with_suffix(".py")
        if path.is_file():
            used |= mount.bound_names(path.read_bytes(), class_name)
    return used


def scaffold_templates() -> Path:
    """Return the folder of the scaffold templates, which is beside those of whole projects."""
    return next(iter(manifest.bundled_templates().values())).parent / "scaffold"


def _attribute(url: str) -> str:
    """Return the root controller's attribute for a URL. TurboGears treats '-' in a URL as '_'."""
    name = url.removeprefix("/").replace("-", "_")
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name[0] == "_":
        problem = "controllers are mounted directly below the root: use one component of letters, digits, '-' and '_'"
    elif name in RESERVED_ATTRIBUTES:
        problem = "this name is reserved in every controller"
    else:
        return name
    raise UserError(f"--mount {url!r}: {problem}", remedy="for example --mount /movies")
