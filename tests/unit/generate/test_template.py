"""Rendering templates: which files are rendered, copied or excluded, and errors with file and line."""

from __future__ import annotations

import os
import socket
from pathlib import PurePosixPath

import pytest

from gearbox_lite.errors import UserError
from gearbox_lite.generate.manifest import bundled_templates, load_template
from gearbox_lite.generate.template import render_files

ANSWERS = {"project": "my-shop", "package": "my_shop"}
DEFAULTS = {**ANSWERS, "session": "cookie", "encrypt": False, "minimal": False, "database": False}
MANIFEST = 'name = "mine"\ndescription = "A template."\n'


def make(folder, manifest="", **files):
    (folder / "template.toml").write_text(MANIFEST + manifest)
    for name, content in files.items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return load_template(folder)


def refused(template, answers=ANSWERS):
    with pytest.raises(UserError) as raised:
        render_files(template, answers)
    assert raised.value.code == 1
    assert "\n" not in raised.value.message
    return raised.value.message


def test_j2_files_and_all_names_are_rendered_and_other_files_copied(tmp_path):
    template = make(
        tmp_path,
        **{
            "{{ package }}/__init__.py.j2": b'"""{{ project }}"""\n',
            "{{ package }}/page.jinja": b"{{ untouched }}\r\n\xff\x00",
        },
    )
    files = {file.path: file.content for file in render_files(template, ANSWERS)}
    assert files == {
        PurePosixPath("my_shop/__init__.py"): b'"""my-shop"""\n',
        PurePosixPath("my_shop/page.jinja"): b"{{ untouched }}\r\n\xff\x00",
    }


def test_a_file_with_secrets_is_marked_and_each_secret_is_different(tmp_path):
    template = make(tmp_path, **{"a.ini.j2": b"{{ new_secret() }}\n{{ new_secret() }}", "b.j2": b"{{ project }}"})
    keys, plain = render_files(template, ANSWERS)
    first, second = keys.content.decode().split("\n")
    assert keys.secret
    assert not plain.secret
    assert first != second
    assert len(first) == len(second) == 64


def test_an_executable_file_stays_executable(tmp_path):
    template = make(tmp_path, **{"run": b"x", "start.j2": b"x", "text": b"x"})
    for name in ("run", "start.j2"):
        (template.tree / name).chmod(0o755)
    assert [(str(file.path), file.executable) for file in render_files(template, ANSWERS)] == [
        ("run", True), ("start", True), ("text", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"a\n\n{{ missing }}\n", 3, "'missing' is undefined"),
        (b"a\n{% if %}\n", 2, "Expected"),
        (b"{{ project.x.y }}", 1, "'str object' has no attribute 'x'"),
        (b"\n{{ 1 // 0 }}", 2, "ZeroDivisionError"),
        (b"\n{{ project + 1 }}", 2, "TypeError"),
        (b"\n{{ project.__class__.__mro__ }}", 2, "access to attribute '__class__' of 'str' object is unsafe"),
        (b"{{ new_secret.__init__ }}", 1, "unsafe"),
        (b"{% include '../../template.toml' %}", 1, "there is no ../../template.toml in the tree"),
        (b"{% include '/etc/passwd' %}", 1, "there is no /etc/passwd in the tree"),
        (b"{% for i in range(10**9) %}{% endfor %}", 1, "OverflowError"),
        (b"ok\n\xff", 2, "this is not UTF-8"),
    ],
)
def test_an_error_in_a_template_is_reported_with_file_and_line(tmp_path, content, line, reason):
    message = refused(make(tmp_path, **{"a/b.txt.j2": content}))
    assert message.startswith(f"{tmp_path}/tree/a/b.txt.j2:{line}: ")
    assert reason in message


def test_an_error_in_an_included_file_is_reported_in_that_file(tmp_path):
    template = make(tmp_path, **{"a.j2": b"{% include 'part.j2' %}", "part.j2": b"\n\n{{ missing }}"})
    assert refused(template).startswith(f"{tmp_path}/tree/part.j2:3: ")


