"""Project and package names: invalid names are refused with a suggestion that is valid."""

from __future__ import annotations

import re

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.generate.names import MAX_NAME_LENGTH, package_name, project_name


@pytest.mark.parametrize(
    ("project", "package"),
    [("hello", "hello"), ("my-shop", "my_shop"), ("My.Shop2", "my_shop2"), ("a", "a"), ("a.-_b", "a_b")],
)
def test_the_package_name_is_derived_from_the_project_name(project, package):
    assert package_name(project_name(project)) == package


def test_a_given_package_name_is_kept():
    assert package_name("my-shop", "Shop") == "Shop"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        "a-",
        "a b",
        "a/b",
        "../a",
        "a..b",
        "/tmp/a",
        "a\\b",
        "hello!",
        "привет",
        "café",
        "店",
        "a" * 101,
        "a\n",
        "Con",
        "nul.txt",
    ],
)
def test_an_invalid_project_name_is_refused_with_a_valid_suggestion(name):
    with pytest.raises(UserError) as raised:
        project_name(name)
    message = raised.value.message
    assert raised.value.code == 2
    assert "\n" not in message
    suggestion = re.findall(r"'([^']*)'", message)[-1] if name else message.rpartition(" ")[2]
    assert project_name(suggestion) == suggestion


@pytest.mark.parametrize(
    "name",
    [
        "2048", "class", "None", "json", "site", "tg", "beaker", "webob", "paste", "gearbox_lite", "TG",
        "test", "tests", "conftest", "data", "deploy", "wheels",
        "main", "root", "base_config", "redis", "a b", "é", "", "_private", "x" * (MAX_NAME_LENGTH + 1),
        "aux",
    ],
)  # fmt: skip
def test_an_invalid_package_name_is_refused_with_a_valid_suggestion(name):
    with pytest.raises(UserError) as raised:
        package_name("hello", name)
    suggestion = raised.value.message.rpartition("--package ")[2]
    assert package_name("hello", suggestion) == suggestion


def test_a_derived_package_name_is_validated_too():
    with pytest.raises(UserError, match=r"project name 'Json' gives the package 'json'.*standard library"):
        package_name("Json")
