"""What the README and the documentation tell their readers to do works as printed."""

from __future__ import annotations

import re

import pytest
from support.deployment import certificate
from support.docs.pages import FENCE, blocks, commands, front_matter, pages, steps
from support.docs.reader import Reader
from support.helpers import REPOSITORY, free_port, nginx_check, units_check

TUTORIAL = [f"docs/tutorial/{name}.md" for name in ("index", "sessions", "guest-book", "going-public")]
"""The pages of the tutorial; each one continues where the previous one ends."""
SCRIPTS = [page for page in map(str, pages()) if page not in [*TUTORIAL, "README.md"] and any(steps(page))]
RUNNABLE = ("console",)
MAX_NOT_RUN = 9


def all_blocks():
    return [block for page in pages() for block in blocks(page)]


def test_the_readme_works_as_printed_if_nothing_is_installed(tmp_path, port_8080):
    with Reader(tmp_path / "home", "clone", install=True) as reader:
        reader.follow("README.md")
        reader.stop_server()


@pytest.mark.parametrize("page", SCRIPTS)
def test_the_commands_of_a_page_work_as_printed(page, tmp_path):
    with Reader(tmp_path / "home", front_matter(page).get("start", "clone"), port=free_port()) as reader:
        reader.follow(page)
        reader.stop_server()


def test_the_tutorial_works_from_its_first_page_to_its_last(tmp_path):
    with Reader(tmp_path / "home", "clone", port=free_port()) as reader:
        for page in TUTORIAL:
            reader.follow(page)
        reader.stop_server()


@pytest.mark.parametrize("page", list(map(str, pages())))
def test_every_block_is_run_or_written_to_a_file_or_says_why_it_is_not(page):
    text = (REPOSITORY / page).read_text()
    found = blocks(page)
    assert len(re.findall(r"^ *(?:```|~~~)", text, re.MULTILINE)) == 2 * len(found), "a fence that no test sees"
    outside = re.sub(FENCE, "", text)
    assert re.findall(r"^\n {4}[^ ].*$", outside, re.MULTILINE) == [], "an indented block that no test sees"
    for block in found:
        assert block.language, f"{block} has no language"
        assert block.language in RUNNABLE or block.title or len(block.reason_not_to_run.split()) > 3, block
        if block.language in RUNNABLE:
            assert list(commands(block.text))


def test_few_commands_are_not_run():
    not_run = [block for block in all_blocks() if block.reason_not_to_run]
    assert len([block for block in not_run if block.language != "text"]) <= MAX_NOT_RUN
    assert [
        block
        for block in not_run
        if block.language == "text" and re.search(r"^(\(\S+\) )?\$ ", block.text, re.MULTILINE)
    ] == []


def shown(page, word):
    """Return the lines of the block of a page that contains a word, and is not run."""
    return next(block.text for block in blocks(page) if block.reason_not_to_run and word in block.text).splitlines()


@pytest.mark.parametrize(
    ("page", "word"), [("docs/how-to/systemd.md", "useradd"), ("docs/how-to/nginx.md", "nginx -t")]
)
def test_the_page_shows_the_steps_of_the_generated_readme(project, page, word):
    """The generated ones are pasted into a shell by integration/deployment/test_deployment_steps.py."""
    generated = (project / "README.md").read_text()
    assert "\n".join(f"    {line}" for line in shown(page, word)) in generated


def test_the_files_that_the_pages_edit_are_valid_for_nginx_and_systemd(tmp_path):
    tls = certificate(tmp_path / "tls")
    with Reader(tmp_path / "home", "project") as reader:
        reader.follow("docs/how-to/nginx.md")
        deploy = reader.home / "hello" / "deploy"
        site = re.sub(r"^ *listen \[::\].*\n", "", (deploy / "nginx.conf").read_text(), flags=re.MULTILINE)
        result = nginx_check(tmp_path, site.replace("/etc/ssl/hello", str(tls)))
        assert "test is successful" in result.stderr
        units = {path.name: path.read_text() for path in deploy.glob("hello.s*")}
        assert "ListenStream=/run/hello.sock" in units["hello.socket"]
        result = units_check(tmp_path / "units", units)
        assert (result.returncode, result.stderr) == (0, "")