@pytest.mark.parametrize("when", ["small", "small and kind == 'a'", "kind in ['a']"])
def test_an_answer_excludes_files_folders_and_globs(tmp_path, when):
    template = make(
        tmp_path,
        f'[[leave_out]]\nwhen = "{when}"\npaths = ["{{{{ package }}}}/public", "*.md", "one.txt.j2"]\n',
        **{"{{ package }}/public/a/b.css": b"", "{{ package }}/x.py": b"", "c.md": b"", "one.txt.j2": b"", "d": b""},
    )
    small = render_files(template, {**ANSWERS, "small": True, "kind": "a"})
    assert [str(file.path) for file in small] == ["d", "my_shop/x.py"]
    whole = render_files(template, {**ANSWERS, "small": False, "kind": "b"})
    assert len(whole) == 5


@pytest.mark.parametrize(
    ("when", "paths", "reason"),
    [
        ("missing", "a", "when = 'missing' failed: 'missing' is undefined"),
        ("1 +", "a", "when = '1 +' failed"),
        ("project.__class__", "a", "unsafe"),
        ("false", "b", "no file in the tree matches 'b', which this leaves out"),
    ],
)
def test_an_invalid_exclusion_is_reported_with_its_line(tmp_path, when, paths, reason):
    template = make(tmp_path, f'\n[[leave_out]]\nwhen = "{when}"\npaths = ["{paths}"]\n', a=b"")
    message = refused(template)
    assert message.startswith(f"{tmp_path}/template.toml:5: ")
    assert reason in message


@pytest.mark.parametrize("name", ["{{ missing }}", "{% if %}", "{{ package.__class__ }}"])
def test_a_name_that_fails_to_render_is_reported(tmp_path, name):
    assert f"tree/{name}: its name failed to render: " in refused(make(tmp_path, **{name: b""}))


@pytest.mark.parametrize("answer", ["..", "../up", "/etc", "a//b", "", ".git", "CON.txt", "a\nb", "a\\b", "end."])
def test_an_invalid_rendered_path_is_refused(tmp_path, answer):
    template = make(tmp_path, **{"sub/{{ word }}/x": b""})
    assert "its rendered path" in refused(template, {**ANSWERS, "word": answer})


def test_an_answer_may_contain_folders(tmp_path):
    (file,) = render_files(make(tmp_path, **{"{{ word }}/x": b""}), {**ANSWERS, "word": "src/deep"})
    assert str(file.path) == "src/deep/x"


def test_files_that_collide_are_refused_even_if_only_the_case_differs(tmp_path):
    pairs = [("a.j2", "a"), ("{{ package }}", "my_shop"), ("Read", "READ"), ("A/x", "a/y"), ("x", "X/y"), ("é", "É")]
    for number, (first, second) in enumerate(pairs):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert "collides with" in refused(make(folder, **{first: b"", second: b""}))


def test_links_and_special_files_are_refused(tmp_path):
    def with_entry(number, make_entry):
        folder = tmp_path / str(number)
        folder.mkdir()
        template = make(folder, **{"sub/a": b""})
        make_entry(template.tree / "sub" / "odd")
        return refused(template)

    def make_socket(path):
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(os.path.relpath(path))

    for number, target in enumerate(["a", "/etc/passwd", "/etc", "nowhere"]):
        message = with_entry(number, lambda path, target=target: path.symlink_to(target))
        assert "sub/odd: a template cannot contain a symbolic link" in message
    assert "a template cannot contain a device or pipe" in with_entry("pipe", os.mkfifo)
    assert "a template cannot contain a device or pipe" in with_entry("socket", make_socket)


def test_a_tree_that_is_missing_empty_or_a_link_is_refused(tmp_path):
    template = make(tmp_path)
    assert "this template has no folder tree" in refused(template)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tree").symlink_to("elsewhere")
    assert "cannot contain a symbolic link" in refused(template)
    (tmp_path / "tree").unlink()
    (tmp_path / "tree").mkdir()
    assert "this template has no files" in refused(template)


def test_our_own_template_has_secrets_in_private_files_only():
    files = render_files(load_template(bundled_templates()["turbogears"]), DEFAULTS)
    assert [file.path.name for file in files if file.secret] == ["development.ini", "test.ini"]
