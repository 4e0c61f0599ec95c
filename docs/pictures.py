"""Make the pictures of the README and the site: run ``python docs/pictures.py``.

A new project is served, and Chromium takes its welcome page. Then its code is edited under the server, broken, and
fixed, and the server's own output becomes the picture of a terminal. Another mistake shows the debug page. Django and
Flask, which are installed in a temporary environment, show the same mistake. This needs /usr/bin/chromium, the test
dependencies, and a package index.
"""

from __future__ import annotations

import html
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
PROGRAM = Path(sys.executable).with_name("gearbox-lite")
PORT = 8089
"""A port that is likely to be free; the pictures show 8080."""
WIDTH, ROW, MARGIN, LETTER = 110, 19, 16, 7.83  # letters, and pixels
COLORS = {"$ ": "#8ab4f8", "Error": "#f28b82", " 500 ": "#f28b82", " Reloaded ": "#81c995", "": "#e8eaed"}
"""The color of a line of the terminal, by the first of these parts that it contains."""

FLASK = """
from flask import Flask, session

app = Flask(__name__)
app.secret_key = "only for this picture"


@app.route("/getsession")
def getsession():
    session["user"] = "MVL"
    return "value of session variable retrieved " + session["usr"]
"""
DJANGO = """
from django.http import HttpResponse
from django.urls import path


def getsession(request):
    request.session["user"] = "MVL"
    return HttpResponse("value of session variable retrieved " + request.session["usr"])


urlpatterns = [path("getsession", getsession)]
"""


def get(path: str) -> int:
    """Visit the site, and return the status of its answer."""
    try:
        with urllib.request.urlopen(f"http://localhost:{PORT}{path}") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def edit(file: Path, text: str, old: str = "", new: str = "") -> None:
    """Save a text with one change, and visit a page once the server has had the time to load it."""
    assert old in text, f"{file} has no {old}"
    file.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    time.sleep(0.5)
    get("/getsession")


@contextmanager
def browser_page(width: int, height: int) -> Iterator[Page]:
    """Open a page in Chromium, of a size in pixels, until the end of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": width, "height": height})
        browser.close()


def take_welcome_page() -> None:
    """Take the welcome page with a value in its session."""
    with browser_page(860, 860) as page:
        page.goto(f"http://localhost:{PORT}/")
        page.get_by_label("Value to store as user").fill("Ada")
        page.get_by_role("button", name="Store").click()
        page.reload()
        page.screenshot(path=IMAGES / "welcome.png")


def take_debug_pages() -> None:
    """Take the pages of an exception and of an address that does not exist."""
    with browser_page(900, 640) as page:
        page.goto(f"http://localhost:{PORT}/setsession")
        page.goto(f"http://localhost:{PORT}/getsession")
        page.screenshot(path=IMAGES / "debug-page.png")
        page.set_viewport_size({"width": 900, "height": 520})
        page.goto(f"http://localhost:{PORT}/setsesion")
        page.screenshot(path=IMAGES / "debug-routes.png")


def take_pages_of_others(folder: Path) -> None:
    """Take the pages that Flask and Django show for the same mistake."""
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv/bin"
    subprocess.run([programs / "pip", "install", "-q", "flask", "django"], check=True)
    (folder / "app.py").write_text(FLASK)
    with served([programs / "flask", "run", "--debug", "--port", str(PORT)], folder):
        take_error("flask.png")
    subprocess.run([programs / "django-admin", "startproject", "hello", folder], check=True)
    with (folder / "hello/settings.py").open("a") as settings:
        settings.write('SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"\n')
    (folder / "hello/urls.py").write_text(DJANGO)
    with served([programs / "python", "manage.py", "runserver", "--noreload", str(PORT)], folder):
        take_error("django.png")


@contextmanager
def served(command: list[object], folder: Path) -> Iterator[None]:
    """Run a server until the end of the block, which begins once it answers."""
    words = [str(word) for word in command]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        while True:
            try:
                get("/")
                break
            except OSError:
                time.sleep(0.05)
        try:
            yield
        finally:
            server.terminate()


def take_error(name: str) -> None:
    """Take the page of an exception."""
    with browser_page(900, 640) as page:
        page.goto(f"http://localhost:{PORT}/getsession")
        page.screenshot(path=IMAGES / name)


def terminal(lines: list[str]) -> str:
    """Return a picture of a terminal, as SVG."""
    rows = []
    for number, line in enumerate(lines):
        color = next(color for part, color in COLORS.items() if part in line)
        y = 2 * MARGIN + ROW * (number + 1)
        rows.append(f'<text x="{MARGIN}" y="{y}" fill="{color}" xml:space="preserve">{html.escape(line)}</text>')
    width, height = WIDTH * LETTER + 2 * MARGIN, ROW * len(lines) + 3 * MARGIN
    size = f'width="{width:.0f}" height="{height}"'
    font = 'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:.0f} {height}" {font}>',
            f'<rect {size} rx="8" fill="#202124"/>',
            *(f'<circle cx="{MARGIN + 18 * n}" cy="{MARGIN}" r="5" fill="#5f6368"/>' for n in range(3)),
            *rows,
            "</svg>\n",
        ]
    )


def main() -> None:
    """Serve a new project, and make the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([PROGRAM, "quickstart", "hello"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        project = Path(folder, "hello")
        log = Path(folder, "log")
        environment = {**os.environ, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"}
        command = ["gearbox-lite", "serve", "development.ini", "--port", str(PORT)]
        with log.open("w") as output:
            server = subprocess.Popen(command, cwd=project, env=environment, stdout=output, stderr=subprocess.STDOUT)
        while "Ctrl-C" not in log.read_text():
            if server.poll() is not None:
                sys.exit(f"the server ended: {log.read_text()}")
            time.sleep(0.05)
        take_welcome_page()
        begin = len(log.read_text())
        banner = log.read_text().partition("Serving")[2].partition("Ctrl-C\n")[0]
        controller = project / "hello/controllers/tutorial.py"
        text = controller.read_text()
        get("/setsession")
        edit(controller, text, "value of session", "The value of the session")
        edit(controller, text, "not in session:", "not in session")
        edit(controller, text)
        written = log.read_text()
        edit(controller, text, 'retrieved " + session["user"]', 'retrieved " + session["usr"]')
        take_debug_pages()
        server.terminate()
        server.wait()
        shown = f"$ gearbox-lite serve development.ini\nServing{banner}Ctrl-C\n{written[begin:]}"
        lines = shown.replace(folder, "/home/ada/sites").replace(str(PORT), "8080").splitlines()
    (IMAGES / "reload.svg").write_text(terminal(lines), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        take_pages_of_others(Path(folder))


if __name__ == "__main__":
    main()
