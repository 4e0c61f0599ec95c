"""What the README and the pages of the documentation tell their readers to do works as they say."""

from __future__ import annotations

import re

import pytest
from support.helpers import REPOSITORY, free_port
from support.pages import FENCE, Reader, blocks, commands, front_matter, pages, steps

TUTORIAL = [f"docs/tutorial/{name}.md" for name in ("index", "sessions", "guest-book", "going-public")]
"""One story: each page goes on where the one before ended."""
SCRIPTS = [page for page in map(str, pages()) if page not in [*TUTORIAL, "README.md"] and any(steps(page))]
RUNNABLE = ("console",)
MOST_NOT_RUN = 12


def all_blocks():
    return [block for page in pages() for block in blocks(page)]


def test_the_readme_works_as_it_says_where_nothing_is_installed(tmp_path, port_8080):
    with Reader(tmp_path / "home", "clone", install=True) as reader:
        reader.follow("README.md")
        reader.stop_server()


@pytest.mark.parametrize("page", SCRIPTS)
def test_a_page_works_as_it_says(page, tmp_path):
    with Reader(tmp_path / "home", front_matter(page).get("start", "clone"), port=free_port()) as reader:
        reader.follow(page)
        reader.stop_server()


def test_the_tutorial_works_from_its_first_page_to_its_last(tmp_path):
    with Reader(tmp_path / "home", "clone", port=free_port()) as reader:
        for page in TUTORIAL:
            reader.follow(page)
        reader.stop_server()


@pytest.mark.parametrize("page", list(map(str, pages())))
def test_every_block_is_run_or_written_or_says_why_not(page):
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


def test_few_blocks_are_not_run():
    assert len([block for block in all_blocks() if block.reason_not_to_run]) <= MOST_NOT_RUN
