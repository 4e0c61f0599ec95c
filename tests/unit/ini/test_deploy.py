"""The sections of an ini, read as PasteDeploy will load them."""

from __future__ import annotations

import pytest

from gearbox_lite.application.load import load_application
from gearbox_lite.errors import UserError
from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import read_serve_settings
from gearbox_lite.ini.validation.factories import factory_module

SERVER = "[server:main]\nuse = egg:waitress\n"
FACTORY = "paste.app_factory = nowhere:make\n"


def settings(folder, text, **others):
    for name, content in others.items():
        (folder / f"{name}.ini").write_text(content)
    ini = folder / "main.ini"
    ini.write_text(SERVER + text)
    return read_serve_settings(ini, Overrides())


def test_a_debug_page_inside_a_composite_is_seen(tmp_path):
    blog = f"[DEFAULT]\ndebug = true\n[app:main]\n{FACTORY}"
    composite = "[composite:main]\npaste.composite_factory = nowhere:map\n/ = {}\n"
    assert settings(tmp_path, composite.format("config:blog.ini"), blog=blog).debug is not None
    named = composite.format("blog") + f"[app:blog]\n{FACTORY}set debug = true\n"
    assert settings(tmp_path, named).debug is not None
    assert settings(tmp_path, composite.format("blog") + f"[app:blog]\n{FACTORY}").debug is None


def test_the_inheriting_ini_decides_whether_debug_is_on(tmp_path):
    base = f"[DEFAULT]\ndebug = true\n[app:main]\n{FACTORY}"
    derived = "[DEFAULT]\ndebug = false\n[app:main]\nuse = config:base.ini\n"
    assert settings(tmp_path, derived, base=base).debug is None
    (tmp_path / "base.ini").write_text(base.replace("true", "false"))
    assert settings(tmp_path, derived.replace("false", "true")).debug is not None


def test_filters_are_found_in_every_form(tmp_path):
    found = settings(
        tmp_path,
        "[pipeline:main]\npipeline = egg:gearbox_lite#session config:other.ini#second inner\n"
        "[filter-app:inner]\nuse = egg:gearbox_lite#session\nnext = last\n"
        f"[app:last]\n{FACTORY}filter-with = around\n"
        "[filter:around]\nuse = egg:gearbox_lite#session\nsession.key = around\n",
        other="[filter:second]\nuse = egg:gearbox_lite#session\nsession.key = second\n",
    )
    assert found.app.innermost.name == "app:last"
    names = [section.name for section in found.app.walk()]
    assert {"egg:gearbox_lite#session", "filter:second", "filter-app:inner", "app:last", "filter:around"} <= set(names)


@pytest.mark.parametrize("name", ["config", "egg", "call"])
def test_a_section_may_have_the_name_of_a_scheme(tmp_path, name):
    text = f"[pipeline:main]\npipeline = {name}\n[app:{name}]\n{FACTORY}"
    assert settings(tmp_path, text).app.innermost.name == f"app:{name}"


def test_an_ini_whose_path_pastedeploy_would_cut_is_refused(tmp_path):
    folder = tmp_path / "number #1"
    folder.mkdir()
    with pytest.raises(UserError, match=r"main\.ini: PasteDeploy cannot read an ini whose path has a #; rename it"):
        settings(folder, f"[app:main]\n{FACTORY}")


def test_options_in_odd_but_valid_forms_are_read(tmp_path):
    text = f"[app:main]\n{FACTORY}colon : value\n  # a comment\nlong = one\n  two\nCase = kept\nempty =\n"
    options = settings(tmp_path, text).app.options
    assert {name: options[name].value for name in ("colon", "long", "Case", "empty")} == {
        "colon": "value", "long": "one\ntwo", "Case": "kept", "empty": "",
    }  # fmt: skip
    assert options["Case"].at.line == 9


def test_get_reads_a_global_setting_and_a_missing_one_is_an_error(tmp_path):
    text = f"[DEFAULT]\nshared = 1\n[app:main]\n{FACTORY}get own = shared\n"
    assert settings(tmp_path, text).app.options["own"].value == "1"
    with pytest.raises(UserError, match=r"main\.ini:7: get own = other: there is no global setting other"):
        settings(tmp_path, text.replace("= shared", "= other"))


def test_environment_variables_are_read_and_a_missing_one_is_an_error(tmp_path, monkeypatch):
    text = f"[app:main]\n{FACTORY}key = a%(ENV_GEARBOX_LITE_TEST)sb\n"
    monkeypatch.setenv("GEARBOX_LITE_TEST", "100%")
    found = settings(tmp_path, text)
    assert found.app.options["key"].value == "a100%b"
    assert set(found.variables) == {"ENV_GEARBOX_LITE_TEST"}
    monkeypatch.delenv("GEARBOX_LITE_TEST")
    with pytest.raises(
        UserError, match=r"main\.ini:5: key = .*: the environment variable GEARBOX_LITE_TEST is not set; set it: export"
    ):
        settings(tmp_path, text)


def test_two_sections_of_one_name_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"main\.ini:5: \[app:main\] and \[pipeline:main\] have the same name"):
        settings(tmp_path, f"[app:main]\n{FACTORY}[pipeline:main]\npipeline = a\n")


