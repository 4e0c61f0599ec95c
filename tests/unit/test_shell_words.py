"""Commands to paste."""

from __future__ import annotations

import pytest

from gearbox_lite.commands.support.shell_words import with_port


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        (["serve"], "serve --port 8081"),
        (["-v", "serve", "development.ini"], "-v serve development.ini --port 8081"),
        (["serve", "--port", "8080", "--reload"], "serve --reload --port 8081"),
        (["serve", "a b.ini", "--port=8080"], "serve 'a b.ini' --port 8081"),
        (["serve", "--reload", "--", "development.ini"], "serve --reload --port 8081 -- development.ini"),
        (["serve", "db_password=hunter2", "size=2"], "serve db_password=... size=2 --port 8081"),
    ],
)
def test_a_command_with_another_port_keeps_all_other_words_and_shows_no_secret(monkeypatch, typed, command):
    monkeypatch.setattr("sys.argv", ["/opt/bin/gearbox-lite"])
    monkeypatch.setenv("SHELL", "/bin/bash")
    assert with_port(typed, 8081) == f"/opt/bin/gearbox-lite {command}"
