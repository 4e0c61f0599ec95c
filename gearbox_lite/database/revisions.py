"""A project's migrations as their files describe them, without alembic, which takes long to import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gearbox_lite.errors import FAILURE, CodeError, Location, UserError

_ASSIGNMENT = r"^{name}\b[^=\n]*=\s*(.+)$"
_DESTRUCTIVE = ("drop_table", "drop_column")
_DESTRUCTIVE_SQL = re.compile(r"(?i)\b(drop|delete|truncate)\b")


@dataclass(frozen=True)
class Revision:
    """One migration: its id, the ids of those that it follows, its title, and its file."""

    id: str
    follows: tuple[str, ...]
    title: str
    path: Path

    def __str__(self) -> str:
        return f"{self.id} {self.title}".rstrip()

    def deletes_data(self, function: str) -> bool:
        """Whether ``upgrade`` or ``downgrade`` drops a table or column, or deletes rows, as far as its source tells."""
        for node in ast.walk(ast.parse(self.path.read_bytes())):
            if isinstance(node, ast.FunctionDef) and node.name == function:
                return any(map(_is_destructive, ast.walk(node)))
        return False


def _is_destructive(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", "")
    if name != "execute":
        return name in _DESTRUCTIVE
    return any(
        isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and _DESTRUCTIVE_SQL.search(part.value) is not None
        for part in ast.walk(node)
    )


def read_revisions(folder: Path) -> list[Revision]:
    """Return the migrations of a folder ``migrations``, each one after those that it follows.

    Raises CodeError for two with the same id, for two that no other follows, and for one that follows a missing one.
    """
    found: dict[str, Revision] = {}
    for path in sorted((folder / "versions").glob("*.py")):
        revision = _read_revision(path)
        if revision is None:
            continue
        same = found.get(revision.id)
        if same is not None:
            raise CodeError(
                f'this migration and {same.path.name} both have revision = "{revision.id}"',
                at=Location(path),
                remedy="give the newer one the next number, and the older one's as its down_revision",
            )
        found[revision.id] = revision
    _check_order(found)
    ordered: dict[str, Revision] = {}
    for revision in found.values():
        _add_in_order(revision, found, ordered)
    return list(ordered.values())


def pending_revisions(revisions: Iterable[Revision], applied: Iterable[str]) -> list[Revision]:
    """Return the migrations that are not applied; ``applied`` are the ids in the table alembic_version.

    Raises UserError for an applied id that no migration has.
    """
    known = {revision.id: revision for revision in revisions}
    done: dict[str, Revision] = {}
    for name in applied:
        if name not in known:
            raise UserError(
                f"the database is at revision {name}, which no file in migrations/versions has",
                remedy="restore that file, or check that sqlalchemy.url names the right database",
                code=FAILURE,
            )
        _add_in_order(known[name], known, done)
    return [revision for revision in known.values() if revision.id not in done]


def next_id(revisions: Iterable[Revision]) -> str:
    """Return the id of a new migration, the next number."""
    numbers = [int(revision.id) for revision in revisions if revision.id.isdecimal()]
    return f"{max(numbers, default=0) + 1:04}"


def _read_revision(path: Path) -> Revision | None:
    source = path.read_text(encoding="utf-8", errors="replace")
    name, follows = _assigned(source, "revision"), _assigned(source, "down_revision")
    if not isinstance(name, str):
        return None  # not a migration, for example __init__.py
    before = () if follows is None else (follows,) if isinstance(follows, str) else tuple(map(str, follows))
    title = re.match(r'\s*"""(.*?)(?:"""|$)', source, re.MULTILINE)
    return Revision(name, before, title[1].strip().rstrip(".") if title else "", path)


def _assigned(source: str, name: str) -> str | tuple[str, ...] | None:
    found = re.search(_ASSIGNMENT.format(name=name), source, re.MULTILINE)
    try:
        value: str | tuple[str, ...] | None = ast.literal_eval(found[1].strip()) if found else None
    except (SyntaxError, ValueError):
        return None
    return value


def _check_order(found: Mapping[str, Revision]) -> None:
    followed: set[str] = set()
    for revision in found.values():
        for name in revision.follows:
            if name not in found:
                raise CodeError(
                    f'no migration has revision = "{name}", which this one has as down_revision',
                    at=Location(revision.path),
                    remedy="restore that file, or correct down_revision",
                )
        followed.update(revision.follows)
    last = [revision for revision in found.values() if revision.id not in followed]
    if found and not last:
        first = next(iter(found.values()))
        raise CodeError("the migrations follow each other in a circle", at=Location(first.path), remedy="correct one")
    if len(last) > 1:
        raise CodeError(
            f"this migration and {last[0].path.name} are both the last one",
            at=Location(last[-1].path),
            remedy=f'write down_revision = "{last[0].id}" if this one is newer',
        )


def _add_in_order(revision: Revision, found: Mapping[str, Revision], ordered: dict[str, Revision]) -> None:
    """Add a migration to ``ordered``, after all that it follows, without recursion: there may be thousands."""
    waiting = [revision]
    while waiting:
        missing = [found[name] for name in waiting[-1].follows if name not in ordered]
        if missing and len(waiting) <= len(found):
            waiting += missing
        else:
            done = waiting.pop()
            ordered.setdefault(done.id, done)
