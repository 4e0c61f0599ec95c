"""A setting of another program is answered with what it is called here, before any name with similar letters."""

from __future__ import annotations

import re

import pytest

from gearbox_lite.ini.schema import foreign_names
from gearbox_lite.ini.schema.serve_section import SERVE_SETTINGS
from gearbox_lite.ini.schema.server_section import SERVER_SETTINGS
from gearbox_lite.sessions.settings.options import OPTIONS, STORES

_ROWS = [(place, names, remedy) for place, table in foreign_names._TABLES.items() for names, remedy in table.items()]
_OWN = {"server": SERVER_SETTINGS, "serve": SERVE_SETTINGS, "session": OPTIONS}


@pytest.mark.parametrize(("place", "names", "remedy"), _ROWS)
def test_each_remedy_names_settings_that_exist(place, names, remedy):
    known = {*SERVER_SETTINGS, *SERVE_SETTINGS, *(f"session.{name}" for name in OPTIONS)}
    for name in re.findall(r"\bsession\.\w+", remedy):
        assert name in known
    if place == "choice":
        assert remedy in {*STORES, "pickle"}
    found = re.fullmatch(r"write (\w+)(?: in \[(serve|server:main)\])?", remedy)
    if found and place in ("server", "serve"):
        assert found[1] in known


@pytest.mark.parametrize(("place", "names", "remedy"), _ROWS)
def test_no_row_is_about_one_of_our_own_names(place, names, remedy):
    assert set(names.split()).isdisjoint(_OWN.get(place, ()))
    assert names == names.lower()
    assert all(foreign_names.remedy_for(name, place) == remedy for name in names.split())


@pytest.mark.parametrize(
    ("name", "place", "remedy"),
    [
        ("session.path", "session", "write session.cookie_path"),
        ("beaker.session.max_age", "session", "write session.timeout"),
        ("session.enabled", "session", "remove the line; the filter in the pipeline switches the session on"),
        ("workers", "server", "write workers in [serve]"),
        ("bind", "server", "write listen = HOST:PORT"),
        ("session.timeout", "server", "write session.timeout in [filter:session]"),
        ("threads", "serve", "write threads in [server:main]"),
        ("graceful-timeout", "serve", "write drain_timeout"),
        ("debug", "serve", "write debug in [DEFAULT]"),
        ("port", "app", "write port in [server:main]"),
        ("nonsense", "serve", None),
    ],
)
def test_a_name_of_another_program_or_section_is_answered_by_its_meaning(name, place, remedy):
    assert foreign_names.remedy_in(name, place) == remedy
