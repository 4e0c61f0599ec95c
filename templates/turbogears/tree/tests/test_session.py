"""The session, as the forms on the welcome page store and delete it."""


def store(app, value):
    """Submit the welcome page's form, and return the page that it redirects to."""
    form = app.get("/").forms[0]
    form["user"] = value
    return form.submit().follow()


def test_a_first_visit_creates_no_session(app):
    assert "session is empty" in app.get("/")
    assert [name for name in app.cookies if not name.endswith("-csrf")] == []


def test_the_form_stores_a_value(app):
    assert "user = Ada" in store(app, " Ada ")
    assert "user = Ada" in app.get("/")


def test_markup_in_a_value_is_escaped(app):
    assert "&lt;script&gt;" in store(app, "<script>")


def test_a_long_value_is_truncated(app):
    assert "y" not in store(app, "x" * 100 + "y").html.find(class_="state").text


def test_several_values_and_a_file_are_stored_as_text(app):
    token = app.get("/").forms[0]["_csrf_token"].value
    fields = [("_csrf_token", token), ("user", "Ada"), ("user", "Eve")]
    assert "Eve" in app.post("/store", fields).follow().html.find(class_="state").text
    file = [("user", "ada.txt", b"Ada")]
    page = app.post("/store", {"_csrf_token": token}, upload_files=file).follow()
    assert "ada.txt" in page.html.find(class_="state").text


def test_the_button_deletes_the_session(app):
    page = store(app, "Ada")
    assert "session is empty" in page.forms[1].submit().follow()


def test_a_message_is_shown_once(app):
    assert store(app, "Ada").html.find(class_="flash").text == "Stored."
    assert app.get("/").html.find(class_="flash") is None


def test_an_invalid_message_is_ignored(app):
    for value in ("x", "5", "%22", "%7B%7D"):
        app.set_cookie("webflash", value)
        assert app.get("/").html.find(class_="flash") is None


def test_the_form_redirects_to_a_path_which_works_behind_any_proxy(app):
    form = app.get("/").forms[0]
    form["user"] = "Ada"
    assert form.submit().headers["Location"] == "/"
