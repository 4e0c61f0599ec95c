"""What open pages are told after a change of a file."""

from __future__ import annotations

import pytest

from gearbox_lite.server.live_reload.file_events import PageEvent, events_of, is_page_file

RELOAD, REFETCH, REPLACE_STYLES = PageEvent


@pytest.mark.parametrize(
    ("names", "events"),
    [
        (["hello/templates/index.jinja"], {RELOAD}),
        (["hello/templates/master.xhtml", "a/INDEX.HTML"], {RELOAD}),
        (["hello/public/css/style.css"], {REPLACE_STYLES}),
        (["hello/public/logo.png"], {REFETCH}),
        (["hello/public/app.js"], {REFETCH}),
        (["style.css", "index.jinja"], {RELOAD, REPLACE_STYLES}),
        (["style.css", "logo.svg", "index.jinja"], {REFETCH}),  # which also fetches styles and loads the page again
        (["notes.txt", "hello.db", "hello.log", "root.py", "jinja"], set()),
    ],
)
def test_templates_images_and_style_sheets_have_their_events(names, events):
    assert events_of(names) == events


@pytest.mark.parametrize(
    "name", ["hello.db", "hello.db-journal", "access.log", "a.json", "index.jinja~", "4913", ".css"]
)
def test_files_that_applications_and_editors_write_are_none_of_pages(name):
    assert not is_page_file(name)


def test_the_browsers_script_knows_each_event():
    from importlib.resources import files

    script = files("gearbox_lite.server.live_reload").joinpath("client.js").read_text()
    actions = script.partition("const actions = {")[2].partition("\n  };")[0]
    assert all(event.value in actions for event in PageEvent)
