"""``gearbox-lite scaffold model``: the model, its migration and its test agree, and nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.helpers import new_project
from support.warm import run

ALL = [
    "title:str:100!", "body:text?", "price:decimal", "datetime:datetime", "date:date?", "day:date", "open:bool",
    "part:float", "number:int", "mail:email", "author:ref:author", "editor_of_this_article:ref:author?!",
]  # fmt: skip


@pytest.fixture
def site(tmp_path):
    return new_project(tmp_path, "hello", "--database")


def scaffold(project, *arguments, code=0):
    result = run("scaffold", "model", *arguments, cwd=project)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout if code == 0 else result.stderr


def test_models_agree_with_their_migrations_and_pass_their_tests(site):
    printed = scaffold(site, "author", "name:str:50", "born:date?", "joined:datetime", "worth:decimal")
    assert printed.splitlines()[:3] == [
        "hello/migrations/versions/0002_create_author.py",
        "hello/model/author.py",
        "tests/test_author_model.py",
    ]
    scaffold(site, "news_article", *ALL)
    assert run("migrate", "upgrade", cwd=site).returncode == 0
    result = run("check", "--strict", cwd=site)
    assert (result.returncode, result.stderr) == (0, "")
    for words in (
        ["pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "tests/test_author_model.py",
         "tests/test_news_article_model.py", "tests/test_migrations.py"],
        ["ruff", "check", "--no-cache", "--select", "E,F,I,W,UP,D,RUF", "--ignore", "D1,D203,D213", "."],
        ["ruff", "format", "--check", "--no-cache", "."],
    ):  # fmt: skip
        done = subprocess.run([sys.executable, "-m", *words], cwd=site, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["post", "title"], "this is not a field; write name:type"),
        (["post", "title:string"], "there is no type 'string'; use one of: str, text"),
        (["post", "title:text:5"], "'5' is no length"),
        (["post", "title:str:0"], "'0' is no length"),
        (["post", "class:str"], "this name has another use in a model"),
        (["post", "id:int"], "this name has another use in a model"),
        (["post", "int:int", "b:int"], "this name has another use in a model"),
        (["text", "title:str"], "this name has another use in a model"),
        (["alembic_version", "a:str"], "this name has another use in a model"),
        (["a__post", "a:str"], "with '_' between words"),
        (["post", "a:str", "a:int"], "field 'a' is given twice"),
        (["post", "author:ref:author"], "there is no model author, to which a field refers"),
        (["Post", "title:str"], "use at most 40 lowercase ASCII letters"),
        (["../post", "title:str"], "use at most 40 lowercase ASCII letters"),
        (["entry", "title:str"], "hello/model/entry.py: this file exists"),
        (["base", "title:str"], "hello/model/base.py: this file exists"),
    ],
)
def test_a_name_or_field_that_cannot_be_used_is_one_line_and_nothing_is_written(site, arguments, message):
    before = sorted(site.rglob("*.py"))
    error = scaffold(site, *arguments, code=2)
    assert message in error
    assert error.count("\n") == 1
    assert sorted(site.rglob("*.py")) == before
