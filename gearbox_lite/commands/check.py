"""``gearbox-lite check``."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import click

from gearbox_lite.commands.support.finding_codes import FINDING_CODES, check_codes
from gearbox_lite.commands.support.ini_parameters import INI_PATH, split_arguments
from gearbox_lite.commands.support.root_warning import warn_as_root
from gearbox_lite.errors import FAILURE, UserError, short_path
from gearbox_lite.findings import Finding, errors_first, refusal_of
from gearbox_lite.ini.discover import find_ini
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.output import show, show_error, show_report, show_warning


def _complete_codes(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    """Return the shell completions of --ignore."""
    return [code for code in FINDING_CODES if code.startswith(incomplete)]


@click.command(name="check")
@click.argument("arguments", nargs=-1, metavar="[INI] [NAME=VALUE]...", type=INI_PATH)
@click.option(
    "-n", "--app-name", metavar="NAME", default="main", help="Section [app:...] or [pipeline:...] (default: main)."
)
@click.option("--server-name", metavar="NAME", default="main", help="Section [server:...] (default: main).")
@click.option("--strict", is_flag=True, help="Exit with code 1 for warnings too.")
@click.option(
    "--ignore",
    metavar="CODE",
    multiple=True,
    shell_complete=_complete_codes,
    help="Do not report findings with this code, such as weak-key.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the findings, for tools.")
@click.option("--url", metavar="URL", help="Visit the running site at URL and check how it is deployed.")
@click.pass_context
def command(
    context: click.Context,
    *,
    arguments: tuple[str, ...],
    app_name: str,
    server_name: str,
    strict: bool,
    ignore: tuple[str, ...],
    as_json: bool,
    url: str | None,
) -> None:
    """Check an ini and its application without serving it, or a running site.

    INI defaults to development.ini; NAME=VALUE sets a variable that the ini uses as %(NAME)s. The application is loaded
    and its session store is contacted once; its database is compared with the migrations and the models. With --url, an
    ini is checked only if you name it. Each finding is shown with its code in brackets, except errors with which no
    command runs.
    """
    check_codes(ignore)
    results = []
    # What the application prints while it loads must not get into the JSON.
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        if url is None or arguments:
            results.append(_check_ini(arguments, app_name, server_name))
        if url is not None:
            results.append(_check_site(url))
    results = [result.without(ignore) for result in results]
    findings = [finding for result in results for finding in result.findings]
    if as_json:
        show(*json.dumps([_as_dict(finding) for finding in findings], indent=2).splitlines())
    else:
        for result in results:
            result.show()
    if any(finding.is_error or strict for finding in findings):
        context.exit(FAILURE)


@dataclass(frozen=True)
class Checked:
    """What has been checked: its name, what was found, and the user's own traceback if their code raised."""

    name: str
    findings: list[Finding]
    report: str = ""
    ignored: int = 0

    def without(self, codes: tuple[str, ...]) -> Checked:
        """Return the same without the findings with these codes, which are only counted."""
        kept = [finding for finding in self.findings if finding.code not in codes]
        return Checked(self.name, errors_first(kept), self.report, len(self.findings) - len(kept))

    def show(self) -> None:
        """Show each finding, and then the numbers of errors and warnings."""
        if self.report:
            show_report(self.report)
        for finding in self.findings:
            line = str(finding) if finding.is_refusal else f"{finding} [{finding.code}]"
            (show_error if finding.is_error else show_warning)(line)
        errors = sum(finding.is_error for finding in self.findings)
        counts = [_count(errors, "error"), _count(len(self.findings) - errors, "warning")]
        show(f"{self.name}: {', '.join([*counts, *([f'{self.ignored} ignored'] if self.ignored else [])])}")


def _check_ini(arguments: tuple[str, ...], app_name: str, server_name: str) -> Checked:
    from gearbox_lite.commands.check_ini import IniCheck

    name, variables = split_arguments(arguments, None)
    path = find_ini(name, Path.cwd())
    check = IniCheck()
    check.run(path, Overrides(app_name, server_name, variables=variables))
    warn_as_root()  # not counted, because the ini is not at fault
    return Checked(path.name, check.findings, check.report)


def _check_site(url: str) -> Checked:
    from gearbox_lite.site.address import parse_url
    from gearbox_lite.site.check_site import check_site

    address = parse_url(url)
    try:
        findings = check_site(address)
    except UserError as error:
        findings = [refusal_of(error, "site-unreachable")]
    return Checked(url.partition("?")[0], findings)


def _as_dict(finding: Finding) -> dict[str, str | int | None]:
    at = finding.at or finding.code_at
    return {
        "file": None if at is None else at.source if isinstance(at.source, str) else short_path(at.source),
        "line": None if at is None else at.line,
        "code": finding.code,
        "level": finding.level,
        "message": finding.message,
    }


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
