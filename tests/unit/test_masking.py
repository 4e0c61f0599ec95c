"""What a message may show of names, values, addresses and text."""

from __future__ import annotations

import base64
import random
import uuid

import pytest

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.masking import masked, shown_value, without_password
from gearbox_lite.sessions.settings.parse import OptionError, parse_options


@pytest.mark.parametrize(
    "password",
    ["hunter", "hun#ter", "hun/ter", "hun@ter", "hun?ter", "hun:ter", "hun://ter", "hun@ter/x#y", "%2Fhunter"],
)
@pytest.mark.parametrize(
    "form", ["redis://:{}@host:6379/0", "postgresql://me:{}@host/db?sslmode=require", "me:{}@host:1"]
)
def test_no_password_of_an_address_is_shown_whatever_it_contains(form, password):
    shown = without_password(form.format(password))
    assert "hun" not in shown
    assert "ter" not in shown
    assert "host" in shown


@pytest.mark.parametrize(
    "name", ["password", "PASSWORD", "pasword", "pass", "token", "access_token", "auth", "api%5Fkey"]
)
@pytest.mark.parametrize("mark", ["?", "?db=1&"])
def test_no_secret_parameter_of_an_address_is_shown(name, mark):
    assert without_password(f"redis://host/0{mark}{name}=hunter&x=1") == f"redis://host/0{mark}{name}=***&x=1"
    assert "hunter" not in masked(f"cannot reach redis://host/0{mark}{name}=hunter, it said")


@pytest.mark.parametrize(
    "address",
    [
        "redis://localhost:6379/0", "localhost:11211;other:11211", "sqlite:////home/me@home/sessions.db",
        "postgresql://me@host/db?sslmode=require", "unix:///run/redis.sock?db=1", "/run/memcached.sock",
    ],
)  # fmt: skip
def test_an_address_without_a_secret_is_shown_unchanged(address):
    assert without_password(address) == address


@pytest.mark.parametrize(
    "name", ["validate_key", "secret", "secert", "HELLO_SESSION_KEY", "validat_key_fallbacks", "pasword"]
)
def test_a_value_is_not_shown_if_its_name_is_that_of_a_secret_or_like_it(name):
    assert shown_value(name, "open sesame") == "..."
    assert shown_value(name, "%(ENV_NAME)s") == "%(ENV_NAME)s"


def test_the_value_of_an_unknown_session_option_is_never_shown():
    with pytest.raises(OptionError) as caught:
        parse_options({"session.type": "cookie", "session.foo": "open sesame"})
    assert caught.value.shown({"session.foo": "open sesame"}) == "session.foo = ..."
    assert str(Setting("session.foo", "open sesame", Location("x"))) == "session.foo = ..."
    assert str(Setting("session.key", "open sesame", Location("x"))) == "session.key = ..."


@pytest.mark.parametrize(
    "setting", ["port = 80x", "session.timeout = 60", "session.auto = false", "use = egg:waitress#main"]
)
def test_other_values_are_shown(setting):
    name, _, value = setting.partition(" = ")
    assert str(Setting(name, value, Location("x"))) == setting


def test_what_looks_random_is_masked_in_every_message():
    chance = random.Random(11)
    for _ in range(200):
        for secret in (
            chance.randbytes(32).hex(), chance.randbytes(16).hex(), str(uuid.UUID(int=chance.getrandbits(128))),
            base64.b64encode(chance.randbytes(32)).decode(), base64.urlsafe_b64encode(chance.randbytes(32)).decode(),
        ):  # fmt: skip
            assert secret not in UserError(f"{secret} is wrong", remedy=f"remove {secret}").message, secret


@pytest.mark.parametrize(
    "text",
    [
        "there is no module my_shop_2.controllers.movies_of_2024", "pip install 'gearbox-lite[encryption]'",
        "/srv/my-site-2/data/sessions/container_file_lock", "hello-0.1.0-py3-none-any.whl",
        "2024-11-02T10:11:12.123456", "RequestHandlerFactoryBuilder",
    ],
)  # fmt: skip
def test_names_paths_and_dates_are_not_taken_for_secrets(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    "url", ["redis://:pa/ss@host", "redis://me:pa#ss@host", "postgresql://me:pa?ss@h/db", "postgresql://me:p@ss@h/db"]
)
def test_a_password_with_an_unescaped_delimiter_is_refused_with_the_way_to_write_it(url):
    options = {"session.type": "ext:redis", "session.secret": "0123456789abcdef" * 4, "session.url": url}
    with pytest.raises(OptionError, match="write @ as %%40") as caught:
        parse_options(options)
    assert "ss@" not in f"{caught.value} {caught.value.shown(options)}"
