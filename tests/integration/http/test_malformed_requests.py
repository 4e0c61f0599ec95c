"""A generated project answers malformed requests without a broken page or a traceback in the log."""

from __future__ import annotations

import json
import urllib.parse

import pytest
from support.helpers import Browser, new_project, set_option
from support.warm import serve


@pytest.mark.parametrize("debug", ["true", "false"])
def test_a_malformed_form_is_400_without_a_traceback(project, debug):
    set_option(project / "development.ini", "debug", debug)
    with serve(project) as served:
        for kind in ("multipart/form-data", "application/x-www-form-urlencoded; charset=utf-16"):
            page = Browser(served.url).post("/", {"user": "Ada"}, **{"Content-Type": kind})
            assert (page.status, "could not understand" in page.text) == (400, True)
        assert served.end() == 0
        assert "Traceback" not in served.output


def test_an_invalid_date_in_a_request_for_a_public_file_is_ignored(project):
    with serve(project) as served:
        for date in ("soon", "Thu, 01 Jan 99999 00:00:00 GMT"):
            assert Browser(served.url).get("/css/style.css", **{"If-Modified-Since": date}).status == 200
        valid = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
        assert Browser(served.url).get("/css/style.css", **valid).status == 304


def test_a_flash_cookie_made_by_others_breaks_no_page(project):
    with serve(project) as served:
        for text in ('{"message": "\\ud800", "status": "ok"}', "[" * 1100, '"text"', "%ff"):
            cookie = f"webflash={urllib.parse.quote(text)}"
            for path, status in (("/", 200), ("/nowhere", 404)):
                page = Browser(served.url).get(path, Cookie=cookie)
                assert (page.status, 'class="flash"' in page.text) == (status, False)


@pytest.mark.parametrize(("options", "default"), [([], "text/html"), (["--minimal"], "text/plain")])
def test_an_error_has_the_first_of_the_equally_accepted_media_types(tmp_path, options, default):
    project = new_project(tmp_path, "hello", *options)
    with serve(project) as served:
        for accept, expected in {
            "application/json, text/plain, */*": "application/problem+json",
            f"{default}, application/json": default,
            f"{default};q=0.5, Application/JSON;q=0.9": "application/problem+json",
            "application/json;q=0": default,
            "garbage;;q=x": default,
            "*/*": default,
            "image/png": default,
        }.items():
            answer = Browser(served.url).get("/nowhere", Accept=accept)
            assert (answer.status, answer.header("Content-Type").partition(";")[0]) == (404, expected), accept
            if expected == "application/problem+json":
                assert json.loads(answer.text)["status"] == 404
