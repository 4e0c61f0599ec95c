"""Mistakes of people who write templates for quickstart: in template.toml, and in the files of tree/."""

from __future__ import annotations

from pathlib import Path

from mistakes.case import Case
from mistakes.edits import Edit, replaced, written

MANIFEST = """name = "note"
description = "A short note."

[[questions]]
name = "reader"
type = "str"
default = "world"
help = "Whom it greets"

[[questions]]
name = "postscript"
type = "bool"
default = false

[[leave_out]]
when = "not postscript"
paths = ["ps.txt"]
"""
FILES = {
    "note/template.toml": MANIFEST,
    "note/tree/{{ project }}.txt.j2": "Hello {{ reader }}!\n",
    "note/tree/ps.txt": "And goodbye.\n",
}


def template() -> Edit:
    """Write the template of docs/how-to/own-template.md."""

    def apply(project: Path) -> int:
        return max(written(file, text).apply(project) for file, text in FILES.items())

    return Edit("note/template.toml", "", apply)


CASES = (
    Case(
        "a name without quotes",
        (template(), replaced('name = "note"', "name = note", "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml:<line>: invalid TOML: Invalid value; a string needs quotes: name = "note"',
        exit_code=1,
    ),
    Case(
        "a description with only one quote",
        (template(), replaced('"A short note."', '"A short note.', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: invalid TOML: Illegal character '\\n'; close the string with \"",
        exit_code=1,
    ),
    Case(
        "a boolean with a capital",
        (template(), replaced("default = false", "default = False", "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: invalid TOML: Invalid value; write default = false",
        exit_code=1,
    ),
    Case(
        "yes as a boolean",
        (template(), replaced("default = false", "default = yes", "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: invalid TOML: Invalid value; write default = true",
        exit_code=1,
    ),
    Case(
        "a boolean in quotes as a default",
        (template(), replaced("default = false", 'default = "false"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: invalid default of postscript; write true or false",
        exit_code=1,
    ),
    Case(
        "null as a default",
        (template(), replaced('default = "world"', "default = null", "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml:<line>: invalid TOML: Invalid value; remove the line, or write default = ""',
        exit_code=1,
    ),
    Case(
        "a byte order mark",
        (template(), replaced('name = "note"', '\ufeffname = "note"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: the file begins with a byte order mark; save it as UTF-8 without BOM",
        exit_code=1,
    ),
    Case(
        "a hyphen in leave_out",
        (template(), replaced("[[leave_out]]", "[[leave-out]]", "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown setting leave-out; did you mean leave_out?",
        exit_code=1,
    ),
    Case(
        "single brackets around questions",
        (template(), replaced('[[questions]]\nname = "reader"', '[questions]\nname = "reader"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:10: invalid TOML: Cannot overwrite a value; write [[questions]], with two brackets, "
            "above each"
        ),
        exit_code=1,
    ),
    Case(
        "question instead of questions",
        (template(), replaced("[[questions]]", "[[question]]", "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown setting question; did you mean questions?",
        exit_code=1,
    ),
    Case(
        "variables instead of questions",
        (
            template(),
            replaced('[[questions]]\nname = "reader"', '[[variables]]\nname = "reader"', "note/template.toml"),
        ),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown setting variables; did you mean questions?",
        exit_code=1,
    ),
    Case(
        "a question named project",
        (template(), replaced('name = "reader"', 'name = "project"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:<line>: every template has project already, without a question; remove the question, "
            "or give it another name"
        ),
        exit_code=1,
    ),
    Case(
        "a question named package",
        (template(), replaced('name = "reader"', 'name = "package"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:<line>: every template has package already, without a question; remove the question, "
            "or give it another name"
        ),
        exit_code=1,
    ),
    Case(
        "a question named as a keyword",
        (template(), replaced('name = "reader"', 'name = "class"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:<line>: invalid question name 'class'; use letters, digits and _, but no keyword of "
            "Python"
        ),
        exit_code=1,
    ),
    Case(
        "a question with a hyphen",
        (template(), replaced('name = "reader"', 'name = "first-name"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:<line>: invalid question name 'first-name'; use letters, digits and _, but no "
            "keyword of Python"
        ),
        exit_code=1,
    ),
    Case(
        "two questions of one name",
        (template(), replaced('name = "postscript"', 'name = "reader"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: two questions have the name reader; rename one",
        exit_code=1,
    ),
    Case(
        "string as a type",
        (template(), replaced('type = "str"', 'type = "string"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown type 'string'; write type = \"str\"",
        exit_code=1,
    ),
    Case(
        "boolean as a type",
        (template(), replaced('type = "bool"', 'type = "boolean"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown type 'boolean'; write type = \"bool\"",
        exit_code=1,
    ),
    Case(
        "select as a type",
        (template(), replaced('type = "str"', 'type = "select"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown type 'select'; write type = \"choice\"",
        exit_code=1,
    ),
    Case(
        "a type without quotes",
        (template(), replaced('type = "bool"', "type = bool", "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml:<line>: invalid TOML: Invalid value; a string needs quotes: type = "bool"',
        exit_code=1,
    ),
    Case(
        "options instead of choices",
        (
            template(),
            replaced(
                'type = "str"\ndefault = "world"',
                'type = "choice"\noptions = ["world"]\ndefault = "world"',
                "note/template.toml",
            ),
        ),
        command="quickstart letter --template ./note",
        error="note/template.toml:7: unknown setting options; did you mean choices?",
        exit_code=1,
    ),
    Case(
        "choices as a string",
        (template(), replaced('type = "str"', 'type = "choice"\nchoices = "world, moon"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml:7: choices is not a list of strings; write choices = ["...", "..."]',
        exit_code=1,
    ),
    Case(
        "choices without a type",
        (template(), replaced('type = "str"', 'type = "str"\nchoices = ["world", "moon"]', "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml:7: a question of type str has no choices; write type = "choice"',
        exit_code=1,
    ),
    Case(
        "a default that is no choice",
        (template(), replaced('type = "str"', 'type = "choice"\nchoices = ["moon", "sun"]', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:8: invalid default of reader; write one of moon, sun",
        exit_code=1,
    ),
    Case(
        "prompt instead of help",
        (template(), replaced('help = "Whom', 'prompt = "Whom', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown setting prompt; did you mean help?",
        exit_code=1,
    ),
    Case(
        "a type that is missing",
        (template(), replaced('type = "str"\n', "", "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml:4: type is missing; write type = "..."',
        exit_code=1,
    ),
    Case(
        "a name that is missing",
        (template(), replaced('name = "note"\n', "", "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml: name is missing; write name = "..."',
        exit_code=1,
    ),
    Case(
        "a description that is missing",
        (template(), replaced('description = "A short note."\n', "", "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml: description is missing; write description = "..."',
        exit_code=1,
    ),
    Case(
        "an unknown setting",
        (template(), replaced('name = "note"', 'name = "note"\nversion = "1.0"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:2: unknown setting version; choose from name, description, questions, leave_out",
        exit_code=1,
    ),
    Case(
        "braces around a condition",
        (template(), replaced('when = "not postscript"', 'when = "{{ not postscript }}"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:<line>: when = '{{ not postscript }}' has braces; write the expression alone: when = "
            '"not postscript"'
        ),
        exit_code=1,
    ),
    Case(
        "a statement as a condition",
        (template(), replaced('when = "not postscript"', 'when = "{% if not postscript %}"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:<line>: when = '{% if not postscript %}' has braces; write the expression alone: "
            'when = "not postscript"'
        ),
        exit_code=1,
    ),
    Case(
        "a misspelled question in a condition",
        (template(), replaced('when = "not postscript"', 'when = "not postscirpt"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:<line>: when = 'not postscirpt' failed: 'postscirpt' is undefined; did you mean "
            "postscript?"
        ),
        exit_code=1,
    ),
    Case(
        "an operator of another language",
        (template(), replaced('when = "not postscript"', 'when = "!postscript"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:<line>: when = '!postscript' failed: unexpected char '!' at 0; write not, and, or, "
            "as in Python"
        ),
        exit_code=1,
    ),
    Case(
        "if instead of when",
        (template(), replaced('when = "not postscript"', 'if = "not postscript"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown setting if; did you mean when?",
        exit_code=1,
    ),
    Case(
        "files instead of paths",
        (template(), replaced('paths = ["ps.txt"]', 'files = ["ps.txt"]', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: unknown setting files; did you mean paths?",
        exit_code=1,
    ),
    Case(
        "a path instead of a list of paths",
        (template(), replaced('paths = ["ps.txt"]', 'paths = "ps.txt"', "note/template.toml")),
        command="quickstart letter --template ./note",
        error='note/template.toml:<line>: paths is not a list of strings; write paths = ["...", "..."]',
        exit_code=1,
    ),
    Case(
        "a path with the folder tree",
        (template(), replaced('paths = ["ps.txt"]', 'paths = ["tree/ps.txt"]', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:16: no file in the tree matches 'tree/ps.txt', which this leaves out; paths begin "
            "inside tree/: ps.txt"
        ),
        exit_code=1,
    ),
    Case(
        "a path that matches nothing",
        (template(), replaced('paths = ["ps.txt"]', 'paths = ["pps.txt"]', "note/template.toml")),
        command="quickstart letter --template ./note",
        error=(
            "note/template.toml:16: no file in the tree matches 'pps.txt', which this leaves out; did you mean ps.txt?"
        ),
        exit_code=1,
    ),
    Case(
        "a tab in a description",
        (template(), replaced('"A short note."', '"A short\\tnote."', "note/template.toml")),
        command="quickstart letter --template ./note",
        error="note/template.toml:<line>: description has a control character or a line break; remove it",
        exit_code=1,
    ),
    Case(
        "a misspelled question in a file",
        (template(), replaced("{{ reader }}", "{{ raeder }}", "note/tree/{{ project }}.txt.j2")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/{{ project }}.txt.j2:<line>: this template failed to render: 'raeder' is undefined; did you "
            "mean reader?"
        ),
        exit_code=1,
    ),
    Case(
        "a misspelled filter in a file",
        (template(), replaced("{{ reader }}", "{{ reader|capitalise }}", "note/tree/{{ project }}.txt.j2")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/{{ project }}.txt.j2:<line>: this template failed to render: No filter named 'capitalise'; "
            "did you mean capitalize?"
        ),
        exit_code=1,
    ),
    Case(
        "a brace that is not closed",
        (template(), replaced("{{ reader }}", "{{ reader }", "note/tree/{{ project }}.txt.j2")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/{{ project }}.txt.j2:<line>: this template failed to render: unexpected '}'; fix the template"
        ),
        exit_code=1,
    ),
    Case(
        "a block that is not closed",
        (template(), replaced("Hello {{ reader }}!", "{% if reader %}Hello", "note/tree/{{ project }}.txt.j2")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/{{ project }}.txt.j2:<line>: this template failed to render: Unexpected end of template. "
            "Jinja was looking for the following tags: 'elif' or 'else' or 'endif'. The innermost block that needs "
            "to be closed is 'if'; fix the template"
        ),
        exit_code=1,
    ),
    Case(
        "new_secret without parentheses",
        (template(), replaced("{{ reader }}", "{{ new_secret }}", "note/tree/{{ project }}.txt.j2")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/{{ project }}.txt.j2:<line>: this template failed to render: new_secret is a function; write "
            "new_secret()"
        ),
        exit_code=1,
    ),
    Case(
        "a function that jinja does not have",
        (template(), replaced("{{ reader }}", "{{ now() }}", "note/tree/{{ project }}.txt.j2")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/{{ project }}.txt.j2:<line>: this template failed to render: 'now' is undefined; its "
            "variables are reader, postscript, project, package"
        ),
        exit_code=1,
    ),
    Case(
        "Cookiecutter's variables",
        (template(), replaced("{{ reader }}", "{{ cookiecutter.reader }}", "note/tree/{{ project }}.txt.j2")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/{{ project }}.txt.j2:<line>: this template failed to render: 'cookiecutter' is undefined; its "
            "variables are reader, postscript, project, package"
        ),
        exit_code=1,
    ),
    Case(
        "an included file that is missing",
        (template(), replaced("{{ reader }}", "{% include 'head.txt' %}", "note/tree/{{ project }}.txt.j2")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/{{ project }}.txt.j2:<line>: this template failed to render: there is no head.txt in the "
            "tree; fix the template"
        ),
        exit_code=1,
    ),
    Case(
        "a variable in a copied file",
        (template(), replaced("And goodbye.", "And goodbye, {{ reader }}.", "note/tree/ps.txt")),
        command="quickstart letter --template ./note --set postscript=true --dry-run",
        warnings=(
            (
                "note/tree/ps.txt:<line>: {{ reader }} is copied as it is, since only files whose names end in .j2 are "
                "rendered; rename the file to ps.txt.j2"
            ),
        ),
    ),
    Case(
        "the ending .jinja2",
        (template(), written("note/tree/more.txt.jinja2", "Dear {{ reader }}\n")),
        command="quickstart letter --template ./note --dry-run",
        warnings=(
            (
                "note/tree/more.txt.jinja2:<line>: {{ reader }} is copied as it is, since only files whose names end in "
                ".j2 are rendered; rename the file to more.txt.j2"
            ),
        ),
    ),
    Case(
        "a folder that leaves the project",
        (template(), written("note/tree/{{ reader }}/a.txt", "a")),
        command="quickstart letter --template ./note --set reader=..",
        error=(
            "note/tree/{{ reader }}/a.txt: its rendered path '../a.txt' leaves the project; rename it, or change the "
            "answer"
        ),
        exit_code=1,
    ),
    Case(
        "a file name that Windows does not have",
        (template(), written("note/tree/con.txt", "a")),
        command="quickstart letter --template ./note",
        error=(
            "note/tree/con.txt: its rendered path 'con.txt' has the component 'con.txt', which is a device on "
            "Windows; rename it"
        ),
        exit_code=1,
    ),
    Case(
        "two files of one name",
        (template(), written("note/tree/PS.txt", "a")),
        command="quickstart letter --template ./note --set postscript=true",
        error="note/tree/ps.txt: its path ps.txt collides with PS.txt; fix the template",
        exit_code=1,
    ),
    Case(
        "the manifest's folder instead of the template's",
        (template(), written("note/tree/a.txt", "a")),
        command="quickstart letter --template ./note/tree",
        error=(
            "--template: ./note/tree is not a template: it has no template.toml; add one with a name and a "
            "description, and put the files into tree/"
        ),
    ),
    Case(
        "the manifest instead of its folder",
        (template(), written("note/tree/a.txt", "a")),
        command="quickstart letter --template note/template.toml",
        error="--template: note/template.toml is a file; write the path of the folder that contains template.toml",
    ),
    Case(
        "an answer of the wrong type",
        (template(), written("note/tree/a.txt", "a")),
        command="quickstart letter --template ./note --set postscript=perhaps",
        error="--set: postscript = perhaps: invalid answer; write true or false",
    ),
    Case(
        "an answer to no question",
        (template(), written("note/tree/a.txt", "a")),
        command="quickstart letter --template ./note --set raeder=you",
        error="--set: raeder = you: template note has no such question; did you mean reader?",
    ),
    Case(
        "an answer to a question that is known anyway",
        (template(), written("note/tree/a.txt", "a")),
        command="quickstart letter --template ./note --set project=you",
        error=(
            "--set: project = you: template note has no such question; the first argument sets the project's name, "
            "--package the package's"
        ),
    ),
    Case(
        "a default that is missing",
        (template(), replaced('default = "world"\n', "", "note/template.toml")),
        command="quickstart letter --template ./note",
        error="template note needs an answer to reader; add --set reader=VALUE",
    ),
    Case(
        "serving a template without an ini",
        (template(), written("note/tree/a.txt", "a")),
        command="quickstart letter --template ./note --serve",
        error="--serve: template note has no development.ini; remove --serve",
    ),
)
