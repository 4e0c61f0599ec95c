"""Which inis an ini inherits from, even if it is broken."""

from __future__ import annotations

import pytest

from gearbox_lite.ini.parsing.inherited import environment_variables, locate_setting, with_inherited


def names(folder, text, variables=None, **others):
    for name, content in others.items():
        (folder / f"{name}.ini").write_text(content)
    (folder / "main.ini").write_text(text)
    return [outline.path.name for outline in with_inherited(folder / "main.ini", variables or {})]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[app:main]\nuse = config:a.ini\n", ["a.ini"]),
        ("[app:main]\nuse = config:%(here)s/a.ini#b\n", ["a.ini"]),
        ("[DEFAULT]\nbase = a\n[app:main]\nuse = config:%(base)s.ini\n", ["a.ini"]),
        ("[app:main]\nuse = config:%(given)s.ini\n", ["x.ini"]),
        ("[app:main]\nuse = config:a%%20b.ini\n", ["a b.ini"]),
        ("[pipeline:main]\npipeline = config:a.ini#c\n  # config:no.ini\n  config:b.ini\n", ["a.ini", "b.ini"]),
        ("[app:main]\n#use = config:a.ini\n; use = config:b.ini\n", []),
        ("[app:main]\nnote = see config:a.ini\n", []),
        ("[app:main\nnonsense\n[app:other]\nuse = config:a.ini\nuse = config:b.ini\nx = %(y", ["a.ini"]),
        ("[app:main]\nuse = config:a%%00.ini\n", []),
        ("[app:main]\nuse = config:./../{}/main.ini\n", []),
    ],
)
def test_inis_are_found_as_pastedeploy_finds_them_also_in_a_broken_one(tmp_path, text, expected):
    assert names(tmp_path, text.format(tmp_path.name), {"given": "x"}) == ["main.ini", *expected]


def test_settings_passed_on_to_an_inherited_ini_may_name_the_next_one(tmp_path):
    text = "[DEFAULT]\nplace = b\n[app:main]\nuse = config:a.ini\nset more = c\n"
    between = "[app:main]\nuse = config:%(place)s.ini\n[app:two]\nuse = config:%(more)s.ini\n"
    assert names(tmp_path, text, a=between, b="[app:main]\nuse = config:main.ini\n") == [
        "main.ini", "a.ini", "b.ini", "c.ini",
    ]  # fmt: skip


def test_environment_variables_in_comments_are_ignored(tmp_path, monkeypatch):
    monkeypatch.setenv("GEARBOX_LITE_A", "a%")
    monkeypatch.setenv("GEARBOX_LITE_B", "b")
    names(
        tmp_path,
        "[app:main]\n# x = %(ENV_GEARBOX_LITE_B)s\nuse = config:%(here)s/a.ini\n",
        a="[app:main]\nlong = x\n  %(ENV_GEARBOX_LITE_A)s\n  # %(ENV_GEARBOX_LITE_B)s\n",
    )
    assert environment_variables(tmp_path / "main.ini", {}) == {"ENV_GEARBOX_LITE_A": "a%%"}


def test_a_setting_is_found_in_the_ini_that_sets_it(tmp_path):
    names(tmp_path, "[app:main]\nuse = config:%(given)s.ini\n", a="[app:main]\nx = 1\ny = 2\n")
    found = locate_setting(tmp_path / "main.ini", "y", {"given": "a"})
    assert (found.source, found.line) == (tmp_path / "a.ini", 3)
    assert locate_setting(tmp_path / "main.ini", "z", {"given": "a"}).line is None
