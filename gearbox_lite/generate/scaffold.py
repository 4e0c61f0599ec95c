"""What ``scaffold`` adds to a project, planned; nothing is written here."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gearbox_lite.errors import Location, UserError
from gearbox_lite.generate import manifest, mount, names, template
from gearbox_lite.generate.template import PlannedFile
from gearbox_lite.generate.writer import Change

ATTRIBUTES = frozenset({"index", "mount_point", "mount_steps"})
"""Names that mean something else in every TurboGears controller."""


@dataclass(frozen=True)
class Scaffold:
    """The new files, and the root controller as it is to be; ``root`` is None where its lines go in by hand."""

    files: list[PlannedFile]
    root: Change | None
    root_path: PurePosixPath
    mount: mount.Mount
    url: str


def controller(folder: Path, package: str, ini: str, name: str, mount_url: str | None) -> Scaffold:
    """Plan a controller for the project in ``folder``; ``mount_url`` is its name without another one.

    Raises UserError for names that cannot be used or are taken, and where the project has no root controller.
    """
    names.controller_name(name)
    url = "/" + (name if mount_url is None else mount_url.strip("/"))
    root_path = PurePosixPath(package, "controllers", "root.py")
    try:
        source = (folder / root_path).read_bytes()
    except OSError as error:
        raise UserError(
            f"cannot be read: {error.strerror}",
            at=Location(folder / root_path),
            remedy="this works for a project whose package has controllers/root.py",
        ) from error
    attribute = _attribute(url)
    if attribute in _taken(folder, source):
        raise UserError(
            f"{mount.ROOT} already has {attribute}, which answers {url}",
            at=Location(folder / root_path),
            remedy=f"choose another address: --mount /{attribute}2",
        )
    class_name = "".join(word.title() for word in name.split("_")) + "Controller"
    wanted = mount.Mount(attribute, f"{package}.controllers.{name}", class_name)
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
    files = template.plan(manifest.load(_templates() / "controller"), answers)
    changed = mount.insert(source, wanted)
    root = None if changed is None else Change(root_path, source, changed)
    return Scaffold(files, root, root_path, wanted, url)


def _has_app_fixture(conftest: Path) -> bool:
    """Whether a project's tests share one application; TurboGears supports a single one in each process."""
    try:
        return re.search(r"^def app\(", conftest.read_text(encoding="utf-8"), re.MULTILINE) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _taken(folder: Path, source: bytes) -> set[str]:
    """Return the names of the root controller, and of its bases as far as the project's own files define them."""
    taken = mount.names(source)
    for module, class_name in mount.bases(source):
        path = folder.joinpath(*module.split(".")).with_suffix(".py")
        if path.is_file():
            taken |= mount.names(path.read_bytes(), class_name)
    return taken


def _templates() -> Path:
    """Return the folder of what can be added; it is beside the projects' templates."""
    return next(iter(manifest.bundled().values())).parent / "scaffold"


def _attribute(url: str) -> str:
    """Return the attribute of the root controller that answers a URL; TurboGears reads '-' as '_'."""
    name = url.removeprefix("/").replace("-", "_")
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name) or name[0] == "_":
        problem = "it is mounted directly below the root, so the address is one part of letters, digits, '-' and '_'"
    elif name in ATTRIBUTES:
        problem = "that means something else in every controller"
    else:
        return name
    raise UserError(f"--mount {url!r}: {problem}", remedy="for example --mount /movies")
