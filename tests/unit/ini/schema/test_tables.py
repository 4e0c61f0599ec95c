"""The tables that the reference is generated from, compared with what the program accepts."""

from __future__ import annotations

from dataclasses import fields

import click
import pytest
from waitress.adjustments import Adjustments

from gearbox_lite.commands.serve import command as serve_command
from gearbox_lite.errors import Location, Setting
from gearbox_lite.ini.schema.serve_section import SERVE_SETTINGS, ServeOptions
from gearbox_lite.ini.schema.server_section import SERVER_SETTINGS
from gearbox_lite.server.http import adjustments


def test_every_option_of_the_serve_section_has_one_row():
    assert list(SERVE_SETTINGS) == [field.name for field in fields(ServeOptions)]


@pytest.mark.parametrize("name", SERVE_SETTINGS)
def test_the_default_of_a_serve_setting_is_the_one_that_applies_without_it(name):
    row = SERVE_SETTINGS[name]
    if name == "worker_timeout":
        assert row.default == "60; 0 with reload"
        assert [ServeOptions(reload=on).seconds_without_answer for on in (False, True)] == [60, 0]
        return
    assert row.convert(Setting(name, row.default, Location("table"))) == getattr(ServeOptions(), name)


@pytest.mark.parametrize("name", SERVE_SETTINGS)
def test_the_example_of_a_serve_setting_is_valid(name):
    row = SERVE_SETTINGS[name]
    assert row.convert(Setting(name, row.example, Location("table")))


@pytest.mark.parametrize("name", SERVE_SETTINGS)
def test_the_command_line_has_the_options_that_a_row_names_and_no_other_of_that_name(name):
    options = {
        flag
        for parameter in serve_command.params
        if isinstance(parameter, click.Option) and parameter.name == name
        for flag in (*parameter.opts, *parameter.secondary_opts)
    }
    named = set(SERVE_SETTINGS[name].options.partition(" which")[0].rstrip(",").split(", ")) - {""}
    assert named <= options
    assert bool(named) == bool(options)


def test_every_setting_of_waitress_has_one_row_and_there_are_no_others():
    accepted = {name for name, _ in Adjustments._params} - {"sockets"}  # which an ini cannot express
    assert SERVER_SETTINGS.keys() - {"use"} == accepted


def test_the_examples_of_waitress_settings_are_valid_together():
    address_is_one_of = ("listen", "unix_socket")
    rows = {name: row.example for name, row in SERVER_SETTINGS.items() if name not in ("use", *address_is_one_of)}
    settings = {name: Setting(name, text, Location("table")) for name, text in rows.items()}
    assert adjustments.check_options(settings)["threads"] == "8"
