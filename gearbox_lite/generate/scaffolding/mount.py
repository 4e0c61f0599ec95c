"""Mount a controller in the root controller's source: insert two lines and keep every other byte.

Python's own parser finds the positions. The result is parsed again, and accepted only if it is the old module plus
exactly these two statements, so that no formatting, comment or syntax that we did not think of can be damaged.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from gearbox_lite.generate.scaffolding.formatting import import_from, natural

ROOT = "RootController"


@dataclass(frozen=True)
class Mount:
    """A controller to mount: ``attribute = class_name()``, with ``class_name`` imported from ``module``."""

    attribute: str
    module: str
    class_name: str

    @property
    def import_line(self) -> str:
        """The import, without its line ending; it has several lines if it is too long for one."""
        return import_from(self.module, [self.class_name])

    @property
    def line(self) -> str:
        """The line in the class, without indentation and line ending."""
        return f"{self.attribute} = {self.class_name}()"


def bound_names(source: bytes, class_name: str = ROOT) -> set[str]:
    """Return the names that a class body (by default the root controller's) binds; empty if the class is missing."""
    found = _class(_parse(source), class_name)
    return {name for node in found.body for name in _targets(node)} if found else set()


def imported_bases(source: bytes) -> list[tuple[str, str]]:
    """Return the root controller's base classes that are imported by name, as pairs of module and class."""
    module = _parse(source)
    root = _root(module)
    if module is None or root is None:
        return []
    wanted = {base.id for base in root.bases if isinstance(base, ast.Name)}
    imports = [node for node in module.body if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return [
        (str(node.module), name.name) for node in imports for name in node.names if (name.asname or name.name) in wanted
    ]


def insert_mount(source: bytes, mount: Mount) -> bytes | None:
    """Return the source with the controller mounted; None if its shape makes that unsafe."""
    module = _parse(source)
    root = _root(module)
    if module is None or root is None or not _has_plain_lines(source):
        return None
    lines = source.decode().splitlines(keepends=True)
    end = "\r\n" if b"\r\n" in source else "\n"
    positions = (_mount_position(root, lines, mount, end), _import_position(module, root, mount, end))
    for position, text in sorted(positions, reverse=True):  # bottom up, so that line numbers above stay valid
        if position and not lines[position - 1].endswith("\n"):
            return None
        lines.insert(position, text)
    changed = "".join(lines).encode()
    return changed if _adds_only_the_mount(module, _parse(changed), mount) else None


def _has_plain_lines(source: bytes) -> bool:
    """Whether str.splitlines splits the source, as UTF-8, into the same lines as Python's parser."""
    try:
        text = source.decode()
    except UnicodeDecodeError:
        return False
    return not re.search("[\v\f\x1c-\x1e\x85\u2028\u2029\ufeff]|\r(?!\n)", text)


def _parse(source: bytes) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def _root(module: ast.Module | None) -> ast.ClassDef | None:
    return _class(module, ROOT)


def _class(module: ast.Module | None, name: str) -> ast.ClassDef | None:
    """Return the class of that name at the top level of a module; None if there is not exactly one."""
    found = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name == name] if module else []
    return found[0] if len(found) == 1 else None


def _targets(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _mount_position(root: ast.ClassDef, lines: list[str], mount: Mount, end: str) -> tuple[int, str]:
    """Return the mount's text and the line it goes after: the last assignment above the methods, or the docstring."""
    first = root.body[0]
    indent = re.match(r"\s*", lines[first.lineno - 1])
    text = f"{indent[0] if indent else ''}{mount.line}{end}"
    above = []
    for node in root.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) and not (node is first and _is_docstring(node)):
            break
        above.append(node)
    if not above:
        return first.lineno - 1 - _decorators(first), text + end
    return _last_line(above[-1]), (end if _is_docstring(above[-1]) else "") + text


def _decorators(node: ast.stmt) -> int:
    """Return the number of lines from a statement's first decorator to its own line."""
    decorators = getattr(node, "decorator_list", [])
    return node.lineno - decorators[0].lineno if decorators else 0


def _import_position(module: ast.Module, root: ast.ClassDef, mount: Mount, end: str) -> tuple[int, str]:
    """Return the import's text and the line it goes after: sorted among its package's imports, or after the last."""
    above = module.body[: module.body.index(root)]
    imports = [node for node in above if isinstance(node, (ast.Import, ast.ImportFrom))]
    package = mount.module.partition(".")[0]
    ours = [
        node for node in imports if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}.")
    ]
    before = [node for node in ours if natural(node.module or "") < natural(mount.module)]
    if before:
        return _last_line(before[-1]), _import_text(mount, end)
    if ours:
        return ours[0].lineno - 1, _import_text(mount, end)
    if imports:
        return _last_line(imports[-1]), end + _import_text(mount, end)
    after = _last_line(module.body[0]) if _is_docstring(module.body[0]) else 0
    return after, (end if after else "") + _import_text(mount, end)


def _import_text(mount: Mount, end: str) -> str:
    return mount.import_line.replace("\n", end) + end


def _adds_only_the_mount(old: ast.Module, new: ast.Module | None, mount: Mount) -> bool:
    """Whether the new module is the old one plus the two statements."""
    root = _root(new)
    if new is None or root is None:
        return False
    for body, line in ((new.body, mount.import_line), (root.body, mount.line)):
        wanted = ast.dump(ast.parse(line).body[0])
        added = [node for node in body if ast.dump(node) == wanted]
        if len(added) != 1:
            return False
        body.remove(added[0])
    return ast.dump(new) == ast.dump(old)