@pytest.mark.parametrize(
    ("section", "module"),
    [
        ("paste.app_factory = hello.config.application:make_app", "hello.config.application"),
        ("use = call:hello.config.application:make_app", "hello.config.application"),
        ("use = config:other.ini#third", "third.wsgi"),
        ("use = egg:gearbox_lite_example", None),
    ],
)
def test_the_module_of_the_application_factory_is_known_in_every_form(tmp_path, monkeypatch, section, module):
    distribution = tmp_path / "gearbox_lite_example-1.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: gearbox_lite_example\nVersion: 1\n")
    (distribution / "entry_points.txt").write_text("[paste.app_factory]\nmain = example.made:make\n")
    monkeypatch.syspath_prepend(tmp_path)
    other = "[app:third]\npaste.app_factory = third.wsgi:make\n"
    found = settings(tmp_path, f"[pipeline:main]\npipeline = last\n[app:last]\n{section}\n", other=other)
    assert factory_module(found.app.innermost.factory) == (module or "example.made")


def loaded(found):
    """Return the name that PasteDeploy gives an application made by ``naming`` below."""
    return load_application(found)({}, None)


@pytest.fixture
def naming(tmp_path, monkeypatch):
    (tmp_path / "naming_factory.py").write_text("def make(conf, name=None):\n    return lambda e, s: name\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "paste.app_factory = naming_factory:make\n"


@pytest.mark.parametrize("use", ["config:base.ini", "config:%(here)s/base.ini#main"])
def test_a_percent_sign_in_the_environment_reaches_an_inherited_ini(tmp_path, monkeypatch, naming, use):
    monkeypatch.setenv("GEARBOX_LITE_TEST", "b%a%%")
    base = f"[app:main]\n{naming}name = %(ENV_GEARBOX_LITE_TEST)s\n"
    found = settings(tmp_path, f"[app:main]\nuse = {use}\n", base=base)
    assert found.app.options["name"].value == "b%a%%"
    assert loaded(found) == "b%a%%"


def test_a_percent_sign_that_pastedeploy_passes_on_unescaped_is_reported_where_it_is_set(tmp_path, monkeypatch, naming):
    monkeypatch.setenv("GEARBOX_LITE_TEST", "b%a")
    text = "[DEFAULT]\nname = %(ENV_GEARBOX_LITE_TEST)s\n[app:main]\nuse = config:base.ini\n"
    with pytest.raises(UserError) as raised:
        settings(tmp_path, text, base=f"[app:main]\n{naming}")
    message = "main.ini:4: name = b%a: base.ini inherits this value and cannot interpolate its percent sign; set name"
    assert f"{message} in base.ini instead" in raised.value.message
    base = f"[DEFAULT]\nname = %(ENV_GEARBOX_LITE_TEST)s\n[app:main]\n{naming}"
    own = "[app:main]\nuse = config:base.ini\nname = %(ENV_GEARBOX_LITE_TEST)s\n"
    assert loaded(settings(tmp_path, own, base=base)) == "b%a"


def test_a_circular_reference_is_reported_with_its_variables(tmp_path):
    text = f"[DEFAULT]\na = x%(b)s\nb = %(a)s\n[app:main]\n{FACTORY}"
    with pytest.raises(UserError, match=r"main\.ini:4: a = x%\(b\)s: circular reference: a -> b -> a; "):
        settings(tmp_path, text)
    with pytest.raises(UserError, match=r"main\.ini:5: c = %\(a\)s: circular reference: a -> b -> a; "):
        settings(tmp_path, f"[app:main]\n{FACTORY}c = %(a)s\na = %(b)s\nb = %(a)s\n")


def test_an_invalid_interpolation_in_a_command_line_variable_is_reported_as_such(tmp_path):
    (tmp_path / "main.ini").write_text(f"{SERVER}[app:main]\n{FACTORY}")
    with pytest.raises(UserError, match=r"^command line: foo = 50%: invalid interpolation; write %% for"):
        read_serve_settings(tmp_path / "main.ini", Overrides(variables={"foo": "50%"}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[app:main]\nuse = mian\n[app:min]\n" + FACTORY, r"main\.ini:4: use = mian: .*, but \[app:min\] on line 5; "),
        ("[app:main]\nuse = other\n", r"main\.ini:4: use = other: .*; write a section \[app:other\]"),
        ("[app:blog]\n" + FACTORY, r"main\.ini: there is no section \[app:main\]; choose one with --app-name: blog"),
        ("[other]\na = b\n", r"main\.ini: not a PasteDeploy ini: it has no \[app:\.\.\.\] or "),
        ("[app:main]\nx = 1\n", r"main\.ini:3: \[app:main\] names nothing to load; add: use = egg:NAME, or: paste"),
        ("[app:main]\nuse = egg:click\n", r"use = egg:click: click has no app 'main'; it has no app at all"),
        ("[app:main]\nuse = egg:nowhere\n", r"no distribution 'nowhere' is installed; correct the name, or install"),
        ("[app:main]\nuse = config:no.ini\n", r"there is no file no\.ini next to this ini; correct the name"),
        ("[app:main]\nuse = config:.\n", r"\. is a folder or a device, not an ini; correct the name"),
        ("[pipeline:main]\npipeline =\n", r"the pipeline is empty; name its filters and, last, its application"),
        ("[pipeline:main]\npipeline = a\nx = 1\n", r"x = 1: a pipeline section has no such setting; move it to"),
        ("[app:main]\nuse = a\n[app:a]\nuse = main\n", r"main\.ini: its sections use each other in a circle"),
    ],
)  # fmt: skip
def test_a_section_that_cannot_be_loaded_is_one_error_with_its_remedy(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        settings(tmp_path, text)
