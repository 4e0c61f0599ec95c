"""The session: the welcome page's forms, their protection, and the tutorial's pages."""

import pytest


def store(app, value):
    """Fill in the welcome page's form, and return the page that follows."""
    form = app.get("/").forms[0]
    form["user"] = value
    return form.submit().follow()


def test_a_first_visit_finds_an_empty_session(app):
    assert "holds nothing yet" in app.get("/")


def test_the_form_stores_a_value_that_stays(app):
    assert "user = Ada" in store(app, " Ada ")
    assert "user = Ada" in app.get("/")


def test_markup_in_a_value_is_shown_as_text(app):
    assert "&lt;script&gt;" in store(app, "<script>")


def test_a_long_value_is_cut(app):
    assert "y" not in store(app, "x" * 100 + "y").html.find("code").text


def test_the_other_form_deletes_the_session(app):
    page = store(app, "Ada")
    assert "holds nothing yet" in page.forms[1].submit().follow()


@pytest.mark.parametrize("path", ["/store", "/forget"])
def test_a_form_without_the_sessions_token_is_refused(app, path):
    store(app, "Ada")
    for token in ("", "guessed", "ü"):
        page = app.post(path, {"user": "Eve", "_csrf_token": token}, status=403)
        assert "This form has expired." in page
    app.post(path, {"user": "Eve"}, status=403)
    app.get(path, status=403)
    assert "user = Ada" in app.get("/")


def test_a_token_is_of_one_session_only(app):
    token = app.get("/").forms[0]["_csrf_token"].value
    app.reset()
    assert app.get("/").forms[0]["_csrf_token"].value != token
    app.post("/store", {"user": "Eve", "_csrf_token": token}, status=403)


def test_the_tutorials_pages_store_show_and_delete(app):
    assert "no session variable yet" in app.get("/getsession")
    assert "set to MVL" in app.get("/setsession")
    assert "retrieved MVL" in app.get("/getsession")
    assert "session deleted" in app.get("/deletesession")
    assert "no session variable yet" in app.get("/getsession")
