"""``gearbox-lite check``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gearbox_lite.application.user_code import make_importable
from gearbox_lite.commands.ini_parameters import INI_PATH, split_arguments
from gearbox_lite.commands.root_warning import warn_as_root
from gearbox_lite.errors import FAILURE, UserError
from gearbox_lite.ini.discover import find_ini
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import ServeSettings, read_serve_settings
from gearbox_lite.output import show, show_error, show_failure, show_warning

if TYPE_CHECKING:
    from gearbox_lite.sessions.checks import Finding


@click.command(name="check")
@click.argument("arguments", nargs=-1, metavar="[INI] [NAME=VALUE]...", type=INI_PATH)
@click.option(
    "-n", "--app-name", metavar="NAME", default="main", help="Section [app:...] or [pipeline:...] (default: main)."
)
@click.option("--server-name", metavar="NAME", default="main", help="Section [server:...] (default: main).")
@click.option("--strict", is_flag=True, help="Exit with code 1 for warnings too.")
@click.option("--url", metavar="URL", help="Visit the running site at URL and check how it is deployed.")
@click.pass_context
def command(
    context: click.Context,
    *,
    arguments: tuple[str, ...],
    app_name: str,
    server_name: str,
    strict: bool,
    url: str | None,
) -> None:
    """Check an ini and its application without serving it, or a running site.

    INI defaults to development.ini; NAME=VALUE sets a variable that the ini uses as %(NAME)s. The application is loaded
    and its session store is contacted once. With --url, an ini is checked only if you name it.
    """
    errors = warnings = 0
    if url is None or arguments:
        errors, warnings = _check_ini(arguments, app_name, server_name)
    if url is not None:
        of_site = _check_site(url)
        errors, warnings = errors + of_site[0], warnings + of_site[1]
    if errors or (strict and warnings):
        context.exit(FAILURE)


def _check_ini(arguments: tuple[str, ...], app_name: str, server_name: str) -> tuple[int, int]:
    """Check an ini, show what is wrong, and return the numbers of errors and warnings."""
    name, variables = split_arguments(arguments, None)
    path = find_ini(name, Path.cwd())
    make_importable(path.parent)
    errors = warnings = 0
    try:
        settings = read_serve_settings(path, Overrides(app_name, server_name, variables=variables))
        errors, warnings = _show_findings(_session_findings(settings))
        for warning in _load_as_serve_does(settings):
            show_warning(warning)
            warnings += 1
    except UserError as error:
        show_failure(error.message, error.report)
        errors += 1
    warn_as_root()  # not counted, because the ini is not at fault
    show(f"{path.name}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    return errors, warnings


def _check_site(url: str) -> tuple[int, int]:
    """Check a running site, show what is wrong, and return the numbers of errors and warnings."""
    from gearbox_lite.site.address import parse_url
    from gearbox_lite.site.check_site import check_site

    address = parse_url(url)
    try:
        errors, warnings = _show_findings(check_site(address))
    except UserError as error:
        show_failure(error.message, error.report)
        errors, warnings = 1, 0
    show(f"{url.partition('?')[0]}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    return errors, warnings


def _session_findings(settings: ServeSettings) -> list[Finding]:
    from gearbox_lite.sessions import checks

    return [*checks.check_sessions(settings), *checks.check_store(settings)]


def _show_findings(findings: list[Finding]) -> tuple[int, int]:
    """Show findings, and return the numbers of errors and warnings."""
    for finding in findings:
        (show_error if finding.is_error else show_warning)(str(finding))
    errors = sum(finding.is_error for finding in findings)
    return errors, len(findings) - errors


def _load_as_serve_does(settings: ServeSettings) -> Sequence[str]:
    """Load everything that serve would load, and return the warnings. Raises UserError."""
    from gearbox_lite.application import logs
    from gearbox_lite.server.debug import protection
    from gearbox_lite.server.http import adjustments
    from gearbox_lite.server.listen import listening

    if settings.is_waitress:
        adjustments.check_options(settings.server.options)
    listening.check_listening(settings)
    logs.configure_logging(settings)
    return protection.load_protected(settings, [])[1].warnings


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
