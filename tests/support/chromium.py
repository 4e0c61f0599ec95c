"""A real Chromium, and a tab for each visitor."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from support.helpers import TEST_TIMEOUT, unavailable

CHROMIUM = Path("/usr/bin/chromium")


@contextlib.contextmanager
def launched(executable: Path = CHROMIUM) -> Iterator[object]:
    """Start a browser that sends no requests on its own and resolves *.example to this machine."""
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        unavailable("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                *("--no-sandbox", "--disable-background-networking"),
                "--host-resolver-rules=MAP *.example 127.0.0.1",  # as an attacker's name server would
            ],
        )
        yield browser
        browser.close()


class Tab:
    """A new visitor's page; records its console messages and the hosts of its requests."""

    def __init__(self, browser, **context: object) -> None:
        self.page = browser.new_context(**context).new_page()
        self.page.set_default_timeout(1000 * TEST_TIMEOUT / 2)
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2].split(":")[0]))

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    @property
    def state(self) -> str:
        return self.page.locator(".state").inner_text()
