"""Every session option is checked when the ini is loaded: what Beaker lets pass silently is refused with a remedy."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import timedelta

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.sessions.middleware import filter_factory
from gearbox_lite.sessions.settings.options import OPTIONS, REFUSED, STORES, SessionOptions
from gearbox_lite.sessions.settings.parse import OptionError, parse_options

COOKIE = {"session.type": "cookie", "session.validate_key": "k" * 32}
FILE = {"session.type": "file", "session.secret": "s" * 32, "session.data_dir": "data"}


def test_defaults_are_safe():
    options = parse_options(COOKIE)
    assert options.data_serializer == "json"
    assert options.httponly is True
    assert options.samesite == "Lax"
    assert options.invalidate_corrupt is True


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("timeout", "60", 60),
        ("cookie_expires", "true", True),
        ("cookie_expires", "False", False),
        ("cookie_expires", "1", timedelta(seconds=1)),
        ("cookie_expires", "3600", timedelta(hours=1)),
        ("invalidate_corrupt", "false", False),
        ("use_cookies", "off", False),
        ("samesite", "strict", "Strict"),
        ("secure", "YES", True),
        ("key", "shop.session", "shop.session"),
        ("data_serializer", "PICKLE", "pickle"),
        ("encrypt_nonce_bits", "64", 64),
        ("cookie_domain", ".example.com", ".example.com"),
    ],
)
def test_values_have_the_type_of_their_option(option, text, value):
    given = FILE if option == "use_cookies" else COOKIE
    assert getattr(parse_options({**given, f"session.{option}": text}), option) == value


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("timeout", "0"), ("timeout", "-5"), ("timeout", "1h"), ("timeout", ""), ("timeout", "1.5"),
        ("cookie_expires", "0"), ("cookie_expires", "never"), ("cookie_expires", "-1"),
        ("invalidate_corrupt", "maybe"), ("httponly", "2"), ("secure", ""),
        ("samesite", "bogus"), ("key", "a b"), ("key", "a;b"), ("key", ""), ("key", "ü"),
        ("type", "redis"), ("type", "ext:sqla"), ("data_serializer", "yaml"), ("crypto_type", "rot13"),
        ("encrypt_nonce_bits", "50"), ("encrypt_nonce_bits", "0"), ("cookie_path", "shop"), ("cookie_domain", "a b"),
        ("validate_key", ""), ("validate_key", "schlüssel"),
        ("cookie_path", "/a; Domain=evil.example"), ("cookie_path", "/a\r\nX: y"), ("cookie_path", "/\x7f"),
        ("cookie_path", "/ü"), ("cookie_domain", "com"), ("cookie_domain", ".org"), ("cookie_domain", "a..b"),
        ("absolute_timeout", "0"), ("absolute_timeout", "1d"), ("absolute_timeout", "inf"),
        ("timeout", "9" * 5000), ("cookie_expires", "9" * 15), ("reissue_time", "9" * 5000),
        ("prefix", ".."), ("prefix", "a/b"), ("prefix", "a b"), ("prefix", "a*"), ("prefix", "ü"),
        ("prefix", "a" * 201),
    ],
)  # fmt: skip
def test_a_value_that_cannot_work_is_refused_with_what_to_write(option, text):
    with pytest.raises(OptionError, match=rf"session\.{option}") as raised:
        parse_options({**COOKIE, f"session.{option}": text})
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("session.tiemout", "session.timeout"),
        ("session.http_only", "session.httponly"),
        ("session.path", "session.cookie_path"),
        ("session.max_age", "session.timeout"),
        ("timeout", "session.timeout"),
        ("sesion.key", "session.key"),
        ("beaker.session.key", "session.key"),
    ],
)
def test_an_unknown_option_suggests_the_nearest(name, suggestion):
    with pytest.raises(OptionError, match=rf"(did you mean|write) {suggestion}( in \[filter:session\])?\??$"):
        parse_options({**COOKIE, name: "1"})


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_that_an_ini_cannot_express_is_refused_with_the_reason(name):
    with pytest.raises(OptionError) as raised:
        parse_options({**COOKIE, f"session.{name}": "x"})
    assert raised.value.problem == REFUSED[name]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"session.type": "cookie"}, "validate_key"),
        ({}, "secret"),
        ({"session.type": "memory"}, "secret"),
        ({"session.type": "file", "session.secret": "s"}, "data_dir"),
        ({"session.data_dir": "data"}, "secret"),
        ({"session.type": "ext:redis", "session.secret": "s"}, "url"),
        ({"session.type": "ext:memcached", "session.secret": "s"}, "url"),
        ({"session.type": "ext:database", "session.url": "sqlite://"}, "secret"),
        ({**FILE, "session.encrypt_key": "e" * 32}, "validate_key"),
    ],
)
def test_an_option_that_a_store_needs_is_named_if_it_is_missing(given, missing):
    with pytest.raises(OptionError) as raised:
        parse_options(given)
    assert raised.value.option == f"session.{missing}"
    assert raised.value.remedy.startswith("add ")


def test_options_that_contradict_each_other_are_refused():
    with pytest.raises(OptionError, match=r"save_accessed_time.*remove session\.timeout"):
        parse_options({**COOKIE, "session.timeout": "60", "session.save_accessed_time": "false"})
    with pytest.raises(OptionError, match=r"samesite.*add session\.secure = true"):
        parse_options({**COOKIE, "session.samesite": "None"})


def test_an_absolute_timeout_is_not_shorter_than_the_timeout():
    with pytest.raises(OptionError, match=r"absolute_timeout.*make it at least session\.timeout"):
        parse_options({**COOKIE, "session.timeout": "60", "session.absolute_timeout": "59"})
    assert parse_options({**COOKIE, "session.timeout": "60", "session.absolute_timeout": "60"}).absolute_timeout == 60
    assert parse_options({**COOKIE, "session.absolute_timeout": "60"}).absolute_timeout == 60


@pytest.mark.parametrize(
    ("key", "more", "option"),
    [
        ("__Host-hello", {}, "key"),
        ("__secure-hello", {}, "key"),
        ("__Host-hello", {"session.secure": "true", "session.cookie_domain": "example.com"}, "cookie_domain"),
        ("__host-hello", {"session.secure": "true", "session.cookie_path": "/app"}, "cookie_path"),
    ],
)
def test_a_cookie_that_browsers_drop_because_of_its_name_is_refused(key, more, option):
    with pytest.raises(OptionError) as raised:
        parse_options({**COOKIE, "session.key": key, **more})
    assert raised.value.option == f"session.{option}"


def test_a_cookie_name_with_a_prefix_is_accepted_if_its_rules_are_kept():
    assert parse_options({**COOKIE, "session.key": "__Host-hello", "session.secure": "true"}).key == "__Host-hello"
    secure = {"session.key": "__Secure-hello", "session.secure": "true", "session.cookie_domain": "example.com"}
    assert parse_options({**COOKIE, **secure}).cookie_domain == "example.com"
    assert parse_options({**COOKIE, "session.cookie_domain": "localhost"}).cookie_domain == "localhost"


def test_options_of_another_store_are_accepted_and_ignored():
    options = parse_options({**COOKIE, "session.url": "redis://localhost", "session.lock_dir": "locks"})
    assert (options.url, options.lock_dir) == (None, None)
    assert parse_options({**FILE, "session.validate_key": "k" * 32}).validate_key == "k" * 32


@pytest.mark.parametrize(
    ("given", "module", "extra"),
    [
        ({"session.type": "ext:redis", "session.url": "redis://localhost"}, "redis", "redis"),
        ({"session.type": "ext:memcached", "session.url": "localhost:1"}, "pymemcache", "memcached"),
        ({"session.type": "ext:database", "session.url": "sqlite://"}, "sqlalchemy", "database"),
        (
            {"session.type": "ext:database", "session.url": "postgresql+psycopg://h/d"},
            "psycopg",
            "postgresql",
        ),
        ({**COOKIE, "session.encrypt_key": "e" * 32}, "cryptography", "encryption"),
    ],
)
def test_a_missing_library_names_the_extra_to_install(monkeypatch, given, module, extra):
    found = "gearbox_lite.sessions.settings.parse.find_spec"
    monkeypatch.setattr(found, lambda name: None if name == module else object())
    with pytest.raises(OptionError, match=rf"needs the library {module}; pip install 'gearbox-lite\[{extra}\]'"):
        parse_options({"session.secret": "s" * 32, **given})


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_has_a_meaning_a_valid_example_and_stores_that_exist(name):
    option = OPTIONS[name]
    assert option.meaning[0].isupper()
    assert option.meaning.endswith(".")
    assert option.convert(option.example) is not None
    assert option.stores
    assert set(option.stores) <= set(STORES)


def test_every_option_is_a_field_with_its_default():
    assert {field.name for field in fields(SessionOptions)} == {*OPTIONS, "engine_options"}
    assert SessionOptions() == SessionOptions(**{name: option.default for name, option in OPTIONS.items()})
    options = parse_options({"session.secret": "s" * 32})
    differing = {name for name, option in OPTIONS.items() if getattr(options, name) != option.default}
    assert differing == {"secret"}


def test_options_cannot_be_changed_and_do_not_show_keys():
    options = parse_options(FILE)
    with pytest.raises(FrozenInstanceError):
        options.secure = True
    assert repr(options) == "<SessionOptions type=file key=beaker.session.id>"


def test_the_filter_shows_no_key_on_a_debug_page():
    for given in (COOKIE, {"session.secret": "s" * 32}):
        middleware = filter_factory({}, **given)(lambda *_: [])
        assert "s" * 32 not in repr(middleware.sessions)
        assert "k" * 32 not in repr(middleware.sessions)


def test_the_keys_of_a_kind_are_the_current_one_and_then_its_fallbacks():
    options = parse_options({**FILE, "session.secret_fallbacks": f"{'a' * 32} {'b' * 32}"})
    assert options.keys("secret") == ("s" * 32, "a" * 32, "b" * 32)
    assert options.keys("encrypt_key") == ()


def test_the_filter_names_file_and_line_of_what_it_refuses(tmp_path):
    ini = tmp_path / "a.ini"
    ini.write_text("[filter:session]\nsession.type = cookie\nsession.timeout = soon\n")
    with pytest.raises(UserError, match=r"a\.ini:3: session\.timeout = soon: this value cannot be used; write a whole"):
        filter_factory({"__file__": str(ini)}, **{"session.type": "cookie", "session.timeout": "soon"})


def test_the_filter_finds_the_line_in_an_inherited_ini(tmp_path):
    (tmp_path / "base.ini").write_text("[filter:session]\nsession.typ = cookie\n")
    ini = tmp_path / "a.ini"
    ini.write_text("[app:main]\nuse = config:base.ini\n")
    with pytest.raises(UserError, match=r"base\.ini:2: session\.typ = \.\.\.: there is no such option"):
        filter_factory({"__file__": str(ini)}, **{"session.typ": "cookie"})


def test_options_in_the_default_section_apply_as_with_stock_beaker():
    middleware = filter_factory({"session.timeout": "60", "debug": "true"}, **COOKIE)(lambda *_: [])
    assert middleware.options.timeout == 60
