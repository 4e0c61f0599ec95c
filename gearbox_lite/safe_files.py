"""Atomic changes of files in folders that may belong to another, hostile user, without lending that user our rights.

For root, a path may lead elsewhere from one call to the next: the owner of a folder can replace any file in it with a
symbolic link between our calls. Therefore each folder and file is opened once, everything is done through the open
descriptors, and symbolic links are followed only if they are ours or root's.

Changes are atomic: the new content is written to a draft beside the file, which is then renamed over it. A folder's
lock (flock) keeps two of our processes from changing files of one folder at the same time; other programs ignore it.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has neither these locks nor another user's symbolic links
    fcntl = None  # type: ignore[assignment]

HAS_LOCKS = fcntl is not None
"""Whether folders can be locked. Without locks, on Windows, the staging folders of killed processes are not removed."""
LOCK_SECONDS = 10.0
"""Seconds to wait for another process that changes files of the same folder."""

_DESCRIPTORS = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd
"""Whether the system can work relative to an open folder; Windows cannot."""
_DIRECTORY, _NO_LINK, _NO_WAIT = (getattr(os, name, 0) for name in ("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK"))
_ACL = "system.posix_acl_access"
_KEPT = ("user.", "security.selinux")
"""Extended attributes that a changed file keeps, beside its access control list."""
_MAX_LINKS = 40


def resolve_links(path: Path) -> Path:
    """Return the file that a path leads to, links followed. Raises OSError for a symbolic link of another user."""
    for _ in range(_MAX_LINKS):
        status = path.lstat()
        if not stat.S_ISLNK(status.st_mode):
            return path
        _check_owner_of_link(status, path)
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _check_owner_of_link(status: os.stat_result, path: Path) -> None:
    if os.name == "posix" and status.st_uid not in (0, os.geteuid()):
        raise OSError(errno.EPERM, "it is a symbolic link of another user; run this as that user", str(path))


class Folder:
    """An open folder. Its methods take names directly in it, or in folders below it that we have created ourselves."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Folder]:
        """Open a folder. Raises OSError for anything else, and for a symbolic link of another user."""
        with cls(path.parent, None)._opened(path.name, path) as folder:  # noqa: SLF001 (of the same class)
            yield folder

    @contextmanager
    def inside(self, name: str) -> Iterator[Folder]:
        """Open a folder that is in this one. Raises OSError as ``opened`` does."""
        with self._opened(name, self.path / name) as folder:
            yield folder

    @contextmanager
    def _opened(self, name: str, path: Path) -> Iterator[Folder]:
        if not _DESCRIPTORS:
            yield Folder(path, None)
            return
        flags = os.O_RDONLY | _DIRECTORY | _NO_WAIT | os.O_CLOEXEC
        place = path if self._descriptor is None else name
        # Opened without following a link first: after a check of the path it could still be replaced with a link.
        try:
            descriptor = os.open(place, flags | _NO_LINK, dir_fd=self._descriptor)
        except OSError:
            status = os.stat(place, dir_fd=self._descriptor, follow_symlinks=False)
            if not stat.S_ISLNK(status.st_mode):
                raise
            _check_owner_of_link(status, path)
            descriptor = os.open(place, flags, dir_fd=self._descriptor)
        try:
            yield Folder(path, descriptor)
        finally:
            os.close(descriptor)

    def _place(self, name: str) -> str:
        return name if self._descriptor is not None else str(self.path / name)

    @contextmanager
    def locked(self, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold the folder's lock. Raises TimeoutError if another process still holds it after so many seconds.

        It is polled, since flock itself waits without a time limit. The kernel releases it if this process is killed.
        """
        if fcntl is None or self._descriptor is None:
            yield
            return
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(errno.ETIMEDOUT, "another process keeps it locked", str(self.path)) from None
                time.sleep(0.02)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def is_ours(self) -> bool:
        """Whether the folder belongs to the user that we run as."""
        return self._descriptor is None or os.fstat(self._descriptor).st_uid == os.geteuid()

    def names(self) -> list[str]:
        """Return the names of everything in the folder."""
        with os.scandir(self.path if self._descriptor is None else self._descriptor) as entries:
            return [entry.name for entry in entries]

    def has(self, name: str) -> bool:
        """Whether a name is taken, even by a broken symbolic link."""
        try:
            os.stat(self._place(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def make_folder(self, name: str, mode: int = 0o777) -> None:
        """Create a folder, with the user's umask."""
        os.mkdir(self._place(name), mode, dir_fd=self._descriptor)

    def create(self, name: str, content: bytes, mode: int) -> None:
        """Write a new file, with the user's umask. Raises FileExistsError if the name is taken."""
        with os.fdopen(self._create(name, mode), "wb") as stream:
            stream.write(content)

    def _create(self, name: str, mode: int) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK | getattr(os, "O_BINARY", 0)
        return os.open(self._place(name), flags, mode, dir_fd=self._descriptor)

    def move(self, name: str, to: Folder, new_name: str) -> None:
        """Move a file or folder to another folder of the file system, atomically."""
        os.rename(self._place(name), to._place(new_name), src_dir_fd=self._descriptor, dst_dir_fd=to._descriptor)

    def remove(self, name: str, *, is_folder: bool = False) -> None:
        """Remove a file, or an empty folder."""
        (os.rmdir if is_folder else os.unlink)(self._place(name), dir_fd=self._descriptor)

    def rewrite(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Replace the content of a file atomically with what ``change`` returns for it.

        Its owner, mode, access control list and SELinux context are kept. If one of these cannot be set, access is
        reduced, never widened. A symbolic link is kept, and the file that it leads to is changed. Raises OSError, also
        for anything but a regular file, and what ``change`` raises.
        """
        place = self.path / name
        if place.is_symlink():
            place = resolve_links(place)
            with Folder.opened(place.parent) as folder:
                folder._rewrite(place.name, change)  # noqa: SLF001 (of the same class)
        else:
            self._rewrite(name, change)

    def _rewrite(self, name: str, change: Callable[[bytes], bytes]) -> None:
        file = os.open(self._place(name), os.O_RDONLY | _NO_LINK | _NO_WAIT, dir_fd=self._descriptor)
        with os.fdopen(file, "rb") as stream:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file", str(self.path / name))
            content = change(stream.read())
            # The order keeps the content private: the draft is for us alone until it has the access of the old file,
            # and it is on the disk before it replaces that file.
            draft_name = f".{name}.gearbox-lite-{os.urandom(4).hex()}"
            draft = self._create(draft_name, 0o600)
            try:
                with os.fdopen(draft, "wb") as target:
                    target.write(content)
                    target.flush()
                    if os.name == "posix":
                        copy_access(file, draft)
                    os.fsync(draft)
                if not _DESCRIPTORS:
                    stream.close()  # Windows cannot replace an open file
                os.replace(
                    self._place(draft_name), self._place(name),
                    src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor,
                )  # fmt: skip
            except BaseException:
                with suppress(OSError):
                    self.remove(draft_name)
                raise


def copy_access(source: int, target: int) -> None:
    """Give one open file the owner, mode and extended attributes of another, or less access than these."""
    before = os.fstat(source)
    mode = before.st_mode & 0o777
    with suppress(PermissionError):
        os.fchown(target, before.st_uid, before.st_gid)
    if os.fstat(target).st_gid != before.st_gid:
        with suppress(PermissionError):  # the file becomes ours, but its group may be kept
            os.fchown(target, -1, before.st_gid)
    keeps_group = os.fstat(target).st_gid == before.st_gid
    if not _copy_attributes(source, target) or not keeps_group:
        _remove_acl(target)
        # Without the access control list the group's bits would be those of its mask. Members of the old group now
        # count as others, so others get no more than both had.
        mode = mode & 0o700 | mode & (mode >> 3) & 0o007
    os.fchmod(target, mode)


def _copy_attributes(source: int, target: int) -> bool:
    """Copy access control list and attributes; return whether both files now have the same list, or both none."""
    if not hasattr(os, "listxattr"):
        return True
    names = _attributes(source)
    for name in names:
        if name.startswith(_KEPT):
            with suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))
    if _ACL not in names:  # the target may have inherited one from the folder
        return _remove_acl(target)
    try:
        os.setxattr(target, _ACL, os.getxattr(source, _ACL))
    except OSError:
        return False
    return True


def _attributes(file: int) -> list[str]:
    try:
        return os.listxattr(file)
    except OSError:  # the file system does not support them
        return []


def _remove_acl(file: int) -> bool:
    if hasattr(os, "listxattr") and _ACL in _attributes(file):
        os.removexattr(file, _ACL)
    return True
