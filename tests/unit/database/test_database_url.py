"""sqlalchemy.url is checked and completed before anything connects."""

from __future__ import annotations

import pytest

from gearbox_lite.database.url import CONNECT_TIMEOUT, database_url
from gearbox_lite.errors import SettingError


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_usual_form_of_a_postgresql_url_means_psycopg_3(scheme):
    url = database_url({"sqlalchemy.url": f"{scheme}://ada:p%25w@host/shop"})
    assert (url.drivername, url.password, url.database) == ("postgresql+psycopg", "p%w", "shop")


def test_a_url_keeps_its_own_limits():
    settings = {"sqlalchemy.url": "postgresql://host/shop"}
    assert database_url(settings).query == {"connect_timeout": str(CONNECT_TIMEOUT)}
    assert database_url({"sqlalchemy.url": "postgresql://host/shop?connect_timeout=9"}).query["connect_timeout"] == "9"


def test_the_folder_of_an_sqlite_file_is_created_for_this_user_only(tmp_path):
    database_url({"sqlalchemy.url": f"sqlite:///{tmp_path}/new/data/shop.db"})
    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("settings", [{}, {"sqlalchemy.url": " "}, {"sqlalchemy.url": "sqlite://"}])
def test_a_url_that_is_missing_or_names_one_database_for_each_thread_is_refused(settings):
    with pytest.raises(SettingError, match=r"^sqlalchemy\.url .*sqlite:///%\(here\)s/data/hello\.db"):
        database_url(settings)
