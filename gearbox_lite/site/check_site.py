"""The order of the checks of ``check --url``, and the time limit for all of them."""

from __future__ import annotations

import threading
from urllib.parse import SplitResult

from gearbox_lite.errors import FAILURE, Location, UserError
from gearbox_lite.findings import Finding, errors_first
from gearbox_lite.site import deployment_checks as checks
from gearbox_lite.site.visit import Visit
from gearbox_lite.site.visitor import NoResponse, Response, Visitor

SITE_TIMEOUT = 60.0
"""Seconds for a whole visit."""


def check_site(url: SplitResult) -> list[Finding]:
    """Visit a site and return what is wrong, errors first.

    Raises UserError if the site cannot be reached, and after SITE_TIMEOUT seconds.
    """
    visit = Visit(url, Visitor(SITE_TIMEOUT))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            _run_checks(visit)
        except BaseException as error:  # noqa: BLE001 (raised again below, in the calling thread)
            failures.append(error)

    # In a thread, since a server that sends one byte at a time defeats every timeout of a single step.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SITE_TIMEOUT)
    if thread.is_alive():
        raise UserError(
            f"no complete response within {SITE_TIMEOUT:.0f} s",
            at=_shown_location(visit),
            remedy="see the server's log",
            code=FAILURE,
        )
    if failures:
        raise failures[0]
    return errors_first(visit.findings)


def _run_checks(visit: Visit) -> None:
    page = _open_first_page(visit)
    if page is None:
        return
    checks.check_status(visit, page)
    scheme_differs = checks.check_forwarded(visit, page)
    checks.check_headers(visit, page)
    if checks.check_cookies(visit, scheme_differs=scheme_differs):
        checks.check_form(visit, page, scheme_differs=scheme_differs)
    for check in (checks.check_foreign_host, checks.check_debugger, checks.check_plain_http):
        try:
            check(visit)
        except NoResponse:  # refusing the connection is as good as refusing the request
            continue


def _open_first_page(visit: Visit) -> Response | None:
    location = _shown_location(visit)
    try:
        return visit.open_page(visit.url.geturl())
    except NoResponse as failure:
        hint = "start the server, or correct the URL"
        if failure.is_certificate:
            hint = (
                "use one for this host name that this machine trusts; SSL_CERT_FILE names a file of further "
                "certificate authorities"
            )
        raise UserError(str(failure), at=location, remedy=hint, code=FAILURE) from failure


def _shown_location(visit: Visit) -> Location:
    return Location(visit.url._replace(query="").geturl())
