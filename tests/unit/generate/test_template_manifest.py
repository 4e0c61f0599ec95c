"""template.toml: its settings and questions, and errors reported with file and line."""

from __future__ import annotations

import pytest

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.generate.answers import default_answer, given_answers
from gearbox_lite.generate.manifest import bundled_templates, find_template, load_template

HEAD = 'name = "mine"\ndescription = "A template."\n'
QUESTION = HEAD + '\n[[questions]]\nname = "title"\n'
CHOICE = QUESTION + 'type = "choice"\n'


def write(folder, text):
    (folder / "template.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('name = "a"\ndescription = \n', 2, "invalid TOML: Invalid value"),
        ('name = "a"\nname = "b"\n', 2, "invalid TOML: Cannot overwrite a value"),
        ('name = "a', 1, "invalid TOML"),
        ('name = "a"\n', None, "description is missing"),
        ('name = 3\ndescription = "b"\n', 1, "name is not a string"),
        (HEAD + 'naem = "x"\n', 3, "unknown setting naem; did you mean name?"),
        (HEAD + "\n[question]\nname = 1\n", 4, "unknown setting question; did you mean questions?"),
        (HEAD + "\n[questions]\nname = 1\n", 4, "questions is not a list of tables; write [[questions]] above each"),
        (QUESTION, 4, 'type is missing; write type = "..."'),
        (QUESTION + 'type = "int"\n', 6, "unknown type 'int'; write type = \"str\""),
        (QUESTION + 'type = "xyz"\n', 6, "unknown type 'xyz'; choose from str, bool, choice"),
        (QUESTION + 'type = "str"\nhlep = "x"\n', 7, "unknown setting hlep; did you mean help?"),
        (QUESTION + 'type = "str"\ndefault = 3\n', 7, "invalid default of title; write a string in quotes"),
        (QUESTION + 'type = "bool"\ndefault = "no"\n', 7, "write true or false"),
        (QUESTION + 'type = "str"\nchoices = ["a"]\n', 7, "a question of type str has no choices"),
        (CHOICE, 4, "choices is missing"),
        (CHOICE + "choices = []\n", 7, "choices is not a list of strings"),
        (CHOICE + 'choices = ["a"]\ndefault = "b"\n', 8, "invalid default of title; write one of a"),
        (QUESTION.replace("title", "package") + 'type = "str"\n', 5, "every template has package already"),
        (QUESTION.replace("title", "class") + 'type = "str"\n', 5, "invalid question name 'class'"),
        (
            QUESTION + 'type = "str"\n[[questions]]\ntype = "str"\nname = "title"\n',
            9, "two questions have the name title",
        ),
        (HEAD + '[[leave_out]]\nwhen = "x"\n', 3, 'paths is missing; write paths = ["...", "..."]'),
        (HEAD + '[[leave_out]]\npaths = "x"\nwhen = "x"\n', 4, "paths is not a list of strings"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_with_file_and_line(tmp_path, text, line, reason):
    with pytest.raises(UserError) as raised:
        load_template(write(tmp_path, text))
    assert raised.value.code == 1
    assert raised.value.message.startswith(f"{tmp_path}/template.toml{f':{line}' if line else ''}: ")
    assert reason in raised.value.message


def test_a_file_that_is_not_utf8_or_a_link_is_refused(tmp_path):
    (tmp_path / "template.toml").write_bytes(b"name = 'x'\n\xff")
    with pytest.raises(UserError, match=r"template\.toml:2: this is not UTF-8"):
        load_template(tmp_path)
    (tmp_path / "template.toml").unlink()
    (tmp_path / "template.toml").symlink_to("/etc/hostname")
    with pytest.raises(UserError, match=r"template\.toml: a template cannot contain a symbolic link"):
        load_template(tmp_path)


def test_a_template_is_found_by_name_and_by_path(tmp_path):
    write(tmp_path, HEAD)
    assert find_template("turbogears") == bundled_templates()["turbogears"]
    assert load_template(find_template(str(tmp_path))).name == "mine"
    for given, reason in (
        ("turbogear", "there is no template turbogear; did you mean turbogears?"),
        (str(tmp_path / "nowhere"), "choose from turbogears"),
        ("/etc", "/etc is not a template: it has no template.toml"),
        (str(tmp_path / "template.toml"), "is a file; write the path of the folder that contains template.toml"),
        ("", "the value is empty; write a folder's path, or choose from turbogears"),
    ):
        with pytest.raises(UserError) as raised:
            find_template(given)
        assert raised.value.code == 2
        assert raised.value.message.startswith("--template: ")
        assert reason in raised.value.message


def answered(folder, name, *values):
    template = load_template(
        write(folder, CHOICE + 'choices = ["red", "green"]\n[[questions]]\nname = "yes"\ntype = "bool"\n')
    )
    return given_answers(template, [Setting(name, value, Location("--set")) for value in values])


def test_answers_are_converted_to_the_type_of_their_question(tmp_path):
    assert answered(tmp_path, "title", "red") == {"title": "red"}
    assert answered(tmp_path, "yes", "ON") == {"yes": True}
    assert answered(tmp_path, "yes", "0") == {"yes": False}


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("title", ["gren"], "--set: title = gren: invalid answer; did you mean green?"),
        ("title", ["blue"], "choose from red, green"),
        ("yes", ["maybe"], "write true or false"),
        ("title", ["red", "red"], "this question is answered twice"),
        ("titel", ["red"], "template mine has no such question; did you mean title?"),
        ("xyz", ["red"], "its questions are: title, yes"),
        ("title", ["r\udcff"], "this answer is not valid UTF-8"),
        ("package", ["red"], "--package the package's"),
    ],
)
def test_an_invalid_answer_is_refused(tmp_path, name, values, reason):
    with pytest.raises(UserError) as raised:
        answered(tmp_path, name, *values)
    assert raised.value.code == 2
    assert reason in raised.value.message


def test_a_question_without_a_default_must_be_answered(tmp_path):
    template = load_template(write(tmp_path, CHOICE + 'choices = ["red", "green"]\n'))
    with pytest.raises(UserError, match="template mine needs an answer to title; add --set title=red"):
        default_answer(template, template.questions[0])
