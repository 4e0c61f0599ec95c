"""What the fork server imports for all workers."""

from __future__ import annotations

import pytest
from support.modules import existing_modules, missing_modules

from gearbox_lite.server.supervisor.spawner import (
    KNOWN,
    KNOWN_WITH_DATABASE,
    KNOWN_WITH_LIVE_RELOAD,
    _only_installed,
)


def test_every_module_that_the_fork_server_imports_exists():
    """One that does not would be skipped without a word, and each worker would import what has taken its place."""
    assert missing_modules([*KNOWN, *KNOWN_WITH_LIVE_RELOAD, *KNOWN_WITH_DATABASE]) == []


@pytest.mark.parametrize("name", ["gearbox_lite.server.checks", "gearbox_lite.nowhere.at_all", "nowhere", "tg.nowhere"])
def test_the_name_of_a_module_that_does_not_exist_is_detected(name):
    assert missing_modules([*KNOWN, name]) == [name]
    with pytest.raises(AssertionError, match=f"no such modules: {name}"):
        existing_modules("tg", name)


def test_only_modules_of_installed_distributions_are_preloaded(tmp_path, monkeypatch):
    """A worker, which runs the user's code, names them."""
    (tmp_path / "of_the_user.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert _only_installed(["tg.renderers.jinja", "of_the_user", "nowhere", "click"]) == ["tg.renderers.jinja", "click"]
