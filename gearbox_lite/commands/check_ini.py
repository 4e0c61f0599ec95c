"""Everything that ``check`` looks at in an ini and its application, in the order in which ``serve`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from gearbox_lite.application import load, logs
from gearbox_lite.application.tracebacks import is_users_file, users_frames
from gearbox_lite.application.unread_settings import unread_settings
from gearbox_lite.application.user_code import make_importable
from gearbox_lite.errors import USAGE, Location, UserError
from gearbox_lite.findings import Finding, refusal_of
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import ServeSettings, read_serve_settings
from gearbox_lite.server.debug import protection
from gearbox_lite.server.http import adjustments
from gearbox_lite.server.listen import listening
from gearbox_lite.sessions import checks
from gearbox_lite.turbogears import project_files

T = TypeVar("T")


class IniCheck:
    """One check of an ini: what has been found, and the user's own traceback if their code raised."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.report = ""
        self._has_failed = False

    def run(self, ini: Path, overrides: Overrides) -> None:
        """Check everything that can be checked without serving; what depends on something that fails is left out."""
        self._attempt(lambda: make_importable(ini.parent))
        settings = self._attempt(lambda: read_serve_settings(ini, overrides))
        if settings is None:
            return
        for step in (checks.check_sessions, checks.check_store):
            self._add(self._attempt(lambda: step(settings)) or ())  # noqa: B023 (called at once)
        for check in (_check_options, listening.check_listening, listening.check_workers, logs.configure_logging):
            self._attempt(lambda: check(settings))  # noqa: B023 (as above)
        if not self._has_failed:
            loaded = self._attempt(lambda: protection.load_protected(settings, []))
            if loaded is not None:
                self._add([*loaded[1].findings, *unread_settings(settings)])
                self._add(load.check_database(settings, compare=True))
                self._add(project_files.check_files())

    def _attempt(self, step: Callable[[], T]) -> T | None:
        """Run one step; if it raises UserError, add that as a finding, and return None."""
        try:
            return step()
        except UserError as error:
            self._has_failed = True
            code = error.finding or ("invalid-setting" if error.code == USAGE else "application-does-not-load")
            self._add([refusal_of(error, code, _line_of_code(error.__cause__))])
            self.report = error.report
            return None

    def _add(self, findings: Iterable[Finding]) -> None:
        """Add findings; of two with the same line, keep the one that the other commands show."""
        for finding in findings:
            same = [known for known in self.findings if (known.at, known.message) == (finding.at, finding.message)]
            if not same:
                self.findings.append(finding)
            elif finding.is_refusal:
                self.findings[self.findings.index(same[0])] = finding


def _line_of_code(error: BaseException | None) -> Location | None:
    """Return the line of the user's code that raised an exception, None if there is none."""
    if isinstance(error, SyntaxError) and error.filename and is_users_file(error.filename):
        return Location(Path(error.filename), error.lineno)
    frames = users_frames(error) if error is not None else []
    return Location(Path(frames[-1].filename), frames[-1].lineno) if frames else None


def _check_options(settings: ServeSettings) -> None:
    if settings.is_waitress:
        adjustments.check_options(settings.server.options)
