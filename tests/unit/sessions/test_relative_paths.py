"""A relative path of the store is a warning if the server does not run in the ini's folder."""

from __future__ import annotations

import pytest

from gearbox_lite.ini.precedence import Overrides
from gearbox_lite.ini.settings import read_serve_settings
from gearbox_lite.sessions.checks import check_sessions

INI = """\
[DEFAULT]
debug = true
[server:main]
use = egg:waitress
[pipeline:main]
pipeline = session hello
[filter:session]
use = egg:gearbox_lite#session
session.secret = 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
session.type = TYPE
LINE
[app:hello]
paste.app_factory = hello:make_app
"""


@pytest.mark.parametrize(
    ("store", "line", "right"),
    [
        ("file", "session.data_dir = data/s", "%(here)s/data/s"),
        ("dbm", "session.data_dir = data", "%(here)s/data"),
        ("ext:database", "session.url = sqlite:///s.db", "sqlite:///%(here)s/s.db"),
    ],
)
def test_a_relative_path_is_a_warning_elsewhere(tmp_path, monkeypatch, store, line, right):
    ini = tmp_path / "a.ini"
    ini.write_text(INI.replace("TYPE", store).replace("LINE", line))
    monkeypatch.chdir(tmp_path)
    assert check_sessions(read_serve_settings(ini, Overrides())) == []
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (finding,) = check_sessions(read_serve_settings(ini, Overrides()))
    assert (finding.code, finding.is_error) == ("relative-path", False)
    assert f"{line}: relative to the current folder, not to the ini; write {right}" in str(finding)


@pytest.mark.parametrize(
    ("store", "line"),
    [
        ("file", "session.data_dir = %(here)s/data"),
        ("ext:database", "session.url = sqlite://"),
        ("ext:database", "session.url = sqlite:////data/s.db"),
        ("ext:database", "session.url = postgresql://localhost/hello"),
    ],
)
def test_other_paths_are_none(tmp_path, store, line):
    ini = tmp_path / "a.ini"
    ini.write_text(INI.replace("TYPE", store).replace("LINE", line))
    assert check_sessions(read_serve_settings(ini, Overrides())) == []
