"""template.toml: what it may say, what its questions take, and mistakes named with file and line."""

from __future__ import annotations

import pytest

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.generate.answers import default_answer, given_answers
from gearbox_lite.generate.manifest import bundled, find, load

HEAD = 'name = "mine"\ndescription = "A template."\n'
QUESTION = HEAD + '\n[[questions]]\nname = "title"\n'
CHOICE = QUESTION + 'type = "choice"\n'


def write(folder, text):
    (folder / "template.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('name = "a"\ndescription = \n', 2, "this is not TOML: Invalid value"),
        ('name = "a"\nname = "b"\n', 2, "this is not TOML: Cannot overwrite a value"),
        ('name = "a', 1, "this is not TOML"),
        ('name = "a"\n', None, "description is missing"),
        ('name = 3\ndescription = "b"\n', 1, "name is not a text"),
        (HEAD + 'naem = "x"\n', 3, "there is no setting naem here; did you mean name?"),
        (HEAD + "\n[question]\nname = 1\n", 4, "there is no setting question here; did you mean questions?"),
        (HEAD + "\n[questions]\nname = 1\n", 4, "questions is not a list of tables; write [[questions]] above each"),
        (QUESTION, 4, 'type is missing; write type = "..."'),
        (QUESTION + 'type = "int"\n', 6, "there is no type 'int'; write one of str, bool, choice"),
        (QUESTION + 'type = "str"\nhlep = "x"\n', 7, "there is no setting hlep here; did you mean help?"),
        (QUESTION + 'type = "str"\ndefault = 3\n', 7, "this default of title cannot be used; write a text in quotes"),
        (QUESTION + 'type = "bool"\ndefault = "no"\n', 7, "write true or false"),
        (QUESTION + 'type = "str"\nchoices = ["a"]\n', 7, "a question of type str has no choices"),
        (CHOICE, 4, "choices is missing"),
        (CHOICE + "choices = []\n", 7, "choices is not a list of texts"),
        (CHOICE + 'choices = ["a"]\ndefault = "b"\n', 8, "this default of title cannot be used; write one of a"),
        (QUESTION.replace("title", "package") + 'type = "str"\n', 5, "a question cannot have the name 'package'"),
        (QUESTION.replace("title", "class") + 'type = "str"\n', 5, "a question cannot have the name 'class'"),
        (
            QUESTION + 'type = "str"\n[[questions]]\ntype = "str"\nname = "title"\n',
            9, "two questions have the name title",
        ),
        (HEAD + '[[leave_out]]\nwhen = "x"\n', 3, 'paths is missing; write paths = ["...", "..."]'),
        (HEAD + '[[leave_out]]\npaths = "x"\nwhen = "x"\n', 4, "paths is not a list of texts"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(tmp_path, text, line, reason):
    with pytest.raises(UserError) as raised:
        load(write(tmp_path, text))
    assert raised.value.code == 1
    assert raised.value.message.startswith(f"{tmp_path}/template.toml{f':{line}' if line else ''}: ")
    assert reason in raised.value.message


def test_a_file_that_is_not_utf8_or_a_link_is_refused(tmp_path):
    (tmp_path / "template.toml").write_bytes(b"name = 'x'\n\xff")
    with pytest.raises(UserError, match=r"template\.toml:2: this is not UTF-8"):
        load(tmp_path)
    (tmp_path / "template.toml").unlink()
    (tmp_path / "template.toml").symlink_to("/etc/hostname")
    with pytest.raises(UserError, match=r"template\.toml: a template cannot hold a symbolic link"):
        load(tmp_path)


def test_a_template_is_found_by_name_and_by_path(tmp_path):
    write(tmp_path, HEAD)
    assert find("turbogears") == bundled()["turbogears"]
    assert load(find(str(tmp_path))).name == "mine"
    for given, reason in (
        ("turbogear", "there is no template turbogear; did you mean turbogears?"),
        (str(tmp_path / "nowhere"), "choose from turbogears"),
        ("/etc", "/etc is not a template: it has no template.toml"),
        (str(tmp_path / "template.toml"), "is a file; write the path of the folder that has template.toml"),
        ("", "this is empty; write a folder's path, or choose from turbogears"),
    ):
        with pytest.raises(UserError) as raised:
            find(given)
        assert raised.value.code == 2
        assert raised.value.message.startswith("--template: ")
        assert reason in raised.value.message


def answered(folder, name, *values):
    template = load(write(folder, CHOICE + 'choices = ["red", "green"]\n[[questions]]\nname = "yes"\ntype = "bool"\n'))
    return given_answers(template, [Setting(name, value, Location("--set")) for value in values])


def test_answers_have_the_type_of_their_question(tmp_path):
    assert answered(tmp_path, "title", "red") == {"title": "red"}
    assert answered(tmp_path, "yes", "ON") == {"yes": True}
    assert answered(tmp_path, "yes", "0") == {"yes": False}


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("title", ["gren"], "--set: title = gren: this answer cannot be used; did you mean green?"),
        ("title", ["blue"], "choose from red, green"),
        ("yes", ["maybe"], "write true or false"),
        ("title", ["red", "red"], "this question is answered twice"),
        ("titel", ["red"], "template mine has no such question; did you mean title?"),
        ("xyz", ["red"], "it asks for title, yes"),
        ("title", ["r\udcff"], "this answer is not UTF-8"),
        ("package", ["red"], "--package sets the package's"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(tmp_path, name, values, reason):
    with pytest.raises(UserError) as raised:
        answered(tmp_path, name, *values)
    assert raised.value.code == 2
    assert reason in raised.value.message


def test_a_question_without_a_default_must_be_answered(tmp_path):
    template = load(write(tmp_path, CHOICE + 'choices = ["red", "green"]\n'))
    with pytest.raises(UserError, match="template mine asks for title; answer with --set title=red"):
        default_answer(template, template.questions[0])
