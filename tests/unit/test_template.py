"""Templates: rendered where they say so, copied byte for byte elsewhere, and faults named with file and line."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.generate.template import plan, template_folder

ANSWERS = {"project": "my-shop", "package": "my_shop"}


def make(folder, **files):
    for name, content in files.items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_files_and_folders_are_rendered_and_others_copied_byte_for_byte(tmp_path):
    template = make(
        tmp_path,
        **{
            "{{ package }}/__init__.py.j2": b'"""{{ project }}"""\n',
            "{{ package }}/page.jinja": b"{{ untouched }}\r\n\xff\x00",
        },
    )
    files = {file.path: file.content for file in plan(template, ANSWERS)}
    assert files == {
        PurePosixPath("my_shop/__init__.py"): b'"""my-shop"""\n',
        PurePosixPath("my_shop/page.jinja"): b"{{ untouched }}\r\n\xff\x00",
    }


def test_a_file_with_secrets_is_marked_and_no_two_are_equal(tmp_path):
    template = make(tmp_path, **{"a.ini.j2": b"{{ new_secret() }}\n{{ new_secret() }}", "b.j2": b"{{ project }}"})
    keys, plain = plan(template, ANSWERS)
    first, second = keys.content.decode().split("\n")
    assert keys.secret
    assert not plain.secret
    assert first != second
    assert len(first) == len(second) == 64


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"a\n\n{{ missing }}\n", 3, "missing"),
        (b"a\n{% if %}\n", 2, "Expected"),
        (b"{{ project.x.y }}", 1, "x"),
    ],
)
def test_a_broken_template_is_named_with_its_line(tmp_path, content, line, reason):
    template = make(tmp_path, **{"a/b.txt.j2": content})
    with pytest.raises(UserError, match=rf"b\.txt\.j2:{line}: .*{reason}") as raised:
        plan(template, ANSWERS)
    assert raised.value.code == 1


def test_the_projects_own_template_draws_two_different_keys_into_one_private_file():
    files = plan(template_folder("turbogears"), ANSWERS)
    assert [file.path.name for file in files if file.secret] == ["development.ini"]
