"""The guest book on the welcome page, which is stored in the database."""


def sign(app, name, text):
    """Submit the guest book's form, and return the page that it redirects to."""
    form = app.get("/").forms[2]
    form["name"], form["text"] = name, text
    return form.submit().follow()


def test_an_entry_is_stored_and_shown(app):
    assert "no entries yet" in app.get("/")
    page = sign(app, " Ada ", "Hello!")
    assert "Thank you!" in page
    assert page.html.find("code", string="Ada")
    assert "Hello!" in page


def test_the_latest_entry_comes_first(app):
    sign(app, "Ada", "first")
    page = sign(app, "Ada", "second")
    assert page.text.index("second") < page.text.index("first")


def test_markup_in_an_entry_is_escaped(app):
    assert "&lt;script&gt;" in sign(app, "Ada", "<script>")


def test_an_entry_without_a_message_is_not_stored(app):
    assert "Please enter" in sign(app, "Ada", " ")
    assert "no entries yet" in app.get("/")


def test_values_that_no_form_sends_are_accepted_or_ignored(app):
    token = app.get("/").forms[2]["_csrf_token"].value
    for name in ("x" * 1000, "a\0b", "ü"):
        form = {"_csrf_token": token, "name": name, "text": "Hello!"}
        app.post("/sign", form, status=302)


def test_another_site_cannot_sign(app):
    app.post("/sign", {"name": "Eve", "text": "Spam"}, status=403)
    app.get("/sign?name=Eve&text=Spam", status=405)
    assert "no entries yet" in app.get("/")
