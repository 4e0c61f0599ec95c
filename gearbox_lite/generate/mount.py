"""Mounting a controller in the root controller's source: two lines go in, everything else stays byte for byte.

Python's own parser says where. The result is parsed again, and is good only if it is the old module with exactly the
two statements more.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

ROOT = "RootController"


@dataclass(frozen=True)
class Mount:
    """What is to be mounted: ``attribute = class_name()``, with ``class_name`` imported from ``module``."""

    attribute: str
    module: str
    class_name: str

    @property
    def import_line(self) -> str:
        """The import, without a line end."""
        return f"from {self.module} import {self.class_name}"

    @property
    def line(self) -> str:
        """The line in the class, without indentation and line end."""
        return f"{self.attribute} = {self.class_name}()"


def names(source: bytes, class_name: str = ROOT) -> set[str]:
    """Return the names that a class body binds, the root controller's by default; none if there is no such class."""
    found = _class(_parse(source), class_name)
    return {name for node in found.body for name in _bound(node)} if found else set()


def bases(source: bytes) -> list[tuple[str, str]]:
    """Return the root controller's base classes that are imported by name, each after its module."""
    module = _parse(source)
    root = _root(module)
    if module is None or root is None:
        return []
    wanted = {base.id for base in root.bases if isinstance(base, ast.Name)}
    imports = [node for node in module.body if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return [
        (str(node.module), name.name) for node in imports for name in node.names if (name.asname or name.name) in wanted
    ]


def insert(source: bytes, mount: Mount) -> bytes | None:
    """Return the source with the controller mounted, None where it has a shape in which that is not safe."""
    module = _parse(source)
    root = _root(module)
    if module is None or root is None or not _plain(source):
        return None
    lines = source.decode().splitlines(keepends=True)
    end = "\r\n" if b"\r\n" in source else "\n"
    places = (_mount_place(root, lines, mount, end), _import_place(module, root, mount, end))
    for position, text in sorted(places, reverse=True):  # from below, so that the lines above keep their numbers
        if position and not lines[position - 1].endswith("\n"):
            return None
        lines.insert(position, text)
    changed = "".join(lines).encode()
    return changed if _is_only_that(module, _parse(changed), mount) else None


def _plain(source: bytes) -> bool:
    """Whether the lines of str.splitlines are those of the parser, in UTF-8."""
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
    """Return the one class of that name at the top level of a module."""
    found = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name == name] if module else []
    return found[0] if len(found) == 1 else None


def _bound(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _mount_place(root: ast.ClassDef, lines: list[str], mount: Mount, end: str) -> tuple[int, str]:
    """Return after which line the class gets its own: its last assignment above the methods, else its docstring."""
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
    """Return how many lines of decorators stand above a statement's own line."""
    decorators = getattr(node, "decorator_list", [])
    return node.lineno - decorators[0].lineno if decorators else 0


def _import_place(module: ast.Module, root: ast.ClassDef, mount: Mount, end: str) -> tuple[int, str]:
    """Return after which line the import goes: in order among its package's above the class, else after the last."""
    above = module.body[: module.body.index(root)]
    imports = [node for node in above if isinstance(node, (ast.Import, ast.ImportFrom))]
    package = mount.module.partition(".")[0]
    ours = [
        node for node in imports if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}.")
    ]
    before = [node for node in ours if (node.module or "") < mount.module]
    if before:
        return _last_line(before[-1]), mount.import_line + end
    if ours:
        return ours[0].lineno - 1, mount.import_line + end
    if imports:
        return _last_line(imports[-1]), f"{end}{mount.import_line}{end}"
    after = _last_line(module.body[0]) if _is_docstring(module.body[0]) else 0
    return after, f"{end if after else ''}{mount.import_line}{end}"


def _is_only_that(old: ast.Module, new: ast.Module | None, mount: Mount) -> bool:
    """Whether the new module, without the two statements, is the old one."""
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
