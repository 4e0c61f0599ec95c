"""The pages of the session tutorial."""


def test_the_pages_store_show_and_delete_a_value(app):
    assert "no session variable yet" in app.get("/getsession")
    assert "set to MVL" in app.get("/setsession")
    assert "retrieved MVL" in app.get("/getsession")
    assert "session deleted" in app.get("/deletesession")
    assert "no session variable yet" in app.get("/getsession")


def test_the_welcome_page_links_to_the_tutorial(app):
    assert "set to MVL" in app.get("/").click("/setsession")
